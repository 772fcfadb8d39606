"""openOrder, orderStatus and completedOrder: evidence about one order each."""

import logging
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.accounts.numbers import plain
from apps.trading.ingest.dossier import BROKER, Dossier
from apps.trading.ingest.external import adopt, welcome
from apps.trading.ingest.finding import Names, find, locked
from apps.trading.ingest.terms import hear_terms
from apps.trading.models import Order
from ibkr.types import CompletedOrder, OpenOrder, OrderRequest, OrderStatus

log = logging.getLogger(__name__)


def on_open_order(
    connection_id: int, order: OpenOrder, at: datetime, *, origin: str = BROKER
) -> Order | None:
    """The row as it is now; None for an order that cannot be kept."""
    names = names_of(order)
    with transaction.atomic():
        pk = find(connection_id, names)
        if pk is None:
            return _adopted(connection_id, order, at)
        dossier = Dossier(locked(pk), at, origin)
        hear_open_order(dossier, order)
        dossier.write()
        return dossier.order


def hear_open_order(dossier: Dossier, order: OpenOrder) -> None:
    """`write` stores it."""
    dossier.name(perm_id=order.perm_id, client_id=order.client_id, order_id=order.order_id)
    kind = hear_terms(dossier, order.request)
    dossier.evidence = dossier.evidence.hear_status(order.status, "", dossier.at)
    dossier.take(kind or "status", _told(order.status, order.request))


def names_of(order: OpenOrder) -> Names:
    return Names(
        perm_id=order.perm_id,
        client_id=order.client_id,
        order_id=order.order_id,
        ref=order.request.order_ref,
    )


def names_of_status(status: OrderStatus) -> Names:
    return Names(perm_id=status.perm_id, client_id=status.client_id, order_id=status.order_id)


def on_order_status(connection_id: int, status: OrderStatus, at: datetime) -> Order | None:
    with transaction.atomic():
        pk = find(connection_id, names_of_status(status))
        if pk is None:
            log.debug("a status of an order that is not known yet: permId %d", status.perm_id)
            return None
        dossier = Dossier(locked(pk), at)
        hear_status(dossier, status)
        dossier.write()
        return dossier.order


def hear_status(dossier: Dossier, status: OrderStatus) -> None:
    """`write` stores it."""
    dossier.name(perm_id=status.perm_id, client_id=status.client_id, order_id=status.order_id)
    dossier.evidence = dossier.evidence.hear_status(status.status, status.why_held, dossier.at)
    told = {"status": status.status, "filled": plain(status.filled)}
    dossier.take("status", told | {"why_held": status.why_held})


def on_completed_order(
    connection_id: int, order: CompletedOrder, at: datetime, *, origin: str = BROKER
) -> Order | None:
    """One of the list of completed orders; of those placed elsewhere only filled ones matter."""
    names = Names(perm_id=order.perm_id, client_id=0, order_id=0, ref=order.request.order_ref)
    with transaction.atomic():
        pk = find(connection_id, names)
        dossier = Dossier(locked(pk), at, origin) if pk else _past(connection_id, order, at)
        if dossier is None:
            return None
        dossier.name(perm_id=order.perm_id, client_id=0, order_id=0)
        dossier.evidence = dossier.evidence.hear_completed(order.status, order.completed_status, at)
        dossier.save("completed", _told(order.status, order.request))
        if pk is None:
            welcome(dossier)
        return dossier.order


def _past(connection_id: int, order: CompletedOrder, at: datetime) -> Dossier | None:
    if order.filled <= 0:
        return None
    return adopt(
        connection_id=connection_id,
        contract=order.contract,
        request=order.request,
        perm_id=order.perm_id,
        client_id=None,
        order_id=None,
        at=order.completed_at or at,
    )


def _adopted(connection_id: int, order: OpenOrder, at: datetime) -> Order | None:
    dossier = adopt(
        connection_id=connection_id,
        contract=order.contract,
        request=order.request,
        perm_id=order.perm_id,
        client_id=order.client_id,
        order_id=order.order_id,
        at=at,
    )
    if dossier is None:
        return None
    dossier.evidence = dossier.evidence.hear_status(order.status, "", at)
    dossier.save("external", _told(order.status, order.request))
    welcome(dossier)
    return dossier.order


def _told(status: str, request: OrderRequest) -> dict[str, Any]:
    told = {
        "status": status,
        "quantity": plain(request.quantity),
        "limit_price": plain(request.limit_price),
        "stop_price": plain(request.stop_price),
    }
    return {name: value for name, value in told.items() if value is not None}
