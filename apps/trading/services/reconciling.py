"""Applies what a broker's picture proves, step by step, and says what happened while away."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractUser
from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Connection
from apps.accounts.services import audit_append
from apps.lib.errors import Invalid
from apps.trading import ingest
from apps.trading.evidence import Word
from apps.trading.ingest.dossier import PORTAL, RECONCILE, Dossier
from apps.trading.ingest.finding import locked
from apps.trading.ingest.terms import take_over
from apps.trading.models import Order, OutageReport
from apps.trading.permissions import check_may_trade
from apps.trading.reconcile import BrokerPicture, Horizon, Kind, Known, Step, steps
from apps.trading.reconcile import fresh_executions as missing
from apps.trading.services import outages
from apps.trading.services.disconnects import disconnect_cancel
from apps.trading.services.known import known_orders, stored_executions
from apps.trading.states import OrderState
from ibkr.types import CompletedOrder, OpenOrder

log = logging.getLogger(__name__)

CLOSES = {
    Kind.ABSENT: OrderState.NOT_SENT,
    Kind.GONE: OrderState.CANCELLED,
    Kind.UNCLEAR: OrderState.UNKNOWN,
}
OUTCOMES = (OrderState.NOT_SENT, OrderState.CANCELLED, OrderState.REJECTED)
"""What a person may say became of an unknown order; fills are believed from the broker alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """What a picture brought; `report` is None where nothing had been missed."""

    from_at: datetime
    to_at: datetime
    data: dict[str, list[dict[str, Any]]]
    report: OutageReport | None
    look_again: bool
    """Some orders were too much on the move to judge: another picture is wanted soon."""


def reconcile(*, connection_id: int, picture: BrokerPicture, at: datetime) -> Outage:
    """Never sends anything. Harmless when repeated; a step that fails leaves the others done."""
    connection = Connection.objects.get(pk=connection_id)
    fresh = missing(picture, stored_executions(connection_id, picture))
    for execution in fresh:
        ingest.on_execution(connection_id, execution, at, origin=RECONCILE)
    known = known_orders(connection_id, picture)
    horizon = Horizon(
        since_at=_day_began(connection, picture.asked_at),
        linked_at=outages.linked_at(connection),
    )
    found = steps(known, picture, fresh, horizon)
    now = [step for step in found if step.kind is not Kind.LATER]
    touched = [_done(connection, step, known, picture, at) for step in now]
    if None not in touched:
        Connection.objects.filter(pk=connection_id).update(orders_at=picture.asked_at)
    away_at = outages.away_since(connection)
    from_at = away_at or picture.asked_at
    data = outages.what_happened(connection, from_at, at)
    report = None
    if away_at is not None or fresh or any(change is not False for change in touched):
        report = OutageReport.objects.create(
            connection=connection, from_at=from_at, to_at=at, data=data
        )
    lost_at = outages.lost_at(connection)
    if lost_at is not None:
        disconnect_cancel(connection=connection, lost_at=lost_at, at=at)
    return Outage(
        from_at=from_at, to_at=at, data=data, report=report, look_again=len(now) < len(found)
    )


def order_settle(
    *, user: AbstractUser, order: Order, outcome: str, reason: str, at: datetime
) -> Order:
    """A person says what became of an unknown order; the broker's next word takes it back.

    Raises NotAllowed and Invalid.
    """
    check_may_trade(user, order.account)
    if outcome not in OUTCOMES:
        raise Invalid(
            _("An unknown order can be settled as not sent, cancelled or rejected."),
            fields={"outcome": [_("Choose one of these.")]},
        )
    if not reason.strip():
        raise Invalid(
            _("Settling an order needs a reason."), fields={"reason": [_("Say what you saw.")]}
        )
    with transaction.atomic():
        dossier = Dossier(locked(order.pk), at, PORTAL)
        if dossier.order.state != OrderState.UNKNOWN:
            raise Invalid(
                _("Only an order that is unknown can be settled."),
                fields={"order": [_("The broker has told by now what became of it.")]},
            )
        word = Word(OrderState(outcome), "settled", reason.strip()[:500])
        dossier.evidence = dossier.evidence.closed(word)
        dossier.save("settled", {"by": user.get_username(), "outcome": outcome})
        audit_append(
            actor=user,
            action="order.settle",
            subject=f"order {order.pk}",
            account=order.account,
            data={"outcome": outcome, "reason": reason},
            at=at,
        )
    return dossier.order


def _done(
    connection: Connection,
    step: Step,
    known: Sequence[Known],
    picture: BrokerPicture,
    at: datetime,
) -> bool | None:
    """Whether the step changed what was believed; None when it failed."""
    try:
        return _apply(connection, step, known, picture, at)
    except (DataError, IntegrityError, ValueError):
        log.exception("a step of the reconcile failed: %s of order %s", step.kind, step.pk)
        return None


def _apply(
    connection: Connection,
    step: Step,
    known: Sequence[Known],
    picture: BrokerPicture,
    at: datetime,
) -> bool:
    told = step.told
    if isinstance(told, CompletedOrder):
        before = _state(step.pk)
        row = ingest.on_completed_order(connection.pk, told, at, origin=RECONCILE)
        return row is not None and row.state != before
    if step.kind is Kind.OPEN and isinstance(told, OpenOrder):
        row = ingest.on_open_order(connection.pk, told, at, origin=RECONCILE)
        return step.pk is None and row is not None
    judged = next(row for row in known if row.pk == step.pk)
    return _overrule(judged, step, picture, at)


def _overrule(judged: Known, step: Step, picture: BrokerPicture, at: datetime) -> bool:
    """Takes back or ends what messages said, unless more was heard since it was judged."""
    with transaction.atomic():
        dossier = Dossier(locked(judged.pk), at, RECONCILE)
        if dossier.evidence != judged.evidence or dossier.order.state != judged.state:
            return False
        if isinstance(step.told, OpenOrder):
            dossier.evidence = judged.evidence.renewed(step.told.status, picture.asked_at)
            dossier.name(
                perm_id=step.told.perm_id,
                client_id=step.told.client_id,
                order_id=step.told.order_id,
            )
            take_over(dossier, step.told.request)
            return dossier.save("renewed", {"status": step.told.status})
        word = Word(CLOSES[step.kind], step.code, sentence(step.code))
        dossier.evidence = dossier.evidence.closed(word)
        return dossier.save(step.kind.value, {"code": step.code})


def sentence(code: str) -> str:
    """What a person should know, and can do, about an order that a picture does not hold."""
    return {
        "absent": _("It never reached the broker: a complete picture taken later has no trace."),
        "gone": _("The broker no longer has it, and nothing more of it was filled."),
        "not_transmitted": _(
            "It was handed to TWS without being transmitted, and TWS shows such orders to no "
            "program. Look for it in TWS, remove it there, and settle it here."
        ),
        "too_old": _(
            "It was sent on a day that the broker no longer reports. Look it up in the trade log "
            "of TWS and settle it here."
        ),
        "ended_unseen": _(
            "It ended on a day that the broker no longer reports, and the position does not fit. "
            "Look it up in the trade log of TWS and settle it here."
        ),
    }[code]


def _state(pk: int | None) -> str:
    if pk is None:
        return ""
    return Order.objects.values_list("state", flat=True).get(pk=pk)


def _day_began(connection: Connection, at: datetime) -> datetime:
    """Midnight in the gateway's zone: executions and completed orders reach back that far."""
    local = at.astimezone(ZoneInfo(connection.time_zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)
