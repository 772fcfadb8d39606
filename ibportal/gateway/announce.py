"""Tells Redis, and through it every page, what state a connection's link is in."""

import json

from apps.lib import redis as store
from ibkr.types import LinkChanged


def announce(slug: str, link: LinkChanged, *, seconds: int | None = None) -> None:
    """Believed while somebody holds the connection's lease; raises RedisError.

    `seconds` ends the word of a worker that does not hold the lease yet and may never get it.
    """
    value = {
        "state": link.state.value,
        "since_at": link.since_at.isoformat(),
        "code": link.code,
        "sentence": link.sentence,
    }
    store.client().set(store.LINK.format(slug=slug), json.dumps(value), ex=seconds)
