"""The process-wide Redis client and the names of the keys the portal uses."""

import socket
import struct
from functools import cache
from typing import Any

import redis
from django.conf import settings

COMMANDS = "ibportal:commands:{slug}"
"""A list the gateway worker reads itself: what must not wait behind tasks."""
ERRANDS = "ibportal:errands:{slug}:{kind}"
"""Lists of orders to send and of orders to cancel, which the gateway worker reads itself too."""
LATEST = "ibportal:latest:{name}"
LEASE = "ibportal:lease:{name}"
LINK = "ibportal:link:{slug}"
NOTICES = "ibportal:notices:{slug}"
PULSE = "ibportal:pulse:{name}"
QUOTES = "ibportal:quotes:{slug}"
QUOTES_ALIVE = "ibportal:quotes:{slug}:alive"
REPLY = "ibportal:reply:{id}"
RUN_SEEN = "ibportal:run:{id}:seen"
SEQUENCE = "ibportal:seq:{topic}"
STREAMS = "ibportal:streams:{slug}"
STREAMS_DUE = "ibportal:streams:{slug}:due"
THROTTLE = "ibportal:throttle:{key}"
VIEWED = "ibportal:viewed:{slug}"


def channel_quotes(slug: str) -> str:
    """Databases of one server share its channels: the number keeps two portals apart."""
    return f"ibportal:{settings.REDIS_DATABASE}:stream:quotes:{slug}"


GIVE_UP = 5
"""Seconds."""


@cache
def client() -> "redis.Redis":
    """A pooled client that returns bytes; calls give up after five seconds."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=GIVE_UP,
        socket_connect_timeout=GIVE_UP,
        health_check_interval=30,
    )


@cache
def listener() -> "redis.Redis":
    """For threads that wait on a list in a busy process, with the same limit.

    It is the kernel that ends the wait: Python's own would look at the socket first and read it
    then, and each of the two costs a turn among the threads.
    """
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=None,
        socket_connect_timeout=GIVE_UP,
        redis_connect_func=_limited,
    )


def _limited(connection: Any) -> None:
    limit = struct.pack("ll", GIVE_UP, 0)
    connection._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)  # noqa: SLF001
    connection.on_connect()
