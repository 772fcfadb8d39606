"""Streams as people and schedules handle them: settings, start and stop, status, what is viewed."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Connection
from apps.accounts.patches import difference
from apps.accounts.permissions import User
from apps.accounts.selectors import connections_enabled
from apps.lib import realtime
from apps.lib import redis as store
from apps.lib.errors import Invalid
from apps.lib.queue import enqueue, gateway_queue
from apps.marketdata import selectors
from apps.marketdata.models import StreamConfig, StreamTarget
from apps.marketdata.permissions import check_may_stream, connections_visible
from apps.marketdata.selectors.streams import compose
from apps.marketdata.status import StreamStatus
from apps.marketdata.topics import stream_topic

REFRESH = "marketdata.stream_refresh_here"
REFRESH_GOOD_FOR = 20.0
"""Seconds in the queue after which the next beat has asked for the same."""
TOLD_FOR = timedelta(hours=1)
VIEWED_FOR = timedelta(seconds=60)
VIEWED_LIMIT = 200


def stream_config(connection_id: int) -> StreamConfig:
    """The one of the connection, made with the usual settings when there is none yet."""
    config, _created = StreamConfig.objects.select_related("connection").get_or_create(
        connection_id=connection_id
    )
    return config


def stream_save(config: StreamConfig, **fields: Any) -> StreamConfig:
    """Raises Invalid with a sentence for each field; the gateway follows at once."""
    for name, value in fields.items():
        setattr(config, name, value)
    try:
        config.full_clean()
    except ValidationError as error:
        raise Invalid(
            _("The stream cannot be set up like this."), fields=error.message_dict
        ) from error
    with transaction.atomic():
        before = selectors.stream_state(_stored(config)) if config.pk else {}
        config.save()
        patch = difference(before, selectors.stream_state(config))
        if patch:
            realtime.publish(stream_topic(config.connection.slug), patch)
        stream_wake(config.connection.slug)
    return config


def stream_start(*, user: User, connection: Connection) -> StreamConfig:
    """Raises NotAllowed. Starting what already runs tries everything refused once more."""
    check_may_stream(user)
    config = stream_save(stream_config(connection.pk), enabled=True)
    stream_wake(connection.slug, again=True)
    return config


def stream_stop(*, user: User, connection: Connection) -> StreamConfig:
    check_may_stream(user)
    return stream_save(stream_config(connection.pk), enabled=False)


def stream_wake(slug: str, *, again: bool = False) -> None:
    """Has the gateway compare wanted and live subscriptions now; `again` retries refused ones."""
    enqueue(REFRESH, queue=gateway_queue(slug), expires=REFRESH_GOOD_FOR, slug=slug, again=again)


def stream_wake_all(user: User) -> None:
    """Likewise for every connection whose prices the user sees."""
    for connection in connections_visible(user):
        stream_wake(connection.slug)


def stream_targets_set(*, connection: Connection, con_ids: Iterable[int]) -> None:
    """The instruments of the newest decision snapshot; they must be known here."""
    wanted = set(con_ids)
    with transaction.atomic():
        rows = StreamTarget.objects.filter(connection=connection)
        rows.exclude(instrument__in=wanted).delete()
        fresh = [StreamTarget(connection=connection, instrument_id=c) for c in sorted(wanted)]
        StreamTarget.objects.bulk_create(fresh, ignore_conflicts=True)
        stream_wake(connection.slug)


def stream_view(*, slug: str, con_ids: Iterable[int], at: datetime) -> None:
    """A page looks at these: they stream for a minute, as far as lines are left.

    Pages call it again while they are open.
    """
    wanted = list(con_ids)[:VIEWED_LIMIT]
    if not wanted:
        return
    key, until = store.VIEWED.format(slug=slug), (at + VIEWED_FOR).timestamp()
    fresh = set(wanted) - set(selectors.viewed(slug, at))
    with store.client().pipeline(transaction=False) as pipe:
        pipe.zadd(key, {str(con_id): until for con_id in wanted})
        pipe.zremrangebyscore(key, "-inf", at.timestamp())
        pipe.expire(key, VIEWED_FOR * 2)
        pipe.execute()
    if fresh:
        stream_wake(slug)


def stream_tell(config: StreamConfig, told: dict[str, Any], *, at: datetime) -> None:
    """The gateway's word on its lines: to Redis, to the pages, and the status to the row."""
    slug = config.connection.slug
    key = store.STREAMS.format(slug=slug)
    raw: Any = store.client().set(key, orjson.dumps(told), ex=TOLD_FOR, get=True)
    before = compose(config, orjson.loads(raw) if raw else None, held=True)
    after = compose(config, told, held=True)
    patch = difference(before, after)
    if patch:
        realtime.publish(stream_topic(slug), patch)
    _note(config, told["status"], after["sentences"]["en"], at)


def streams_check(*, at: datetime) -> None:
    """Wakes the gateways whose refresh is due and notices those that are gone."""
    connections = connections_enabled()
    held = selectors.workers_held(connection.slug for connection in connections)
    for connection in connections:
        config = stream_config(connection.pk)
        if not held[connection.slug]:
            _mourn(config, at)
        elif _due(config):
            stream_wake(connection.slug)


def _due(config: StreamConfig) -> bool:
    """Once in `refresh_seconds`, whichever worker asks; half a second is the beat's own jitter."""
    key = store.STREAMS_DUE.format(slug=config.connection.slug)
    return bool(store.client().set(key, 1, nx=True, px=config.refresh_seconds * 1000 - 500))


def _mourn(config: StreamConfig, at: datetime) -> None:
    """Without a worker nothing streams: once, the pages and the row are told so."""
    slug = config.connection.slug
    raw: Any = store.client().getdel(store.STREAMS.format(slug=slug))
    after = compose(config, None, held=False)
    if raw is not None:
        patch = difference(compose(config, orjson.loads(raw), held=True), after)
        if patch:
            realtime.publish(stream_topic(slug), patch)
    _note(config, after["status"], after["sentences"]["en"], at)


def _note(config: StreamConfig, status: str, sentence: str, at: datetime) -> None:
    """Only a new status is written: the counts in the sentence change all the time."""
    if config.status == status:
        return
    config.status, config.sentence, config.status_at = StreamStatus(status), sentence[:200], at
    config.save(update_fields=["status", "sentence", "status_at"])


def _stored(config: StreamConfig) -> StreamConfig:
    return StreamConfig.objects.select_related("connection").get(pk=config.pk)
