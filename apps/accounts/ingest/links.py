"""The link of a connection changed: the row, one event of history, and the page."""

from django.db import transaction

from apps.accounts.links import Link
from apps.accounts.models import Connection, LinkEvent
from apps.accounts.selectors import link_state
from apps.accounts.topics import CONNECTIONS
from apps.lib import realtime
from ibkr.types import LinkChanged


def on_link(*, connection_id: int, change: LinkChanged, worker: bool = True) -> None:
    """Entering the state and code it is already in writes nothing.

    `worker` is False when the change says that no gateway worker is left.
    """
    with transaction.atomic():
        row = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
        if (row.link_state, row.link_code) == (change.state.value, change.code):
            return
        _store(row, change)
        link = Link(
            state=change.state,
            since_at=change.since_at,
            code=change.code,
            sentence=row.link_sentence,
            worker=worker,
        )
        if row.enabled:
            realtime.publish(CONNECTIONS, {row.slug: link_state(row, link)})


def _store(row: Connection, change: LinkChanged) -> None:
    row.link_state = change.state.value
    row.link_since_at = change.since_at
    row.link_code = change.code[:40]
    row.link_sentence = change.sentence[:400]
    row.save(update_fields=["link_state", "link_since_at", "link_code", "link_sentence"])
    LinkEvent.objects.create(
        connection=row,
        state=row.link_state,
        code=row.link_code,
        sentence=row.link_sentence,
        at=change.since_at,
    )
