"""What the broker says of orders in one breath: each order is read once and written once.

The rows that result do not depend on the order in which messages come, so an order's messages may
be told together, before those of the next one, and commissions last.
"""

from collections.abc import Hashable, Sequence
from datetime import datetime

from django.db import transaction

from apps.trading.ingest.dossier import Dossier
from apps.trading.ingest.errors import hear_error, on_order_error
from apps.trading.ingest.executions import (
    hear_commission,
    hear_execution,
    names_of_fill,
    on_commission,
    on_execution,
)
from apps.trading.ingest.finding import Names, find
from apps.trading.ingest.known import opened
from apps.trading.ingest.orders import (
    hear_open_order,
    hear_status,
    names_of,
    names_of_status,
    on_open_order,
    on_order_status,
)
from ibkr.types import BrokerError, Commission, Execution, OpenOrder, OrderStatus

News = OpenOrder | OrderStatus | Execution | BrokerError
Told = News | Commission
NEWS = (OpenOrder, OrderStatus, Execution, BrokerError)


def on_order_news(connection_id: int, events: Sequence[Told], client_id: int, at: datetime) -> bool:
    """One transaction for each order that is spoken of: no two orders' rows are locked at once.

    Commissions stand behind all news. Those of fills that are told here too are written with
    them, any others by themselves. Whether only a look at open and completed orders can tell what
    some message means.
    """
    orders: dict[Hashable, list[Told]] = {}
    whose: dict[str, list[Told]] = {}
    alone: list[Commission] = []
    for event in events:
        if isinstance(event, Commission):
            whose.get(event.exec_id, alone).append(event)
            continue
        told = orders.setdefault(_whose(event, client_id), [])
        told.append(event)
        if isinstance(event, Execution):
            whose[event.exec_id] = told
    looks = [_hear_order(connection_id, told, client_id, at) for told in orders.values()]
    for commission in alone:
        on_commission(connection_id, commission, at)
    return any(looks)


def _whose(event: News, client_id: int) -> Hashable:
    """The same for all messages of an order, as far as their ids tell."""
    if isinstance(event, BrokerError):
        return client_id, event.order_id
    return (event.client_id, event.order_id) if event.order_id > 0 else event.perm_id


def _hear_order(connection_id: int, events: Sequence[Told], client_id: int, at: datetime) -> bool:
    with transaction.atomic():
        breath = _Breath(connection_id, events, client_id, at)
        for event in events:
            breath.hear(event)
        breath.end()
    for commission in breath.left:
        on_commission(connection_id, commission, at)
    return breath.look


class _Breath:
    """Messages that seem to be about one order; the dossier is that of the order last spoken of."""

    def __init__(
        self, connection_id: int, events: Sequence[Told], client_id: int, at: datetime
    ) -> None:
        self.look = False
        self.left: list[Commission] = []
        self._connection_id, self._client_id, self._at = connection_id, client_id, at
        self._exec_ids = [event.exec_id for event in events if isinstance(event, Execution)]
        self._dossier: Dossier | None = None

    def hear(self, event: Told) -> None:
        if isinstance(event, Commission):
            self._hear_commission(event)
            return
        dossier = self._dossier_of(_names(event, self._client_id))
        if dossier is None:
            self.look |= _alone(self._connection_id, event, self._client_id, self._at)
        else:
            self.look |= _hear(dossier, event)

    def end(self) -> None:
        if self._dossier is not None:
            self._dossier.write()
        self._dossier = None

    def _hear_commission(self, event: Commission) -> None:
        if self._dossier is not None and event.exec_id in self._dossier.known.fills:
            hear_commission(self._dossier, event)
        else:
            self.left.append(event)

    def _dossier_of(self, names: Names) -> Dossier | None:
        if self._dossier is not None and not _fits(self._dossier, names):
            self.end()
        if self._dossier is None:
            pk = find(self._connection_id, names)
            if pk is not None:
                order, known = opened(self._connection_id, pk, self._exec_ids)
                self._dossier = Dossier(order, self._at, known=known)
        return self._dossier


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
        hear_execution(dossier, event)
    else:
        return hear_error(dossier, event)
    return False


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
