"""Connections: their settings, a manual refresh, and the watch over their workers."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import selectors
from apps.accounts.ingest import on_link
from apps.accounts.links import (
    REDIS_DOWN,
    WORKER_GONE,
    WORKER_GONE_REMEDY,
    WORKER_GONE_SENTENCE,
    Link,
)
from apps.accounts.models import Connection
from apps.accounts.permissions import User, may_manage
from apps.accounts.topics import CONNECTIONS, account_topic
from apps.lib import realtime
from apps.lib.errors import Invalid, NotAllowed, Unavailable
from apps.lib.queue import enqueue, gateway_queue
from ibkr.types import LinkChanged, LinkState


def connection_create(*, slug: str, label: str, port: int, **fields: Any) -> Connection:
    """Raises Invalid with a sentence for each field that cannot be."""
    return connection_save(Connection(slug=slug, label=label, port=port, **fields))


def connection_update(connection: Connection, **fields: Any) -> Connection:
    """The gateway worker notices the change and starts its session anew."""
    if fields.get("slug", connection.slug) != connection.slug:
        raise Invalid(
            _("A connection keeps its short name: queues and keys are called after it."),
            fields={"slug": [_("Make a new connection instead.")]},
        )
    for name, value in fields.items():
        setattr(connection, name, value)
    return connection_save(connection)


def connection_save(connection: Connection) -> Connection:
    """Raises Invalid with a sentence for each field that cannot be; tells the pages."""
    try:
        connection.full_clean()
    except ValidationError as error:
        raise Invalid(
            _("The connection cannot be saved like this."), fields=error.message_dict
        ) from error
    with transaction.atomic():
        connection.save()
        state = None
        if connection.enabled:
            state = selectors.link_state(connection, selectors.link_effective(connection))
        realtime.publish(CONNECTIONS, {connection.slug: state})
        for account in connection.accounts.all():
            realtime.publish(account_topic(account.pk), {"card": {"mode": connection.mode}})
    return connection


def connection_delete(connection: Connection) -> None:
    """Raises ProtectedError while accounts belong to it."""
    with transaction.atomic():
        slug = connection.slug
        connection.delete()
        realtime.publish(CONNECTIONS, {slug: None})


def refresh_request(*, user: User, connection: Connection) -> None:
    """Asks the gateway worker to fetch everything anew.

    Raises NotAllowed to users without an account on it, Unavailable when no worker holds it.
    """
    accounts = selectors.accounts_visible(user).filter(connection=connection)
    if not may_manage(user) and not accounts.exists():
        raise NotAllowed(_("You have no account on this connection."))
    link = selectors.link_effective(connection)
    _refuse_unknown(link)
    if not link.worker:
        raise Unavailable(_(WORKER_GONE_SENTENCE), remedy=_(WORKER_GONE_REMEDY))
    enqueue("gateway.refresh", queue=gateway_queue(connection.slug))


def links_watch(*, at: datetime) -> None:
    """Lets rows and pages follow what the leases say, in both directions.

    A connection whose worker is gone becomes disconnected, once. One whose lease had only vanished
    for a moment (Redis restarted, say) gets the state its living worker reports.
    """
    connections = selectors.connections_enabled()
    links = selectors.links_effective(connections)
    for connection in connections:
        _refuse_unknown(links[connection.slug])
        change = _correction(connection, links[connection.slug], at)
        if change is not None:
            worker = links[connection.slug].worker
            on_link(connection_id=connection.pk, change=change, worker=worker)


def _refuse_unknown(link: Link) -> None:
    if link.code == REDIS_DOWN:
        raise Unavailable(link.sentence, remedy=_("Start Redis, or check REDIS_URL."))


def _correction(row: Connection, link: Link, at: datetime) -> LinkChanged | None:
    if not link.worker:
        return LinkChanged(LinkState.DISCONNECTED, at, WORKER_GONE, link.sentence)
    if link.since_at is None:
        return None
    newer = row.link_since_at is None or link.since_at > row.link_since_at
    if newer or row.link_code == WORKER_GONE:
        return LinkChanged(link.state, link.since_at, link.code, link.sentence)
    return None
