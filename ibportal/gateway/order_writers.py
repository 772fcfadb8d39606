"""Order events of the broker → the trading app's ingest, in the order they came."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from apps.trading import ingest, services
from apps.trading.points import reach
from apps.trading.reconcile import BrokerPicture
from ibkr.types import Commission, Execution, OpenOrder, OrderStatus

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
        news: dict[type, Writer] = dict.fromkeys(ingest.NEWS, self._news)
        return news | {BrokerPicture: self._pictures}

    def _news(self, connection_id: int, events: Sequence[Any], at: datetime) -> None:
        """Commissions come behind the news of a breath and are written with their fills.

        Where tests may end the process between a fill and its commission, it comes in a breath of
        its own, as the broker is free to send it.
        """
        if settings.CHAOS:
            paid = [event for event in events if isinstance(event, Commission)]
            events = [event for event in events if not isinstance(event, Commission)]
            self._hear(connection_id, events, at)
            self._hear(connection_id, paid, at)
        else:
            self._hear(connection_id, events, at)

    def _hear(self, connection_id: int, events: Sequence[Any], at: datetime) -> None:
        if ingest.on_order_news(connection_id, events, self._client_id(), at):
            self._look()
        for event in events:
            if isinstance(event, OpenOrder):
                reach("after_ack")
            elif isinstance(event, Execution):
                reach("between_fill_and_commission")

    def _pictures(self, connection_id: int, events: Sequence[BrokerPicture], at: datetime) -> None:
        for picture in events:
            found = services.reconcile(connection_id=connection_id, picture=picture, at=at)
            self._pictured(picture, found.look_again)
