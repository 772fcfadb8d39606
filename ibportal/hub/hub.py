"""The hub of one event loop: who follows what, one Redis subscription, beats and watches."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from weakref import WeakKeyDictionary

from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from apps.lib import clock
from ibportal.hub import frames
from ibportal.hub.followers import Followers
from ibportal.hub.links import TOPIC as CONNECTIONS
from ibportal.hub.links import Links
from ibportal.hub.outbox import Outbox, Snapshot
from ibportal.hub.quotes import PREFIX, Quotes
from ibportal.hub.watch import Watch

log = logging.getLogger(__name__)

BEAT_EVERY = 5.0
LOOK_EVERY = 1.0


class Hub:
    """Topics nobody follows cost nothing."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(
            url,
            socket_timeout=5,
            socket_connect_timeout=5,
            socket_keepalive=True,
            retry=Retry(NoBackoff(), 0),  # a silent reconnect would hide lost frames
        )
        self._followers = Followers()
        self._quotes = Quotes(self._redis, self._followers, self._connected)
        self._links = Links(self._followers)
        self._watch = Watch(self._redis, self._followers, self._quotes)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        work = (
            self._quotes.listen(),
            _every(BEAT_EVERY, self._beat),
            _every(LOOK_EVERY, self._look),
        )
        self._tasks = [asyncio.create_task(each) for each in work]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._redis.aclose()

    def enter(self, outbox: Outbox) -> None:
        """The outbox gets beats from now on."""
        self._followers.everyone.add(outbox)

    async def quit(self, outbox: Outbox) -> None:
        for topic in self._followers.remove_all(outbox):
            await self._unfollow(topic)

    async def join(self, topic: str, outbox: Outbox) -> None:
        """The outbox takes every event from now on and wants the snapshot they build on."""
        self._followers.add(topic, outbox)
        if not topic.startswith(PREFIX) or await self._quotes.follow(topic):
            outbox.want(topic)

    async def leave(self, topic: str, outbox: Outbox) -> None:
        if self._followers.remove(topic, outbox):
            await self._unfollow(topic)

    async def snapshot(self, topic: str) -> Snapshot | None:
        """The state of a topic that the hub itself carries; None for all others."""
        if topic == CONNECTIONS:
            return await self._links.snapshot()
        if topic.startswith(PREFIX):
            return await self._quotes.snapshot(topic)
        return None

    async def _unfollow(self, topic: str) -> None:
        if topic.startswith(PREFIX):
            await self._quotes.unfollow(topic)

    def _connected(self) -> None:
        """Redis may have been away: events of the topics that come another way may be lost too."""
        for topic in self._followers:
            if not topic.startswith(PREFIX):
                self._followers.resync(topic)

    async def _beat(self) -> None:
        self._followers.beat(frames.beat(clock.now()))

    async def _look(self) -> None:
        if CONNECTIONS in self._followers:
            await self._links.look()
        await self._watch.look()


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception:
            # One bad look must not end the watch over all the pages of this process.
            log.exception("%s failed; it runs again", work)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def current() -> Hub:
    """The hub of the running event loop, started when it is first asked for."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub(settings.REDIS_URL)
        _hubs[loop].start()
    return _hubs[loop]


async def close() -> None:
    """Ends the hub of the running event loop, if there is one."""
    hub = _hubs.pop(asyncio.get_running_loop(), None)
    if hub is not None:
        await hub.stop()
