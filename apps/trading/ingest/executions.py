"""Fills and commissions: stored once by execId, counted anew each time."""

import logging
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.accounts.models import BrokerAccount
from apps.accounts.numbers import plain
from apps.marketdata.models import Instrument
from apps.trading import topics
from apps.trading.fills import split_exec_id
from apps.trading.ingest.dossier import BROKER, Dossier
from apps.trading.ingest.external import account_of, instrument_of
from apps.trading.ingest.finding import Names, find, locked
from apps.trading.models import CommissionReport, Execution, Order
from apps.trading.refs import is_ours
from ibkr.types import Commission
from ibkr.types import Execution as Told

log = logging.getLogger(__name__)


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
    _report, created = CommissionReport.objects.get_or_create(
        connection_id=connection_id,
        exec_id=commission.exec_id,
        defaults={
            "amount": commission.amount,
            "currency": commission.currency,
            "realized_pnl": commission.realized_pnl,
            "recorded_at": at,
        },
    )
    row = Execution.objects.filter(connection_id=connection_id, exec_id=commission.exec_id).first()
    if row is None:
        return created
    if created:
        topics.execution_changed(row)
    if row.order_id is not None:
        _count(row.order_id, row, at, kind="commission", origin=BROKER, perm_id=0)
    return created


def store(
    connection_id: int, told: Told, at: datetime, *, order: Order | None = None
) -> tuple[Execution | None, bool]:
    """The row and whether it is new; None where it cannot be kept. `order` is whose it is, where
    that is known already."""
    known = Execution.objects.filter(connection_id=connection_id, exec_id=told.exec_id).first()
    if known is not None and known.order_id is not None:
        return known, False
    order_id = find(connection_id, names_of_fill(told)) if order is None else order.pk
    if known is not None:
        if order_id is not None:
            Execution.objects.filter(pk=known.pk).update(order_id=order_id)
            known.order_id = order_id
        return known, False
    return _create(connection_id, told, order_id, order, at)


def names_of_fill(told: Told) -> Names:
    return Names(
        perm_id=told.perm_id,
        client_id=told.client_id,
        order_id=told.order_id,
        ref=told.order_ref,
    )


def hear_execution(dossier: Dossier, row: Execution, perm_id: int) -> None:
    """Counts a stored fill; `write` stores the order."""
    dossier.name(perm_id=perm_id, client_id=row.client_id, order_id=row.ib_order_id)
    dossier.count(row)
    dossier.take(_kind(row), _told(row))


def _create(
    connection_id: int, told: Told, order_id: int | None, order: Order | None, at: datetime
) -> tuple[Execution | None, bool]:
    account, instrument = _parties(connection_id, told, order, at)
    if account is None or instrument is None:
        log.error("execution %s is of no account or instrument known here", told.exec_id)
        return None, False
    if order_id is None and is_ours(told.order_ref):
        log.error("execution %s bears our ref %s of no order", told.exec_id, told.order_ref)
    base, revision = split_exec_id(told.exec_id)
    return Execution.objects.get_or_create(
        connection_id=connection_id,
        exec_id=told.exec_id,
        defaults={
            "account": account,
            "instrument": instrument,
            "order_id": order_id,
            "base": base,
            "revision": revision,
            "perm_id": told.perm_id or None,
            "client_id": told.client_id,
            "ib_order_id": told.order_id,
            "side": "BUY" if told.side in ("BOT", "BUY") else "SELL",
            "quantity": told.quantity,
            "price": told.price,
            "exchange": told.exchange[:20],
            "liquidation": told.liquidation,
            "at": told.at,
            "recorded_at": at,
        },
    )


def _parties(
    connection_id: int, told: Told, order: Order | None, at: datetime
) -> tuple[BrokerAccount | None, Instrument | None]:
    if order is not None:
        parties = order.account, order.instrument
        if (told.account, told.contract.con_id) == (parties[0].code, parties[1].con_id):
            return parties
    return account_of(connection_id, told.account, at), instrument_of(told.contract)


def _count(
    order_id: int, row: Execution, at: datetime, *, kind: str, origin: str, perm_id: int
) -> None:
    with transaction.atomic():
        dossier = Dossier(locked(order_id), at, origin)
        dossier.name(perm_id=perm_id, client_id=row.client_id, order_id=row.ib_order_id)
        dossier.count()
        dossier.save(kind, _told(row))


def _kind(row: Execution) -> str:
    if row.quantity <= 0:
        return "bust"
    return "correction" if row.revision > 1 else "fill"


def _told(row: Execution) -> dict[str, Any]:
    return {"exec_id": row.exec_id, "quantity": plain(row.quantity), "price": plain(row.price)}
