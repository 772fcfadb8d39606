"""The tick pipeline against a real Redis: hash, frames, outages, a second publisher."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import orjson
import pytest
import redis
from redis.client import PubSub

from apps.accounts.patches import patched
from apps.lib import redis as store
from apps.marketdata.pipeline import Pipeline
from apps.marketdata.selectors import quotes_frame, quotes_snapshot
from ibkr.types import DataKindChanged, PriceKind, QuoteField, Tick
from tests.portal import eventually
from tests.redis_server import PrivateRedis, private_redis, restore_quotes, stored_quotes

START = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
LONG = 3600_000


def bid(value: object, *, con_id: int = 1, at: datetime = START) -> Tick:
    return Tick(con_id, QuoteField.BID, Decimal(str(value)), PriceKind.LIVE, at)


class Page:
    """What a browser does with the frames of one topic."""

    def __init__(self, client: redis.Redis, slug: str) -> None:
        self.frames: list[dict[str, Any]] = []
        self.state: dict[str, Any] = {}
        self.gaps = 0
        self._last = 0
        self._pubsub = PubSub(client.connection_pool, ignore_subscribe_messages=True)
        self._pubsub.subscribe(store.channel_quotes(slug))
        self._pubsub.get_message(timeout=1)

    def read(self) -> dict[str, Any]:
        while message := self._pubsub.get_message(timeout=0.05):
            frame = orjson.loads(message["data"])
            self.frames.append(frame)
            self.gaps += frame["type"] == "event" and frame["from"] != self._last + 1
            before = self.state if frame["type"] == "event" else {}
            self.state = patched(before, frame["data"])
            self._last = frame["seq"]
        return self.state

    def close(self) -> None:
        self._pubsub.close()


Start = Callable[..., Pipeline]


@pytest.fixture
def slug() -> str:
    return f"t{uuid4().hex[:12]}"


@pytest.fixture
def page(slug: str) -> Iterator[Page]:
    made = Page(store.client(), slug)
    yield made
    made.close()


@pytest.fixture
def start(slug: str) -> Iterator[Start]:
    made: list[Pipeline] = []

    def start(
        flush_ms: int = 5,
        at: datetime = START,
        connect: Callable[[], redis.Redis] = store.client,
    ) -> Pipeline:
        pipeline = Pipeline(slug, connect, flush_ms=flush_ms, now=lambda: at)
        pipeline.start()
        made.append(pipeline)
        return pipeline

    yield start
    for pipeline in made:
        pipeline.stop()


def alive(slug: str) -> bool:
    return bool(store.client().exists(store.QUOTES_ALIVE.format(slug=slug)))


def test_ticks_reach_the_hash_and_the_pages_and_both_agree(
    slug: str, page: Page, start: Start
) -> None:
    pipeline = start()
    for price in range(100, 400):
        pipeline.put(bid(price, con_id=price % 7))
    pipeline.put(bid("1.5", con_id=99))

    eventually(lambda: "99" in page.read(), within=30, what="the last tick on the page")
    seq, state = quotes_snapshot(slug)
    assert page.state == state
    assert state["0"]["bid"] == "399"
    assert seq == page.frames[-1]["seq"]
    assert page.gaps == 0


def test_the_frame_is_the_state_without_decoding_it(slug: str, page: Page, start: Start) -> None:
    start().put(bid(5))
    eventually(lambda: "1" in page.read(), within=30, what="the tick")

    raw = stored_quotes(store.client(), slug)
    for living in (True, False):
        seq, text = quotes_frame(slug, raw, alive=living)
        frame = orjson.loads(text)
        assert frame == {"type": "snapshot", "topic": f"quotes:{slug}", "seq": seq} | {
            "data": frame["data"]
        }
        assert frame["data"]["1"].get("stale", False) is not living


def test_the_first_change_goes_out_at_once_and_the_next_waits_for_the_interval(
    page: Page, start: Start
) -> None:
    pipeline = start(flush_ms=LONG)
    eventually(lambda: page.read() or page.frames, within=30, what="the empty snapshot")
    pipeline.put(bid(1))
    eventually(lambda: "1" in page.read(), within=30, what="the leading edge")
    for price in range(2, 50):
        pipeline.put(bid(price))

    assert page.read()["1"]["bid"] == "1"
    pipeline.stop()
    assert page.read()["1"]["bid"] == "49"


def test_what_an_earlier_process_left_is_replaced(slug: str, page: Page, start: Start) -> None:
    first = start()
    first.put(bid(10))
    eventually(lambda: "1" in page.read(), within=30, what="the first price")
    first.stop()
    start(at=START - timedelta(days=1))  # even when the clock has gone back

    eventually(lambda: page.read() == {}, within=30, what="an empty state")
    assert quotes_snapshot(slug)[1] == {}
    assert [frame["seq"] for frame in page.frames] == sorted(
        {frame["seq"] for frame in page.frames}
    )


def test_stopping_leaves_the_last_values_marked_stale(slug: str, page: Page, start: Start) -> None:
    pipeline = start()
    pipeline.put(bid(10))
    eventually(lambda: "1" in page.read(), within=30, what="the price")
    pipeline.stop()

    quote = page.read()["1"]
    assert (quote["bid"], quote["stale"], quote["kind"]) == ("10", True, "missing")
    assert quotes_snapshot(slug)[1] == page.state
    assert not alive(slug)
    assert not pipeline.alive


def test_quotes_of_a_gateway_that_died_are_stale(slug: str, page: Page, start: Start) -> None:
    start().put(bid(10))
    eventually(lambda: "1" in page.read(), within=30, what="the price")
    dead = f"{slug}-dead"
    restore_quotes(store.client(), dead, stored_quotes(store.client(), slug))

    quote = quotes_snapshot(dead)[1]["1"]
    assert (quote["bid"], quote["stale"], quote["kind"]) == ("10", True, "missing")


def test_the_proof_of_life_outlasts_quiet_markets(slug: str, start: Start) -> None:
    start()
    eventually(lambda: alive(slug), within=30, what="the proof of life")
    key = store.QUOTES_ALIVE.format(slug=slug)
    store.client().pexpire(key, 500)

    eventually(lambda: int(store.client().pttl(key)) > 8000, within=30, what="a renewal")


def test_a_forgotten_instrument_leaves_the_hash(slug: str, page: Page, start: Start) -> None:
    pipeline = start()
    pipeline.put(bid(10, con_id=1))
    pipeline.put(bid(20, con_id=2))
    eventually(lambda: set(page.read()) == {"1", "2"}, within=30, what="two instruments")
    pipeline.forget([1])

    eventually(lambda: set(page.read()) == {"2"}, within=30, what="one instrument")
    assert set(quotes_snapshot(slug)[1]) == {"2"}
    assert pipeline.last_tick_at(1) is None


def test_the_time_of_the_newest_tick_is_known_at_once(start: Start) -> None:
    pipeline = start(flush_ms=LONG)
    pipeline.put(bid(10, at=START))
    pipeline.put(bid(10, at=START + timedelta(seconds=3)))
    pipeline.put(DataKindChanged(7, PriceKind.DELAYED))

    assert pipeline.last_tick_at(1) == START + timedelta(seconds=3)
    assert pipeline.last_tick_at(7) is None


def test_a_second_publisher_ends_the_first(slug: str, page: Page, start: Start) -> None:
    first = start()
    first.put(bid(10))
    eventually(lambda: "1" in page.read(), within=30, what="the price of the first")
    second = start(at=START + timedelta(hours=1))
    second.put(bid(20, con_id=2))

    eventually(lambda: "2" in page.read(), within=30, what="the price of the second")
    first.put(bid(11))
    eventually(lambda: not first.alive, within=30, what="the first to stop")
    second.put(bid(21, con_id=2))
    eventually(
        lambda: quotes_snapshot(slug)[1].get("2", {}).get("bid") == "21",
        within=30,
        what="the second to go on",
    )
    eventually(lambda: set(quotes_snapshot(slug)[1]) == {"2"}, within=30, what="only its quotes")


@pytest.fixture
def private() -> Iterator[PrivateRedis]:
    with private_redis() as server:
        yield server


def connector(url: str) -> Callable[[], redis.Redis]:
    return lambda: redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


def quotes(client: redis.Redis, slug: str) -> dict[str, Any]:
    try:
        raw = stored_quotes(client, slug)
    except redis.RedisError:
        return {}
    return {key.decode(): orjson.loads(value) for key, value in raw.items()}


def test_an_outage_holds_up_no_tick_and_loses_no_newest_value(
    slug: str, start: Start, private: PrivateRedis
) -> None:
    client = connector(private.url)()
    pipeline = start(connect=connector(private.url))
    pipeline.put(bid(1))
    eventually(lambda: "1" in quotes(client, slug), within=30, what="the price before the outage")
    private.stop()
    slow = 0
    for price in range(2, 20_000):
        before = time.perf_counter()
        pipeline.put(bid(price, con_id=price % 50))
        slow += time.perf_counter() - before > 0.5
    private.start()

    eventually(lambda: len(quotes(client, slug)) == 51, within=30, what="the whole state again")
    state = quotes(client, slug)
    assert {state[str(n % 50)]["bid"] for n in range(19_950, 20_000)} == {
        str(n) for n in range(19_950, 20_000)
    }
    assert slow <= 3, "a busy machine may hold up a few, an outage would hold up all"
    client.close()


def test_a_redis_that_restarts_empty_between_two_flushes_gets_everything_again(
    slug: str, start: Start, private: PrivateRedis
) -> None:
    client = connector(private.url)()
    pipeline = start(connect=connector(private.url))
    pipeline.put(bid(1, con_id=1))
    eventually(lambda: "1" in quotes(client, slug), within=30, what="the quiet instrument")
    client.flushall()
    pipeline.put(bid(2, con_id=2))

    eventually(lambda: {"1", "2"} <= set(quotes(client, slug)), within=30, what="both instruments")
    client.close()


def test_a_pipeline_started_while_redis_is_away_catches_up(
    slug: str, start: Start, private: PrivateRedis
) -> None:
    private.stop()
    pipeline = start(connect=connector(private.url))
    threading.Thread(target=pipeline.put, args=(bid(3),)).start()
    private.start()
    client = connector(private.url)()

    eventually(lambda: "1" in quotes(client, slug), within=30, what="the price")
    client.close()


def test_portals_on_two_databases_of_one_server_have_channels_of_their_own(settings: Any) -> None:
    settings.REDIS_DATABASE = "1"
    first = store.channel_quotes("demo")
    settings.REDIS_DATABASE = "2"
    assert store.channel_quotes("demo") != first
