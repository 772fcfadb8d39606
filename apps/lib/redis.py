"""The process-wide Redis client and the names of the keys the portal uses."""

from functools import cache

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
VIEWED = "ibportal:viewed:{slug}"


def channel_quotes(slug: str) -> str:
    """Databases of one server share its channels: the number keeps two portals apart."""
    return f"ibportal:{settings.REDIS_DATABASE}:stream:quotes:{slug}"


@cache
def client() -> "redis.Redis":
    """A pooled client that returns bytes; calls give up after five seconds."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=5,
        socket_connect_timeout=5,
        health_check_interval=30,
    )
