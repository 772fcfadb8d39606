"""The ordered thread between broker and database: order kept, outages waited out."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import OperationalError

from ibkr.port import BrokerEvent
from ibkr.types import AccountValue, LinkChanged, LinkState, OrderStatus, PositionPnL
from ibportal.gateway import inbox as module
from ibportal.gateway import wiring
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


class Record(list[BrokerEvent]):
    """What was written, in order; `away` is how often the database refuses."""

    def __init__(self, away: int = 0) -> None:
        super().__init__()
        self.away = away
        self.batches = 0

    def write(self, events: Sequence[BrokerEvent]) -> None:
        self.batches += 1
        if self.away:
            self.away -= 1
            raise OperationalError("the server is gone")
        self += events


LINK = LinkChanged(LinkState.READY, AT, "", "")


def pnl(con_id: int, daily: int, account: str = "DU1") -> PositionPnL:
    return PositionPnL(account, con_id, Decimal(1), Decimal(daily), None, None, None)


def status(order_id: int) -> OrderStatus:
    return OrderStatus(
        order_id=order_id,
        client_id=1,
        perm_id=order_id,
        parent_id=0,
        status="Submitted",
        filled=Decimal(0),
        remaining=Decimal(1),
        average_fill_price=None,
        last_fill_price=None,
        why_held="",
    )


def inbox_of(record: Record) -> Inbox:
    return Inbox(record.write, lambda: None, figure=wiring.figure, free=wiring.free)


def test_news_of_orders_are_written_while_figures_gather(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GATHER", 60.0)
    record = Record()
    inbox = inbox_of(record)
    inbox.put(LINK)
    inbox.put(pnl(1, 0))
    inbox.start()
    eventually(lambda: len(record) == 2, within=5, what="the first figure")
    for number in range(5):
        inbox.put(pnl(1, number))
        inbox.put(pnl(2, number))
        inbox.put(status(number))
    eventually(lambda: len(record) >= 7, within=5, what="news of orders")
    assert record[2:] == [status(number) for number in range(5)]
    inbox.stop()
    assert record[7:] == [pnl(1, 4), pnl(2, 4)]


def test_of_figures_about_one_thing_only_the_newest_is_written() -> None:
    record = Record()
    inbox = inbox_of(record)
    values = [
        AccountValue("DU1", "Cash", str(n), currency)
        for n in range(100)
        for currency in ("USD", "HKD")
    ]
    for number, value in enumerate(values):
        inbox.put(value)
        inbox.put(pnl(number % 3, number, f"DU{number % 2}"))
    inbox.start()
    eventually(lambda: len(record) == 2 + 6, within=5, what="the newest figures")
    inbox.stop()
    assert record.batches == 1
    assert [e for e in record if isinstance(e, AccountValue)] == values[-2:]
    pnls = [e for e in record if isinstance(e, PositionPnL)]
    assert {e.daily for e in pnls} == {Decimal(n) for n in range(194, 200)}


def test_what_does_not_change_places_has_earlier_figures_written_first() -> None:
    record = Record()
    inbox = inbox_of(record)
    for event in (pnl(1, 1), status(1), LINK, pnl(1, 2), status(2), pnl(1, 3)):
        inbox.put(event)
    inbox.start()
    inbox.stop()
    assert record == [status(1), pnl(1, 1), LINK, status(2), pnl(1, 3)]


def test_figures_survive_an_outage_and_the_end_of_the_process() -> None:
    record = Record(away=3)
    inbox = inbox_of(record)
    inbox.put(pnl(1, 1))
    inbox.start()
    eventually(lambda: record.away == 0, within=5, what="the database to be back")
    inbox.put(pnl(2, 1))
    inbox.put(status(1))
    inbox.put(pnl(3, 1))
    inbox.stop()
    assert sorted(e.con_id for e in record if isinstance(e, PositionPnL)) == [1, 2, 3]


def test_figures_that_replace_each_other_fill_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CAPACITY", 50)
    asked: list[bool] = []
    inbox = Inbox(Book().write, lambda: asked.append(True), figure=wiring.figure, free=wiring.free)
    for number in range(500):
        inbox.put(pnl(number % 50, number))
    assert asked == []
    inbox.put(status(1))
    assert asked == [True]
