"""Publishes frames of twenty quotes, through Redis as the gateway does or to a Channels group."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import orjson
from channels.layers import get_channel_layer

from apps.lib import clock
from apps.lib import redis as store
from apps.marketdata.pipeline.publish import Publisher

QUOTES = 20
REST_MS = 120_000


class Feed:
    """Both ways carry the same bytes; a frame has about three kilobytes."""

    def __init__(self, slug: str) -> None:
        self._slug = slug
        self._topic = f"quotes:{slug}"
        self._publisher = Publisher(slug, store.client(), clock.now())
        self._publisher.replace({})
        self._alive = store.QUOTES_ALIVE.format(slug=slug)
        self._seq = int(store.client().get(self._alive) or 0)
        self.rest()
        self._began, self._group_seq = self._seq, 0
        self._loop = asyncio.new_event_loop()
        self._at = 1_775_484_000_000

    def through_redis(self) -> int:
        """The number of the frame."""
        patch = self._patch()
        self._publisher.update(patch, patch)
        self._seq += 1
        return self._seq

    def rest(self) -> None:
        """Keeps the quotes alive while it is another server's turn."""
        store.client().pexpire(self._alive, REST_MS)

    def to_group(self, *, finished: bool) -> int:
        """As data for each consumer to encode, or as finished text."""
        self._group_seq += 1
        seq = self._group_seq + self._began
        event = {"type": "event", "topic": self._topic, "from": seq, "seq": seq}
        event["data"] = self._patch()
        body = {"text": orjson.dumps(event).decode()} if finished else {"message": event}
        message = {"type": "quotes", **body}
        self._loop.run_until_complete(get_channel_layer().group_send(self._slug, message))
        return seq

    def _patch(self) -> dict[str, Any]:
        self._at += 50
        quote = {"bid": "187.25", "ask": "187.27", "last": "187.26", "bid_size": "1200"}
        rest = {"ask_size": "900", "last_size": "100", "volume": "4519200", "kind": "live"}
        return {str(265_598 + n): {**quote, **rest, "at": self._at} for n in range(QUOTES)}


def paced(publish: Callable[[], int], seconds: float, per_second: int) -> dict[int, float]:
    """When each frame was handed over, by its number."""
    sent_at, began = {}, time.perf_counter()
    for number in range(round(seconds * per_second)):
        time.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        at = time.perf_counter()
        sent_at[publish()] = at
    return sent_at
