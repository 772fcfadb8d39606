"""The effective state of each connection: what the worker says, as long as there is one."""

import json
import logging
from datetime import datetime
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
    """By slug; one Redis pipeline for all of them."""
    try:
        found = _read(connections)
    except (redis.RedisError, OSError) as error:
        log.warning("link states not readable: %s", error)
        return {c.slug: _unknown(c) for c in connections}
    return {
        c.slug: effective_link(row=_stored(c), held=held, told=told)
        for c, (held, told) in zip(connections, found, strict=True)
    }


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


def _read(connections: list[Connection]) -> list[tuple[bool, Link | None]]:
    if not connections:
        return []
    with store.client().pipeline(transaction=False) as pipe:
        for connection in connections:
            pipe.exists(store.LEASE.format(name=f"connection:{connection.slug}"))
            pipe.get(store.LINK.format(slug=connection.slug))
        answers = pipe.execute()
    return [(bool(held), _told(raw)) for held, raw in zip(answers[::2], answers[1::2], strict=True)]


def _told(raw: bytes | None) -> Link | None:
    """What the worker wrote; None when it wrote nothing (yet) that can be read."""
    if raw is None:
        return None
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


def _unknown(connection: Connection) -> Link:
    return Link(
        state=LinkState.DISCONNECTED,
        since_at=connection.link_since_at,
        code=REDIS_DOWN,
        sentence=_("Redis cannot be reached, so the state of this connection is not known."),
        worker=False,
    )
