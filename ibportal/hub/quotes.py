"""The quotes side of the hub: one Redis subscription for all slugs, one snapshot for all pages."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import redis
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from apps.lib import redis as store
from apps.lib.errors import Unavailable
from apps.marketdata.selectors import quotes_frame
from ibportal.hub import frames
from ibportal.hub.followers import Followers
from ibportal.hub.outbox import Snapshot

log = logging.getLogger(__name__)

PREFIX = "quotes:"
CHANNELS = store.channel_quotes("")
IDLE = "ibportal:hub"
"""Always subscribed, so that the connection exists before the first browser asks for quotes."""
BACKOFF_FIRST, BACKOFF_LAST = 0.1, 5.0
CACHE_FOR = 1.0
"""Seconds that one reading of Redis serves everyone who is behind, if nothing newer came."""
LOST = Unavailable("Redis does not answer: prices stand still for the moment.")


class Quotes:
    """Outboxes want their snapshot when Redis has confirmed the subscription, not before."""

    def __init__(
        self, client: "Redis", followers: Followers, on_connected: Callable[[], None]
    ) -> None:
        self._redis = client
        self._followers = followers
        self._on_connected = on_connected
        self._pubsub: PubSub | None = None
        self._confirmed: set[str] = set()
        self._cache: dict[str, tuple[float, int, str]] = {}
        self._reading = asyncio.Lock()

    async def follow(self, topic: str) -> bool:
        """Whether the subscription stands already; else its confirmation will resync the topic."""
        if topic in self._confirmed:
            return True
        if self._pubsub is not None:
            with suppress(redis.RedisError, OSError):  # the listener sees it too and starts over
                await self._pubsub.subscribe(_channel(topic))
        return False

    async def unfollow(self, topic: str) -> None:
        self._cache.pop(topic, None)
        self._confirmed.discard(topic)
        if self._pubsub is not None:
            with suppress(redis.RedisError, OSError):
                await self._pubsub.unsubscribe(_channel(topic))

    async def snapshot(self, topic: str) -> Snapshot:
        """The state of one `quotes:<slug>`; raises Unavailable while Redis is away."""
        async with self._reading:
            now = asyncio.get_running_loop().time()
            newest = self._followers.newest.get(topic, 0)
            until, seq, text = self._cache.get(topic, (0.0, 0, ""))
            if now > until or seq < newest:
                seq, text = await self._read(topic.removeprefix(PREFIX))
                self._cache[topic] = (now + CACHE_FOR, seq, text)
            return seq, text

    def resync(self, topic: str) -> None:
        self._cache.pop(topic, None)
        self._followers.resync(topic)

    async def listen(self) -> None:
        """Hears until cancelled, with growing pauses while Redis is away."""
        delay = 0.0
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await self._open(pubsub)
                    delay = 0.0
                    while True:
                        self._hear(await pubsub.get_message(timeout=1.0))
            except (redis.RedisError, OSError) as error:
                if not delay:
                    self._lost(error)
                delay = min(max(BACKOFF_FIRST, delay * 2), BACKOFF_LAST)
            finally:
                self._pubsub = None
                self._confirmed.clear()
            await asyncio.sleep(delay)

    async def _open(self, pubsub: PubSub) -> None:
        await pubsub.subscribe(IDLE)
        # From here on `follow` subscribes by itself; what it could not is made up for.
        self._pubsub = pubsub
        topics = [topic for topic in self._followers if topic.startswith(PREFIX)]
        if topics:
            await pubsub.subscribe(*map(_channel, topics))

    def _hear(self, message: dict[str, Any] | None) -> None:
        if message is None:
            return
        kind, channel = message["type"], message["channel"].decode()
        if kind == "subscribe" and channel == IDLE:
            self._on_connected()
        elif kind == "subscribe":
            self._confirm(PREFIX + channel.removeprefix(CHANNELS))
        elif kind == "message" and channel != IDLE:
            frame: bytes = message["data"]
            topic = PREFIX + channel.removeprefix(CHANNELS)
            self._followers.offer(topic, frames.seq_of(frame), frame.decode())

    def _confirm(self, topic: str) -> None:
        if topic in self._followers:
            self._confirmed.add(topic)
            self.resync(topic)

    def _lost(self, error: Exception) -> None:
        log.warning("the subscription to quotes is lost: %s", error)
        for topic in self._followers:
            if topic.startswith(PREFIX):
                self._followers.note(topic, frames.error(topic, LOST))

    async def _read(self, slug: str) -> Snapshot:
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.hgetall(store.QUOTES.format(slug=slug))
                pipe.exists(store.QUOTES_ALIVE.format(slug=slug))
                raw, alive = await pipe.execute()
        except (redis.RedisError, OSError) as error:
            raise LOST from error
        return quotes_frame(slug, raw, alive=bool(alive))


def _channel(topic: str) -> str:
    return CHANNELS + topic.removeprefix(PREFIX)
