"""Publish low-rate events to browsers on commit, each with the topic's next sequence number."""

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
from channels.layers import get_channel_layer
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import DatabaseError, close_old_connections, connections, transaction

from apps.lib import redis as store

log = logging.getLogger(__name__)
User = AbstractBaseUser | AnonymousUser
Data = dict[str, Any] | Callable[[], dict[str, Any]]

SEND_WITHIN = 10.0
END_WITHIN = 2.0
TOGETHER = 0.01
"""Seconds that an event sent aside waits for others about the same."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A family of topics, `prefix` or `prefix:key`; state is a JSON object, events patch it.

    Events are JSON merge patches (RFC 7396): snapshot plus events equals a fresh snapshot.
    """

    prefix: str
    allowed: Callable[[User, str], bool]
    snapshot: Callable[[User, str], dict[str, Any]]


def group_name(topic: str) -> str:
    """Channels group of a topic: group names allow no colon."""
    return "topic." + topic.replace(":", ".")


def sequence(topic: str) -> int:
    """The number of the topic's newest event; read it before taking a snapshot."""
    return int(store.client().get(store.SEQUENCE.format(topic=topic)) or 0)


def publish(topic: str, data: Data, *, key: str = "") -> None:
    """Sends an event after commit. A page that misses it sees a gap and asks for a snapshot.

    `data` must be JSON as is: strings, numbers, booleans, None, lists, dicts. Rows that several
    processes change are given as a function that reads them: it is called after the event has its
    number, so the event with the highest number knows of every commit before it. `key` names what
    such a function is about: of several that wait, one tells everything.
    """
    transaction.on_commit(lambda: _outbox.put(topic, data, key))


class _AtOnce:
    def put(self, topic: str, data: Data, key: str) -> None:  # noqa: ARG002  # nothing waits here
        _send(topic, data)


class _Aside:
    """Sends on a thread of its own: who wrote the rows has more urgent things to do.

    What waits when the process dies is lost like a message that Redis lost: pages catch up with
    the topic's next event, which then skips a number, or with their next snapshot.
    """

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], tuple[str, Data]] = {}
        self._changed = threading.Condition()
        self._ends = False
        self._unnamed = 0
        self._thread = threading.Thread(target=self._run, name="publish", daemon=True)
        self._thread.start()

    def put(self, topic: str, data: Data, key: str) -> None:
        with self._changed:
            if not key:
                self._unnamed += 1
                key = f"#{self._unnamed}"
            self._waiting.setdefault((topic, key), (topic, data))
            self._changed.notify()

    def end(self, timeout: float = END_WITHIN) -> None:
        with self._changed:
            self._ends = True
            self._changed.notify()
        self._thread.join(timeout)

    def _run(self) -> None:
        while (told := self._next()) is not None:
            close_old_connections()
            try:
                _send(*told)
            except Exception:
                # One event that cannot be made must not take the later ones with it.
                log.exception("event on %s not published", told[0])
        connections.close_all()

    def _next(self) -> tuple[str, Data] | None:
        with self._changed:
            while not self._waiting:
                if self._ends:
                    return None
                self._changed.wait()
            if not self._ends:
                self._changed.wait(TOGETHER)
            return self._waiting.pop(next(iter(self._waiting)))


_outbox: _AtOnce | _Aside = _AtOnce()


def publish_aside() -> None:
    """From now on this process sends its events on a thread of their own."""
    global _outbox  # noqa: PLW0603  # one outbox a process
    if isinstance(_outbox, _AtOnce):
        _outbox = _Aside()


def publish_at_once() -> None:
    """Sends what waits, within two seconds, and from now on events as they come."""
    global _outbox  # likewise
    if isinstance(_outbox, _Aside):
        ended, _outbox = _outbox, _AtOnce()
        ended.end()


def _send(topic: str, data: Data) -> None:
    try:
        number = store.client().incr(store.SEQUENCE.format(topic=topic))
        told = data() if callable(data) else data
        message = {"type": "topic.event", "topic": topic, "seq": number, "data": told}
        send = get_channel_layer().group_send(group_name(topic), message)
        asyncio.run_coroutine_threadsafe(send, _loop()).result(SEND_WITHIN)
    except (redis.RedisError, DatabaseError, OSError, TimeoutError) as error:
        # The rows are committed; browsers catch up from the next snapshot.
        log.warning("event on %s not published: %s", topic, error)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """One event loop for all sends of this process, so that its Redis connection is kept.

    async_to_sync makes a loop and a connection for each call, at ten times the cost.
    """
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="realtime", daemon=True).start()
    return loop
