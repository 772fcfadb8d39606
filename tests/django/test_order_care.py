"""When the gateway asks the broker for a picture of all orders."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from apps.trading.reconcile import BrokerPicture
from apps.trading.states import OrderState as S
from ibkr.port import BrokerPort
from ibportal.gateway.orders import OrderCare
from tests.factories import NOON
from tests.order_data import make_order

pytestmark = pytest.mark.django_db


class Watch:
    """Looks every five seconds, as the caretaker does, at a broker that has no orders."""

    def __init__(self) -> None:
        self.at = NOON
        self.pictures: list[datetime] = []
        self.care = OrderCare(self._put, lambda: self.at)
        nothing: dict[str, Any] = {
            name: lambda: () for name in ("open_orders", "completed_orders", "executions")
        }
        self.port = cast("BrokerPort", SimpleNamespace(**nothing, next_order_id=lambda: 1))

    def _put(self, picture: BrokerPicture) -> None:
        self.pictures.append(self.at)
        self.care.written(picture, look_again=False)

    def seconds(self, connection: Any, until: int) -> list[int]:
        """When a picture was asked for, within so many seconds from now."""
        begin, before = self.at, len(self.pictures)
        while self.at < begin + timedelta(seconds=until):
            self.care.care(self.port, connection)
            self.at += timedelta(seconds=5)
        return [int((at - begin).total_seconds()) for at in self.pictures[before:]]


def test_an_order_that_stays_unknown_is_looked_for_more_and_more_rarely() -> None:
    order, watch = make_order(state=S.UNKNOWN), Watch()
    watch.care.look_soon()
    order.claimed_at = NOON - timedelta(seconds=60)
    order.save()
    assert watch.seconds(order.connection, 240) == [0, 5, 15, 35, 75, 135, 195]


def test_another_one_is_looked_for_at_once() -> None:
    order, watch = make_order(state=S.UNKNOWN), Watch()
    watch.seconds(order.connection, 120)
    make_order(
        order.account,
        instrument=order.instrument,
        state=S.SENT,
        ref="ibp-test-2",
        ib_order_id=12,
        claimed_at=watch.at - timedelta(seconds=6),
    )
    assert watch.seconds(order.connection, 20)[0] <= 5


def test_where_every_order_is_answered_a_minute_passes() -> None:
    order, watch = make_order(state=S.SUBMITTED), Watch()
    assert watch.seconds(order.connection, 150) == [0, 65, 130]
