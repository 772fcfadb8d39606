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
from django.db import DatabaseError, transaction

from apps.lib import redis as store

log = logging.getLogger(__name__)
User = AbstractBaseUser | AnonymousUser
Data = dict[str, Any] | Callable[[], dict[str, Any]]

SEND_WITHIN = 10.0


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


def publish(topic: str, data: Data) -> None:
    """Sends an event after commit. A page that misses it sees a gap and asks for a snapshot.

    `data` must be JSON as is: strings, numbers, booleans, None, lists, dicts. Rows that several
    processes change are given as a function that reads them: it is called after the event has its
    number, so the event with the highest number knows of every commit before it.
    """
    transaction.on_commit(lambda: _send(topic, data))


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
