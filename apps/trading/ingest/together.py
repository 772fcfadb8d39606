"""What the broker says of orders in one breath: each order is read once and written once.

The rows that result do not depend on the order in which messages come, so an order's messages may
be told together, before those of the next one, and commissions last.
"""

from collections.abc import Hashable, Sequence
from datetime import datetime

from django.db import transaction

from apps.trading import topics
from apps.trading.ingest.dossier import Dossier
from apps.trading.ingest.errors import hear_error, on_order_error
from apps.trading.ingest.executions import hear_execution, names_of_fill, on_execution, store
from apps.trading.ingest.finding import Names, find, locked
from apps.trading.ingest.orders import (
    hear_open_order,
    hear_status,
    names_of,
    names_of_status,
    on_open_order,
    on_order_status,
)
from ibkr.types import BrokerError, Execution, OpenOrder, OrderStatus

News = OpenOrder | OrderStatus | Execution | BrokerError
NEWS = (OpenOrder, OrderStatus, Execution, BrokerError)


def on_order_news(connection_id: int, events: Sequence[News], client_id: int, at: datetime) -> bool:
    """One transaction for each order that is spoken of: no two orders' rows are locked at once.

    Whether only a look at open and completed orders can tell what some message means.
    """
    orders: dict[Hashable, list[News]] = {}
    for event in events:
        orders.setdefault(_whose(event, client_id), []).append(event)
    looks = [_hear_order(connection_id, told, client_id, at) for told in orders.values()]
    return any(looks)


def _whose(event: News, client_id: int) -> Hashable:
    """The same for all messages of an order, as far as their ids tell."""
    if isinstance(event, BrokerError):
        return client_id, event.order_id
    return (event.client_id, event.order_id) if event.order_id > 0 else event.perm_id


def _hear_order(connection_id: int, events: Sequence[News], client_id: int, at: datetime) -> bool:
    look, dossier = False, None
    with transaction.atomic():
        for event in events:
            names = _names(event, client_id)
            if dossier is not None and not _fits(dossier, names):
                dossier.write()
                dossier = None
            if dossier is None:
                pk = find(connection_id, names)
                dossier = None if pk is None else Dossier(locked(pk), at)
            if dossier is None:
                look |= _alone(connection_id, event, client_id, at)
            else:
                look |= _hear(dossier, event)
        if dossier is not None:
            dossier.write()
    return look


def _names(event: News, client_id: int) -> Names:
    if isinstance(event, OpenOrder):
        return names_of(event)
    if isinstance(event, Execution):
        return names_of_fill(event)
    if isinstance(event, OrderStatus):
        return names_of_status(event)
    return Names(perm_id=0, client_id=client_id, order_id=event.order_id or 0)


def _fits(dossier: Dossier, names: Names) -> bool:
    """Whether `find` would give the same row: ids alone may be those of an order of long ago."""
    order = dossier.order
    if names.perm_id and order.perm_id is not None:
        return names.perm_id == order.perm_id
    if (names.client_id, names.order_id) != (order.client_id, order.ib_order_id):
        return False
    return names.ref is None or names.ref == order.ref


def _hear(dossier: Dossier, event: News) -> bool:
    if isinstance(event, OpenOrder):
        hear_open_order(dossier, event)
    elif isinstance(event, OrderStatus):
        hear_status(dossier, event)
    elif isinstance(event, Execution):
        _hear_fill(dossier, event)
    else:
        return hear_error(dossier, event)
    return False


def _hear_fill(dossier: Dossier, told: Execution) -> None:
    order = dossier.order
    row, created = store(order.connection_id, told, dossier.at, order=order)
    if row is None:
        return
    if created:
        topics.execution_changed(row)
    if row.order_id == order.pk:
        hear_execution(dossier, row, told.perm_id)


def _alone(connection_id: int, event: News, client_id: int, at: datetime) -> bool:
    """Of an order that has no row yet, and may get one by this."""
    if isinstance(event, OpenOrder):
        on_open_order(connection_id, event, at)
    elif isinstance(event, OrderStatus):
        on_order_status(connection_id, event, at)
    elif isinstance(event, Execution):
        on_execution(connection_id, event, at)
    else:
        return on_order_error(connection_id, event, client_id, at)
    return False
