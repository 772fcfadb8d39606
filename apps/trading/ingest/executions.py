"""Fills and commissions: stored once by execId, counted anew each time."""

import logging
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from apps.accounts.numbers import plain
from apps.lib.prepared import insert, insert_once
from apps.trading import topics
from apps.trading.fills import split_exec_id
from apps.trading.ingest.dossier import BROKER, Dossier
from apps.trading.ingest.external import account_of, instrument_of
from apps.trading.ingest.finding import Names, find
from apps.trading.ingest.known import EXECUTION, opened, report_of
from apps.trading.models import CommissionReport, Execution
from apps.trading.refs import is_ours
from ibkr.types import Commission
from ibkr.types import Execution as Told

log = logging.getLogger(__name__)

PLACES, CENTS = Decimal("1e-10"), Decimal("1e-8")
"""As the columns keep quantities and prices, and amounts: what is counted is what is stored."""


def on_execution(
    connection_id: int, execution: Told, at: datetime, *, origin: str = BROKER
) -> bool:
    """Whether it is new; a fill of an unknown order is kept without one.

    The fill is committed before its order is counted, and so is a commission: of two threads that
    bring one each, the later counts both.
    """
    with transaction.atomic():
        row, created = store(connection_id, execution, at)
        if row is None:
            return False
        if created:
            topics.execution_changed(row)
    if row.order_id is not None:
        _count(row.order_id, row, at, kind=_kind(row), origin=origin, perm_id=execution.perm_id)
    return created


def on_commission(connection_id: int, commission: Commission, at: datetime) -> bool:
    """Whether it is new. It may come before its execution, which then finds it."""
    created = insert_once(_report(connection_id, commission, at))
    row = EXECUTION.first(connection_id=connection_id, exec_id=commission.exec_id)
    if row is None:
        return created
    if row.order_id is not None:
        _paid(row, row.order_id, at, created=created)
    elif created:
        topics.execution_changed(row)
    return created


def _paid(row: Execution, order_id: int, at: datetime, *, created: bool) -> None:
    with transaction.atomic():
        order, known = opened(row.connection_id, order_id)
        dossier = Dossier(order, at, known=known)
        dossier.name(perm_id=0, client_id=row.client_id, order_id=row.ib_order_id)
        dossier.count()
        changed = dossier.take("commission", _told(row))
        if created or changed:
            dossier.tell(row)
        dossier.write()


def store(
    connection_id: int, told: Told, at: datetime, *, order_id: int | None = None
) -> tuple[Execution | None, bool]:
    """The row and whether it is new; None where it cannot be kept. `order_id` is whose it is,
    where that is known already."""
    known = Execution.objects.filter(connection_id=connection_id, exec_id=told.exec_id).first()
    if known is not None and known.order_id is not None:
        return known, False
    order_id = order_id or find(connection_id, names_of_fill(told))
    if known is not None:
        if order_id is not None:
            Execution.objects.filter(pk=known.pk).update(order_id=order_id)
            known.order_id = order_id
        return known, False
    return _create(connection_id, told, order_id, at)


def store_of(dossier: Dossier, told: Told) -> tuple[Execution | None, bool]:
    """As `store`, for an execution of an order that is at hand."""
    order, fills = dossier.order, dossier.known.fills
    if told.exec_id in fills:
        return fills[told.exec_id], False
    row = _row(order.connection_id, told, order.pk, dossier.at)
    if (told.account, told.contract.con_id) == (order.account.code, order.instrument.con_id):
        row.account, row.instrument = order.account, order.instrument
        if insert_once(row):
            return row, True
    return store(order.connection_id, told, dossier.at, order_id=order.pk)


def names_of_fill(told: Told) -> Names:
    return Names(
        perm_id=told.perm_id,
        client_id=told.client_id,
        order_id=told.order_id,
        ref=told.order_ref,
    )


def hear_execution(dossier: Dossier, told: Told) -> None:
    """Stores a fill and counts it; `write` stores the order."""
    row, created = store_of(dossier, told)
    if row is None:
        return
    if created:
        dossier.tell(row)
    if row.order_id == dossier.order.pk:
        dossier.name(perm_id=told.perm_id, client_id=row.client_id, order_id=row.ib_order_id)
        dossier.filled(row)
        dossier.count()
        dossier.take(_kind(row), _told(row))


def hear_commission(dossier: Dossier, told: Commission) -> None:
    """Stores the commission of a fill that the dossier has, and counts it."""
    order, known = dossier.order, dossier.known
    if known.reports.get(told.exec_id) is not None:
        return
    report = _report(order.connection_id, told, dossier.at)
    if not insert_once(report):
        found = report_of(order.connection_id, told.exec_id)
        if found is None:
            return
        report = found
    row = known.fills[told.exec_id]
    dossier.tell(row)
    dossier.paid(report)
    dossier.count()
    dossier.take("commission", _told(row))


def _report(connection_id: int, told: Commission, at: datetime) -> CommissionReport:
    return CommissionReport(
        connection_id=connection_id,
        exec_id=told.exec_id,
        amount=told.amount.quantize(CENTS),
        currency=told.currency,
        realized_pnl=None if told.realized_pnl is None else told.realized_pnl.quantize(CENTS),
        recorded_at=at,
    )


def _create(
    connection_id: int, told: Told, order_id: int | None, at: datetime
) -> tuple[Execution | None, bool]:
    account = account_of(connection_id, told.account, at)
    instrument = instrument_of(told.contract)
    if account is None or instrument is None:
        log.error("execution %s is of no account or instrument known here", told.exec_id)
        return None, False
    if order_id is None and is_ours(told.order_ref):
        log.error("execution %s bears our ref %s of no order", told.exec_id, told.order_ref)
    row = _row(connection_id, told, order_id, at)
    row.account, row.instrument = account, instrument
    if insert_once(row):
        return row, True
    found = EXECUTION.first(connection_id=connection_id, exec_id=told.exec_id)
    if found is None:
        insert(row)  # raises what forbids it
    return found or row, False


def _row(connection_id: int, told: Told, order_id: int | None, at: datetime) -> Execution:
    base, revision = split_exec_id(told.exec_id)
    return Execution(
        connection_id=connection_id,
        exec_id=told.exec_id,
        order_id=order_id,
        base=base,
        revision=revision,
        perm_id=told.perm_id or None,
        client_id=told.client_id,
        ib_order_id=told.order_id,
        side="BUY" if told.side in ("BOT", "BUY") else "SELL",
        quantity=told.quantity.quantize(PLACES),
        price=told.price.quantize(PLACES),
        exchange=told.exchange[:20],
        liquidation=told.liquidation,
        at=told.at,
        recorded_at=at,
    )


def _count(
    order_id: int, row: Execution, at: datetime, *, kind: str, origin: str, perm_id: int
) -> None:
    with transaction.atomic():
        order, known = opened(row.connection_id, order_id)
        dossier = Dossier(order, at, origin, known)
        dossier.name(perm_id=perm_id, client_id=row.client_id, order_id=row.ib_order_id)
        dossier.count()
        dossier.save(kind, _told(row))


def _kind(row: Execution) -> str:
    if row.quantity <= 0:
        return "bust"
    return "correction" if row.revision > 1 else "fill"


def _told(row: Execution) -> dict[str, Any]:
    return {"exec_id": row.exec_id, "quantity": plain(row.quantity), "price": plain(row.price)}
