"""A socket that drops while orders work: the policy ends them at the simulator after reconnect."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest

from apps.accounts.models import LinkEvent
from apps.lib import clock
from apps.risk.models import Alert
from apps.risk.services import limit_change
from apps.risk.services.limits import LimitScope
from apps.trading import services
from apps.trading.holders import Holder, holder_of, register
from apps.trading.models import DisconnectCancel, Order
from apps.trading.services import cancels
from apps.trading.services.disconnects import disconnects_follow
from apps.trading.states import OrderState as S
from ibkr.port import register as register_port
from tests.order_desk import WITHIN, OrderDesk, order_desk
from tests.portal import eventually
from tests.risk_data import make_officer
from tests.wire.live_session import ACCOUNT
from tests.wire.simulator import Simulator

pytestmark = pytest.mark.django_db(transaction=True)
AWAY = 2
"""Seconds."""
FAR: dict[str, Any] = {"order_type": "LMT", "limit_price": Decimal("50.25"), "tif": "GTC"}


@pytest.fixture
def desk(standing_twsim: Simulator) -> Iterator[OrderDesk]:
    with order_desk(standing_twsim) as made:
        slug = made.row.slug
        register_port(slug, made.port)
        register(slug, _holder(made))
        with patch.object(cancels, "wake", _send_here):
            yield made
        register(slug, None)
        register_port(slug, None)
        made.port.cancel_all()
        made.port.current_time()


def _holder(desk: OrderDesk) -> Holder:
    return Holder(
        slug=desk.row.slug,
        connection_id=desk.row.pk,
        client_id=lambda: desk.row.client_id,
        leases=lambda: {ACCOUNT: "1-1"},
    )


def _send_here(_name: str, *, slug: str, order_id: int, **_more: Any) -> None:
    """What the task of that name does, without a worker to take it."""
    services.cancel_send(order_id=order_id, holder=holder_of(slug))


def set_policy(order: Order, policy: str, seconds: str) -> None:
    officer = make_officer(f"officer-{order.pk}", order.account)
    where = LimitScope(account=order.account)
    for name, value in (("policy", policy), ("seconds", seconds)):
        limit_change(
            user=officer, code="disconnect_policy", name=name, value=value, reason="tests",
            scope=where, at=clock.now(),
        )  # fmt: skip


def drop(desk: OrderDesk) -> None:
    """The simulator cuts the socket and lets nobody in for a while."""
    before = LinkEvent.objects.filter(connection=desk.row, state="ready").latest("pk").pk
    desk.sim.fault("refuse", seconds=AWAY)
    desk.sim.fault("drop")
    ready = LinkEvent.objects.filter(connection=desk.row, state="ready", pk__gt=before)
    eventually(lambda: ready.exists() and desk.ready, within=WITHIN, what="the link back")


def resting(desk: OrderDesk) -> Order:
    return desk.until(desk.place(**FAR), S.SUBMITTED)


def cancels_at_broker(desk: OrderDesk, order: Order) -> int:
    rows = desk.sim.ledger()
    mine = (desk.row.client_id, order.ib_order_id)
    return sum(r["kind"] == "cancel" and (r["client_id"], r["order_id"]) == mine for r in rows)


def test_working_orders_are_ended_at_the_broker_and_confirmed(desk: OrderDesk) -> None:
    order = resting(desk)
    set_policy(order, "cancel", "1")

    drop(desk)

    desk.until(order, S.CANCELLED)
    assert cancels_at_broker(desk, order) >= 1
    (status,) = [
        row["status"]
        for row in desk.sim.ledger("status")
        if row["order_ref"] == order.ref and row["status"] == "Cancelled"
    ]
    assert status == "Cancelled"
    assert Alert.objects.get(code="disconnect_cancel").recovered_at is None
    disconnects_follow(at=clock.now())
    loss = DisconnectCancel.objects.get()
    assert list(loss.orders.all()) == [order]
    assert loss.confirmed_at is not None
    assert loss.back_at - loss.lost_at >= timedelta(seconds=1)


@pytest.mark.parametrize(("policy", "seconds"), [("keep", "1"), ("cancel", "3600")])
def test_working_orders_stay_where_the_policy_keeps_them_or_the_loss_was_short(
    desk: OrderDesk, policy: str, seconds: str
) -> None:
    order = resting(desk)
    set_policy(order, policy, seconds)

    drop(desk)
    desk.look()

    order.refresh_from_db()
    assert order.state == S.SUBMITTED
    assert cancels_at_broker(desk, order) == 0
    assert not DisconnectCancel.objects.exists()
