"""Slow browsers, lost frames and a Redis that goes away: pages catch up and hold up nobody."""

import socket
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from channels.layers import channel_layers
from django.test import override_settings

from apps.lib import clock, realtime
from apps.lib import redis as store
from apps.marketdata.pipeline import Pipeline
from apps.marketdata.selectors import quotes_snapshot
from ibkr.types import PriceKind, QuoteField, Tick
from tests.portal import eventually
from tests.redis_server import PrivateRedis, private_redis
from tests.stack.stream.conftest import Person
from tests.stack.stream.live import Browser, Frame, Server, cookie_of, served

Browse = Callable[..., Browser]
INSTRUMENTS = 200


def price(value: object, *, con_id: int = 1) -> Tick:
    return Tick(con_id, QuoteField.LAST, Decimal(str(value)), PriceKind.LIVE, clock.now())


def narrow(port: int) -> socket.socket:
    """A connection with small buffers, so that a browser that does not read is felt soon."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.connect(("127.0.0.1", port))
    return made


def test_a_slow_browser_catches_up_by_snapshot_and_a_fast_one_misses_nothing(
    server: Server, browse: Browse, alice: Person, pipeline: Pipeline
) -> None:
    fast = browse(alice)
    slow = browse(alice, sock=narrow(server.port), max_queue=1)
    for page in (fast, slow):
        page.send("subscribe", alice.quotes)
        page.until_state(alice.quotes, lambda _: True)
    flushes = 0
    for flushes in range(1, 400):
        for con_id in range(INSTRUMENTS):
            pipeline.put(price(flushes, con_id=con_id))
        fast.until_state(alice.quotes, _all(flushes))
    assert fast.gaps == 0
    assert len(fast.types(alice.quotes)) >= flushes

    slow.until_state(alice.quotes, _all(flushes), within=30)
    assert slow.types(alice.quotes).count("snapshot") >= 2
    assert len(slow.types(alice.quotes)) < len(fast.types(alice.quotes))
    assert slow.states[alice.quotes] == fast.states[alice.quotes]


def _all(value: int) -> Callable[[Any], bool]:
    return lambda state: (
        len(state) == INSTRUMENTS and all(quote["last"] == str(value) for quote in state.values())
    )


def test_a_page_sees_a_gap_and_its_snapshot_closes_it(
    browse: Browse, alice: Person, pipeline: Pipeline
) -> None:
    page = browse(alice)
    page.send("subscribe", alice.quotes)
    first = page.until(lambda frame: frame["type"] == "snapshot")
    channel = store.channel_quotes(alice.connection.slug)
    ahead = first["seq"] + 5
    store.client().publish(
        channel,
        f'{{"type":"event","topic":"{alice.quotes}","from":{ahead},"seq":{ahead},"data":{{}}}}',
    )
    page.until(lambda frame: frame["type"] == "event")
    assert page.gaps == 1
    page.send("snapshot", alice.quotes)

    again = page.until(lambda frame: frame["type"] == "snapshot")
    assert again["seq"] == first["seq"]


def test_a_gateway_that_starts_again_gives_every_page_a_new_snapshot(
    browse: Browse, alice: Person, pipeline: Pipeline
) -> None:
    pipeline.put(price(1))
    page = browse(alice)
    page.send("subscribe", alice.quotes)
    page.until_state(alice.quotes, lambda state: "1" in state)
    pipeline.stop()
    page.until_state(alice.quotes, lambda state: "stale" in state["1"])
    second = alice.pipeline()
    second.start()
    page.until_state(alice.quotes, lambda state: state == {})
    second.put(price(2))

    state = page.until_state(alice.quotes, lambda state: "1" in state)
    assert (state["1"]["last"], "stale" in state["1"]) == ("2", False)
    second.stop()


@pytest.fixture
def private(transactional_db: None) -> Iterator[PrivateRedis]:
    """The whole process on a Redis of its own."""
    with private_redis() as server:
        layers = {
            "default": {
                "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
                "CONFIG": {"hosts": [server.url], "prefix": "ibportal"},
            }
        }
        with override_settings(REDIS_URL=server.url, CHANNEL_LAYERS=layers):
            store.client.cache_clear()
            channel_layers.backends = {}
            yield server
        store.client().close()
        store.client.cache_clear()
        channel_layers.backends = {}


@pytest.fixture
def page(private: PrivateRedis, alice: Person) -> Iterator[Browser]:
    """Alice's browser at a server on the private Redis."""
    with served() as server:
        made = Browser(server.port, cookie_of(alice.user))
        yield made
        made.close()


@pytest.fixture
def streaming(private: PrivateRedis, alice: Person) -> Iterator[Pipeline]:
    """Alice's quotes on the private Redis."""
    made = alice.pipeline()
    made.start()
    yield made
    made.stop()


def test_after_redis_restarts_empty_prices_and_events_flow_again(
    private: PrivateRedis, alice: Person, page: Browser, streaming: Pipeline
) -> None:
    page.send("subscribe", alice.quotes, alice.topic, "connections")
    streaming.put(price(1))
    page.until_state(alice.quotes, lambda state: "1" in state)
    page.until_state(alice.topic, lambda state: "card" in state)
    for number in range(5):
        realtime.publish(alice.topic, {"card": {"total_cash": str(number)}})
    page.until_state(alice.topic, lambda state: state["card"].get("total_cash") == "4")
    private.stop()
    error = page.until(_unavailable(alice.quotes))
    assert "Redis" in error["message"]
    streaming.put(price(2))
    private.start()
    state = page.until_state(alice.quotes, _fresh("2"), within=30)
    assert state == quotes_snapshot(alice.connection.slug)[1]
    _publish_until_heard(page, alice.topic)


def test_a_page_that_comes_while_redis_is_away_is_served_when_it_is_back(
    private: PrivateRedis, alice: Person, page: Browser, streaming: Pipeline
) -> None:
    private.stop()
    page.send("subscribe", alice.quotes, alice.topic)
    private.start()
    streaming.put(price(3))

    page.until_state(alice.quotes, _fresh("3"), within=30)
    page.until_state(alice.topic, lambda state: "card" in state, within=30)


def _fresh(value: str) -> Callable[[Any], bool]:
    return lambda state: state.get("1", {}).get("last") == value and "stale" not in state["1"]


def _unavailable(topic: str) -> Callable[[Frame], bool]:
    return lambda frame: frame.get("code") == "unavailable" and frame["topic"] == topic


def _publish_until_heard(page: Browser, topic: str) -> None:
    """The channel layer needs a moment to come back; the number it lost is made up for."""
    realtime.publish(topic, {"card": {"total_cash": "77"}})
    key = store.SEQUENCE.format(topic=topic)
    number = eventually(lambda: store.client().get(key), within=30, what="a number")
    page.until(lambda _: page.last[topic] == int(number or 0), within=30)
