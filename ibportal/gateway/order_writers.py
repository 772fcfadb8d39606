"""Order events of the broker → the trading app's ingest, in the order they came."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from apps.trading import ingest, services
from apps.trading.points import reach
from apps.trading.reconcile import BrokerPicture
from ibkr.types import BrokerError, Commission, Execution, OpenOrder, OrderStatus

ORDER_EVENTS = (OpenOrder, OrderStatus, Execution, Commission, BrokerPicture)

Writer = Callable[[int, Sequence[Any], datetime], None]


class OrderWriters:
    """`look` is called when only a picture of all orders can tell what a message means."""

    def __init__(
        self,
        client_id: Callable[[], int],
        look: Callable[[], None],
        pictured: Callable[[BrokerPicture, bool], None],
    ) -> None:
        self._client_id = client_id
        self._look = look
        self._pictured = pictured

    def table(self) -> dict[type, Writer]:
        return {
            OpenOrder: self._open,
            OrderStatus: self._statuses,
            Execution: self._executions,
            Commission: self._commissions,
            BrokerError: self._errors,
            BrokerPicture: self._pictures,
        }

    def _open(self, connection_id: int, events: Sequence[OpenOrder], at: datetime) -> None:
        for order in events:
            ingest.on_open_order(connection_id, order, at)
            reach("after_ack")

    def _statuses(self, connection_id: int, events: Sequence[OrderStatus], at: datetime) -> None:
        for status in events:
            ingest.on_order_status(connection_id, status, at)

    def _executions(self, connection_id: int, events: Sequence[Execution], at: datetime) -> None:
        for execution in events:
            ingest.on_execution(connection_id, execution, at)
            reach("between_fill_and_commission")

    def _commissions(self, connection_id: int, events: Sequence[Commission], at: datetime) -> None:
        for commission in events:
            ingest.on_commission(connection_id, commission, at)

    def _errors(self, connection_id: int, events: Sequence[BrokerError], at: datetime) -> None:
        for error in events:
            if ingest.on_order_error(connection_id, error, self._client_id(), at):
                self._look()

    def _pictures(self, connection_id: int, events: Sequence[BrokerPicture], at: datetime) -> None:
        for picture in events:
            found = services.reconcile(connection_id=connection_id, picture=picture, at=at)
            self._pictured(picture, found.look_again)
