"""The WebSocket under a real server: who may follow what, and that pages stay right."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db.backends.utils import CursorWrapper
from websockets.exceptions import ConnectionClosed, InvalidStatus

from apps.accounts.services.access import grant_revoke
from apps.lib import clock, realtime
from apps.lib import redis as store
from apps.marketdata.pipeline import Pipeline
from apps.marketdata.selectors import quotes_snapshot
from ibkr.types import PriceKind, QuoteField, Tick
from tests.portal import eventually
from tests.redis_server import restore_quotes, stored_quotes
from tests.stack.stream.conftest import Person
from tests.stack.stream.live import Browser

Browse = Callable[..., Browser]


def price(value: object, *, con_id: int = 1) -> Tick:
    return Tick(con_id, QuoteField.LAST, Decimal(str(value)), PriceKind.LIVE, clock.now())


def last_of(con_id: int, value: object) -> Callable[[Any], bool]:
    return lambda state: state.get(str(con_id), {}).get("last") == str(value)


def code_of(browser: Browser) -> int:
    """The code the server closes with; reads what comes before."""
    with pytest.raises(ConnectionClosed) as closed:
        browser.until(lambda _: False)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def test_nobody_gets_in_without_a_login(browse: Browse) -> None:
    assert code_of(browse()) == 4401


def test_a_page_of_another_site_gets_no_socket(browse: Browse, alice: Person) -> None:
    with pytest.raises(InvalidStatus) as refused:
        browse(alice, origin="https://evil.example")
    assert refused.value.response.status_code == 403


def test_the_snapshot_and_the_events_are_a_fresh_snapshot(
    browse: Browse, alice: Person, pipeline: Pipeline
) -> None:
    pipeline.put(price(1))
    page = browse(alice)
    page.send("subscribe", alice.quotes)
    page.until_state(alice.quotes, last_of(1, 1))
    for number in range(2, 500):
        pipeline.put(price(number, con_id=number % 20))
    pipeline.put(price("0.25", con_id=77))
    state = page.until_state(alice.quotes, last_of(77, "0.25"))
    page.send("snapshot", alice.quotes)
    page.until(lambda frame: frame["type"] == "snapshot")

    assert page.states[alice.quotes] == state == quotes_snapshot(alice.connection.slug)[1]
    assert page.gaps == 0
    assert "event" in page.types(alice.quotes)


def test_bob_sees_neither_the_account_nor_the_quotes_of_alice(
    browse: Browse, alice: Person, bob: Person
) -> None:
    page = browse(bob)
    foreign = (alice.topic, alice.quotes, "accounts:x", "accounts:999999")
    page.send("subscribe", *foreign, bob.topic)
    page.until(lambda frame: frame["type"] == "snapshot" and frame["topic"] == bob.topic)

    errors = {frame["topic"]: frame["code"] for frame in page.frames if frame["type"] == "error"}
    assert errors == dict.fromkeys(foreign, "not_allowed")
    assert alice.topic not in page.states


def test_an_account_event_follows_the_snapshot_of_the_account(
    browse: Browse, alice: Person
) -> None:
    page = browse(alice)
    page.send("subscribe", alice.topic)
    first = page.until(lambda frame: frame["type"] == "snapshot")
    realtime.publish(alice.topic, {"card": {"total_cash": "12.50"}})
    event = page.until(lambda frame: frame["type"] == "event")

    assert first["data"]["card"]["id"] == alice.account.pk
    assert (event["from"], event["seq"]) == (first["seq"] + 1, first["seq"] + 1)
    assert page.states[alice.topic]["card"]["total_cash"] == "12.50"


def test_no_message_after_the_snapshot_asks_the_database(
    browse: Browse, alice: Person, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = browse(alice)
    page.send("subscribe", alice.quotes, alice.topic)
    page.until(lambda _: {alice.quotes, alice.topic} <= set(page.states))
    asked: list[str] = []
    execute = CursorWrapper.execute

    def counted(self: CursorWrapper, sql: str, params: Any = None) -> Any:
        asked.append(sql)
        return execute(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", counted)
    for number in range(1, 200):
        pipeline.put(price(number))
        if number % 20 == 0:
            realtime.publish(alice.topic, {"card": {"total_cash": str(number)}})
    page.until(lambda _: page.states[alice.topic]["card"].get("total_cash") == "180")
    page.until_state(alice.quotes, last_of(1, 199))

    assert asked == []
    alice.user.refresh_from_db()
    assert asked, "the counter works"


def test_an_event_that_was_lost_is_made_up_for_without_being_asked(
    browse: Browse, alice: Person
) -> None:
    page = browse(alice)
    page.send("subscribe", alice.topic)
    first = page.until(lambda frame: frame["type"] == "snapshot")
    store.client().incr(store.SEQUENCE.format(topic=alice.topic))

    again = page.until(lambda frame: frame["type"] == "snapshot", within=30)
    assert again["seq"] == first["seq"] + 1


def test_after_unsubscribing_no_event_comes(
    browse: Browse, alice: Person, pipeline: Pipeline
) -> None:
    page = browse(alice)
    page.send("subscribe", alice.quotes, alice.topic)
    page.until(lambda _: {alice.quotes, alice.topic} <= set(page.states))
    page.send("unsubscribe", alice.quotes)
    page.send("snapshot", alice.quotes)
    assert page.until(lambda frame: frame["type"] == "error")["code"] == "not_allowed"
    count = len(page.types(alice.quotes))
    pipeline.put(price(5))
    realtime.publish(alice.topic, {"card": {"total_cash": "1"}})
    page.until(lambda frame: frame["type"] == "event" and frame["topic"] == alice.topic)

    assert len(page.types(alice.quotes)) == count


def test_nonsense_is_answered_with_an_error_and_a_lot_of_it_with_a_close(
    browse: Browse, alice: Person
) -> None:
    page = browse(alice)
    page.send("subscribe", "nothing:at-all")
    assert page.read()["code"] == "not_found"
    for text in ("{", "[]", '{"op": []}', '{"op": "subscribe", "topics": "x"}'):
        page.socket.send(text)
        assert page.read()["code"] == "malformed"
    page.socket.send(b"\x00")

    assert code_of(page) == 4400


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ibportal.hub.hub.BEAT_EVERY", 0.1)


def test_the_page_hears_that_the_portal_is_alive(
    beats: None, browse: Browse, alice: Person
) -> None:
    assert browse(alice).read()["type"] == "beat"


def test_prices_of_a_gateway_that_was_killed_turn_stale(
    browse: Browse, alice: Person, pipeline: Pipeline
) -> None:
    pipeline.put(price(5))
    page = browse(alice)
    page.send("subscribe", alice.quotes)
    page.until_state(alice.quotes, last_of(1, 5))
    # What is left by a process that dies: everything but its proof of life, which runs out.
    slug, left = alice.connection.slug, store.client()
    raw = stored_quotes(left, slug)
    pipeline.stop()
    restore_quotes(left, slug, raw)
    alive = store.QUOTES_ALIVE.format(slug=slug)
    left.set(alive, raw[b"seq"])
    eventually(lambda: _quotes_now(page, alice)["1"].get("stale") is None, within=30, what="life")
    left.pexpire(alive, 300)

    state = page.until_state(alice.quotes, lambda state: "stale" in state["1"])
    assert (state["1"]["last"], state["1"]["kind"]) == ("5", "missing")


def _quotes_now(page: Browser, person: Person) -> Any:
    page.send("snapshot", person.quotes)
    return page.until(lambda frame: frame["type"] == "snapshot")["data"]


def test_the_page_learns_that_a_gateway_worker_has_gone_and_come_back(
    browse: Browse, alice: Person
) -> None:
    slug = alice.connection.slug
    lease = store.LEASE.format(name=f"connection:{slug}")
    store.client().set(lease, b'{"holder":"test","token":1}', px=600_000)
    page = browse(alice)
    page.send("subscribe", "connections")
    page.until_state("connections", lambda state: state[slug]["worker"])
    store.client().delete(lease)
    state = page.until_state("connections", lambda state: not state[slug]["worker"])
    assert state[slug]["state"] == "disconnected"
    store.client().set(lease, b'{"holder":"test","token":2}', px=600_000)

    page.until_state("connections", lambda state: state[slug]["worker"])
    store.client().delete(lease)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ibportal.stream.RECHECK_EVERY", 0.2)


def test_a_logout_ends_the_stream(often: None, browse: Browse, alice: Person) -> None:
    page = browse(alice)
    page.send("subscribe", alice.topic)
    page.until(lambda frame: frame["type"] == "snapshot")
    alice.user.set_password("another-long-password")
    alice.user.save()

    assert code_of(page) == 4401


def test_a_withdrawn_grant_ends_its_topics(
    often: None, browse: Browse, alice: Person, pipeline: Pipeline
) -> None:
    page = browse(alice)
    page.send("subscribe", alice.topic, alice.quotes, "connections")
    page.until(lambda _: {alice.quotes, alice.topic} <= set(page.states))
    grant_revoke(user=alice.user, account=alice.account)
    refused = {page.until(lambda frame: frame["type"] == "error")["topic"] for _ in range(2)}
    count = len(page.types(alice.quotes))
    pipeline.put(price(7))
    page.send("snapshot", "connections")
    page.until(lambda frame: frame["type"] == "snapshot" and frame["topic"] == "connections")

    assert refused == {alice.topic, alice.quotes}
    assert len(page.types(alice.quotes)) == count
