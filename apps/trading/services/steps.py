"""The portal's own steps of an order: a conditional change of state and its event, together."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F

from apps.lib.prepared import Prepared, insert
from apps.trading.fsm import may_move
from apps.trading.models import Order, OrderEvent
from apps.trading.services.at_once import PORTAL, Step, moved_at_once

NEWEST = Prepared(
    lambda order_id: (
        OrderEvent.objects.filter(order_id=order_id).order_by("-number").values_list("number")[:1]
    )
)


def event_add(
    order_id: int,
    *,
    kind: str,
    before: str,
    after: str,
    at: datetime,
    data: Mapping[str, Any] | None = None,
) -> OrderEvent:
    """The caller's transaction must have written the order's row: that is the lock."""
    newest = NEWEST.first(order_id=order_id) or (0,)
    event = _event(order_id, newest[0] + 1, kind, before, after, at, dict(data or {}))
    insert(event)
    return event


def event_first(order_id: int, *, kind: str, after: str, at: datetime) -> OrderEvent:
    """Of an order that the caller's transaction has just inserted."""
    event = event_made(order_id, kind=kind, after=after, at=at)
    insert(event)
    return event


def event_made(order_id: int, *, kind: str, after: str, at: datetime) -> OrderEvent:
    """An order's first event, not stored yet."""
    return _event(order_id, 1, kind, "", after, at, {})


def _event(
    order_id: int,
    number: int,
    kind: str,
    before: str,
    after: str,
    at: datetime,
    data: dict[str, Any],
) -> OrderEvent:
    return OrderEvent(
        order_id=order_id,
        number=number,
        kind=kind,
        before=before,
        after=after,
        origin=PORTAL,
        data=data,
        at=at,
    )


def move(
    order_id: int,
    *,
    before: str,
    after: str,
    kind: str,
    at: datetime,
    data: Mapping[str, Any] | None = None,
    only: Mapping[str, Any] | None = None,
    **fields: Any,
) -> bool:
    """Takes an order from `before` to `after`; False when it is not (any more) where expected.

    Raises ValueError for a step that the state machine does not have.
    """
    if not may_move(before, after):
        raise ValueError(f"an order that is {before} cannot become {after}")
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        step = Step(order_id, before, after, kind, PORTAL, at, dict(data or {}))
        try:
            return moved_at_once(step, only=dict(only or {}), fields=fields)
        except IntegrityError:
            # Somebody else's event took the number at the same moment: wait for the row's lock.
            pass
    with transaction.atomic(savepoint=False):
        rows = Order.objects.filter(pk=order_id, state=before, **dict(only or {}))
        if not rows.update(state=after, **fields):
            return False
        event_add(order_id, kind=kind, before=before, after=after, at=at, data=data)
    return True


def note(order_id: int, *, kind: str, at: datetime, data: Mapping[str, Any]) -> None:
    """An event that leaves the state as it is."""
    with transaction.atomic():
        # Writing the row locks it, so that two events never want the same number.
        if Order.objects.filter(pk=order_id).update(reason=F("reason")):
            state = Order.objects.values_list("state", flat=True).get(pk=order_id)
            event_add(order_id, kind=kind, before=state, after=state, at=at, data=data)
