"""Events that a process sends on a thread of its own: each told, what repeats told once."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from apps.lib import realtime
from tests.portal import eventually


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, Any]]]:
    found: list[tuple[str, Any]] = []

    def send(topic: str, data: Any) -> None:
        found.append((topic, data() if callable(data) else data))

    monkeypatch.setattr(realtime, "_send", send)
    realtime.publish_aside()
    yield found
    realtime.publish_at_once()


def put(topic: str, data: Any, key: str = "") -> None:
    """Without a transaction, and so without a database."""
    realtime._outbox.put(topic, data, key)  # what publish does on commit


def test_of_changes_of_one_order_that_wait_the_newest_rows_are_told_once(
    sent: list[tuple[str, Any]],
) -> None:
    rows = {"state": "claimed"}
    put("orders:1", lambda: dict(rows), "order 7")
    rows["state"] = "filled"
    put("orders:1", lambda: dict(rows), "order 7")
    realtime.publish_at_once()
    assert sent[-1] == ("orders:1", {"state": "filled"})
    assert len(sent) <= 2


def test_other_orders_topics_and_plain_events_are_told_each(sent: list[tuple[str, Any]]) -> None:
    for number in range(3):
        put("orders:1", {"n": number})
        put("orders:1", lambda n=number: {"order": n}, f"order {number}")
    put("orders:2", dict, "order 1")
    eventually(lambda: len(sent) == 7, within=30, what="all events")
    assert [data for topic, data in sent if data.get("n") is not None] == [
        {"n": 0},
        {"n": 1},
        {"n": 2},
    ]


def test_one_event_that_cannot_be_made_takes_no_other_with_it(sent: list[tuple[str, Any]]) -> None:
    def broken() -> dict[str, Any]:
        raise LookupError("the row is gone")

    put("orders:1", broken, "order 1")
    put("orders:1", {"n": 1})
    eventually(lambda: sent == [("orders:1", {"n": 1})], within=30, what="the second event")


def test_who_publishes_does_not_wait(sent: list[tuple[str, Any]]) -> None:
    goes_on = threading.Event()

    def slow() -> dict[str, Any]:
        goes_on.wait(30)
        return {}

    put("orders:1", slow, "order 1")
    put("orders:1", {"n": 1})
    assert sent == []
    goes_on.set()
    eventually(lambda: len(sent) == 2, within=30, what="both events")
