"""The ordered thread between broker and database: order kept, outages waited out."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from django.db import OperationalError

from ibkr.port import BrokerEvent
from ibkr.types import AccountValue
from ibportal.gateway import inbox as module
from ibportal.gateway.inbox import Inbox
from tests.portal import eventually

AT = datetime(2026, 1, 5, tzinfo=UTC)


def event(number: int) -> AccountValue:
    return AccountValue("DU1", "Tag", str(number), "USD")


class Book:
    """Stands where the database is; `away` is how often it refuses."""

    def __init__(self, away: int = 0, poison: str = "") -> None:
        self.away = away
        self.poison = poison
        self.seen: list[str] = []

    def write(self, events: Sequence[BrokerEvent]) -> None:
        if self.away:
            self.away -= 1
            raise OperationalError("the server is gone")
        values = [e.value for e in events if isinstance(e, AccountValue)]
        if self.poison in values:
            raise ValueError(self.poison)
        self.seen += values


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_WAIT", 0.01)


def test_everything_arrives_in_order() -> None:
    book = Book()
    inbox = Inbox(book.write, lambda: None)
    inbox.start()
    for number in range(3000):
        inbox.put(event(number))
    inbox.stop()
    assert book.seen == [str(number) for number in range(3000)]


def test_a_database_outage_loses_nothing() -> None:
    book = Book(away=5)
    inbox = Inbox(book.write, lambda: None)
    for number in range(10):
        inbox.put(event(number))
    inbox.start()
    eventually(lambda: len(book.seen) == 10, within=5, what="all events after the outage")
    inbox.stop()
    assert book.seen == [str(number) for number in range(10)]


def test_one_event_that_cannot_be_written_takes_no_other_with_it() -> None:
    book = Book(poison="4")
    inbox = Inbox(book.write, lambda: None)
    for number in range(8):
        inbox.put(event(number))
    inbox.start()
    inbox.stop()
    assert book.seen == ["0", "1", "2", "3", "5", "6", "7"]


def test_an_overflow_asks_for_a_fresh_start_and_never_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CAPACITY", 50)
    asked: list[bool] = []
    inbox = Inbox(Book().write, lambda: asked.append(True))
    for number in range(51):
        inbox.put(event(number))
    assert asked == [True]
