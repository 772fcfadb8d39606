"""The effective state of each connection: what the worker says, as long as there is one."""

import json
import logging
from datetime import datetime
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from django.utils.translation import gettext as _

from apps.accounts.links import REDIS_DOWN, Link, effective_link, sentence_in
from apps.accounts.models import Connection
from apps.lib import redis as store
from ibkr.types import LinkState

log = logging.getLogger(__name__)


def connections_enabled() -> list[Connection]:
    return list(Connection.objects.filter(enabled=True))


def link_effective(connection: Connection) -> Link:
    return links_effective([connection])[connection.slug]


def links_effective(connections: list[Connection]) -> dict[str, Link]:
    """By slug; one command of Redis for all of them."""
    try:
        found = _read(connections)
    except (redis.RedisError, OSError) as error:
        log.warning("link states not readable: %s", error)
        return {c.slug: link_unknown(c) for c in connections}
    return {c.slug: link_read(c, *told) for c, told in zip(connections, found, strict=True)}


def link_keys(connection: Connection) -> tuple[str, str]:
    """What `link_read` wants the values of, for whoever has more to read from Redis."""
    slug = connection.slug
    return store.LEASE.format(name=f"connection:{slug}"), store.LINK.format(slug=slug)


def link_read(connection: Connection, lease: bytes | None, told: bytes | None) -> Link:
    """From the values of `link_keys`; None where there is none."""
    said = None if told is None else _told(told)
    return effective_link(row=_stored(connection), held=lease is not None, told=said)


def link_unknown(connection: Connection) -> Link:
    """While Redis cannot be read."""
    return Link(
        state=LinkState.DISCONNECTED,
        since_at=connection.link_since_at,
        code=REDIS_DOWN,
        sentence=_("Redis cannot be reached, so the state of this connection is not known."),
        worker=False,
    )


def links_state() -> dict[str, Any]:
    """State of the topic `connections`."""
    connections = connections_enabled()
    links = links_effective(connections)
    return {c.slug: link_state(c, links[c.slug]) for c in connections}


def link_state(connection: Connection, link: Link) -> dict[str, Any]:
    """One entry of the topic `connections`; an unknown since_at is left out."""
    state: dict[str, Any] = {
        "label": connection.label,
        "mode": connection.mode,
        "state": link.state.value,
        "code": link.code,
        "sentence": link.sentence,
        "worker": link.worker,
        "sentences": {
            language: sentence_in(
                language, state=link.state.value, code=link.code, sentence=link.sentence
            )
            for language, _name in settings.LANGUAGES
        },
    }
    if link.since_at is not None:
        state["since_at"] = link.since_at.isoformat()
    return state


def _read(connections: list[Connection]) -> list[tuple[bytes | None, bytes | None]]:
    """Lease and word of the worker of each."""
    if not connections:
        return []
    told: list[Any] = store.client().mget([key for c in connections for key in link_keys(c)])
    return list(zip(told[::2], told[1::2], strict=True))


@lru_cache(maxsize=64)
def _told(raw: bytes) -> Link | None:
    """What the worker wrote; None when it wrote nothing that can be read."""
    try:
        told = json.loads(raw)
        return Link(
            state=LinkState(told["state"]),
            since_at=datetime.fromisoformat(told["since_at"]),
            code=str(told["code"]),
            sentence=str(told["sentence"]),
            worker=True,
        )
    except (ValueError, KeyError, TypeError) as error:
        log.warning("link key not readable: %s", error)
        return None


def _stored(connection: Connection) -> Link:
    return Link(
        state=LinkState(connection.link_state),
        since_at=connection.link_since_at,
        code=connection.link_code,
        sentence=connection.link_sentence,
        worker=False,
    )
