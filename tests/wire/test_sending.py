"""From an accepted row to the simulator's socket, once: claims, leases, the gate's second look."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.db import connections

from apps.lib import clock
from apps.risk.models import GateDecision
from apps.trading import services
from apps.trading.holders import Holder
from apps.trading.models import Order, OrderChange
from apps.trading.services import gating
from apps.trading.states import OrderState as S
from ibkr.errors import NotConnected, NotReady
from tests.order_desk import WITHIN, OrderDesk
from tests.portal import eventually
from tests.wire.sending_desk import (
    Lease,
    accepted,
    held,
    judged,
    on_the_wire,
    second_looks,
    sending_desk,
    submit,
)
from tests.wire.simulator import Simulator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(standing_twsim: Simulator) -> Iterator[OrderDesk]:
    with sending_desk(standing_twsim) as made:
        yield made


@pytest.fixture
def lease() -> Lease:
    return Lease()


@pytest.fixture
def holder(desk: OrderDesk, lease: Lease) -> Iterator[Holder]:
    with held(desk, lease) as found:
        yield found


def test_an_order_is_claimed_committed_and_sent(desk: OrderDesk, holder: Holder) -> None:
    order = desk.until(submit(accepted(desk), holder), S.SUBMITTED)
    assert order.lease_token == "17-18"
    assert order.claimed_at is not None
    claimed, sent = order.events.order_by("number")[:2]
    assert (claimed.kind, claimed.before, claimed.after) == ("claimed", S.ACCEPTED, S.CLAIMED)
    assert claimed.data == {"ib_order_id": order.ib_order_id, "lease": "17-18"}
    assert sent.kind == "sent"
    assert on_the_wire(desk, order) == 1
    assert second_looks(order) == [True]


def test_a_message_delivered_again_sends_nothing(desk: OrderDesk, holder: Holder) -> None:
    order = submit(accepted(desk), holder)
    number = order.ib_order_id
    for _ in range(3):
        submit(order, holder)
    desk.until(order, S.SUBMITTED)
    assert order.ib_order_id == number
    assert on_the_wire(desk, order) == 1


def test_many_threads_with_the_same_messages_send_each_order_once_and_in_order(
    desk: OrderDesk, holder: Holder
) -> None:
    orders = [accepted(desk) for _ in range(12)]

    def work() -> None:
        for order in orders:
            services.order_submit(order_id=order.pk, holder=holder, now=clock.now)
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for order in orders:
        desk.until(order, S.SUBMITTED)
    assert [on_the_wire(desk, order) for order in orders] == [1] * 12


def test_without_the_lease_nothing_is_claimed(
    desk: OrderDesk, holder: Holder, lease: Lease
) -> None:
    order = accepted(desk)
    lease.token = ""
    with pytest.raises(NotConnected):
        submit(order, holder)
    order.refresh_from_db()
    assert order.state == S.ACCEPTED
    assert on_the_wire(desk, order) == 0
    lease.token, lease.account = "17-18", "DU0000001"
    with pytest.raises(NotConnected):
        submit(order, holder)
    order.refresh_from_db()
    assert (order.state, order.ib_order_id) == (S.ACCEPTED, None)


def test_an_order_that_waited_too_long_is_not_claimed(desk: OrderDesk, holder: Holder) -> None:
    order = accepted(desk)
    late = clock.now() - timedelta(seconds=settings.ORDER_SEND_WITHIN_SECONDS + 1)
    Order.objects.filter(pk=order.pk).update(accepted_at=late)
    assert submit(order, holder).state == S.ACCEPTED
    assert on_the_wire(desk, order) == 0


def test_a_lease_lost_after_the_claim_gives_the_order_back(
    desk: OrderDesk, holder: Holder, lease: Lease
) -> None:
    order = accepted(desk)
    passing = judged

    def loses(**asked: Any) -> GateDecision:
        lease.token = "19-18"
        return passing(**asked)

    with patch.object(gating, "gate_judge", loses):
        submit(order, holder)
    assert order.state == S.ACCEPTED
    assert (order.ib_order_id, order.lease_token) == (None, "")
    assert [e.kind for e in order.events.all()] == ["claimed", "given_back"]
    assert on_the_wire(desk, order) == 0
    desk.until(submit(order, holder), S.SUBMITTED)


def test_the_gates_second_no_ends_the_order_unsent(desk: OrderDesk, holder: Holder) -> None:
    order = accepted(desk)
    passing = judged

    def refuses(**asked: Any) -> GateDecision:
        decision = passing(**asked)
        decision.passed = False
        decision.verdicts = [{"code": "kill", "passed": False, "message": "Stopped."}]
        return decision

    with patch.object(gating, "gate_judge", refuses):
        submit(order, holder)
    assert (order.state, order.reason_code, order.reason) == (S.REFUSED, "kill", "Stopped.")
    assert on_the_wire(desk, order) == 0
    assert second_looks(order) == [False]


def test_an_order_withdrawn_between_claim_and_wire_is_not_sent(
    desk: OrderDesk, holder: Holder
) -> None:
    order = accepted(desk)
    passing = judged

    def withdraws(**asked: Any) -> GateDecision:
        Order.objects.filter(pk=order.pk).update(cancel_asked_at=clock.now())
        return passing(**asked)

    with patch.object(gating, "gate_judge", withdraws):
        submit(order, holder)
    assert (order.state, order.reason_code) == (S.NOT_SENT, "withdrawn")
    assert on_the_wire(desk, order) == 0


def test_a_dropped_link_leaves_the_order_accepted(desk: OrderDesk, holder: Holder) -> None:
    order = accepted(desk)
    desk.sim.fault("refuse", seconds=3)
    desk.session.drop("test", "A test drops the link.")
    eventually(lambda: not desk.ready, within=WITHIN, what="the link to be down")
    with pytest.raises((NotConnected, NotReady)):
        submit(order, holder)
    order.refresh_from_db()
    assert order.state == S.ACCEPTED
    eventually(lambda: desk.ready, within=WITHIN, what="the link to be back")
    desk.until(submit(order, holder), S.SUBMITTED)


def test_an_old_order_is_left_to_the_sweep(desk: OrderDesk, holder: Holder) -> None:
    order = accepted(desk, accepted_at=clock.now().replace(year=2025))
    submit(order, holder)
    assert order.state == S.ACCEPTED
    assert on_the_wire(desk, order) == 0


def test_a_bracket_goes_out_whole_and_one_exit_ends_the_other(
    desk: OrderDesk, holder: Holder
) -> None:
    entry = accepted(desk, order_type="MKT", limit_price=None, tif="DAY", transmit=False)
    exits: dict[str, Any] = {"parent": entry, "side": "SELL"}
    profit = accepted(desk, **exits, limit_price=Decimal("10.25"), transmit=False)
    loss = accepted(desk, **exits, order_type="STP", limit_price=None, stop_price=Decimal("5.25"))
    submit(entry, holder)
    desk.until(entry, S.FILLED)
    desk.until(profit, S.FILLED)
    desk.until(loss, S.CANCELLED)
    assert [on_the_wire(desk, order) for order in (entry, profit, loss)] == [1, 1, 1]


def test_a_cancel_reaches_the_broker_and_may_be_sent_twice(desk: OrderDesk, holder: Holder) -> None:
    order = desk.until(submit(accepted(desk), holder), S.SUBMITTED)
    services.cancel_send(order_id=order.pk, holder=holder)
    services.cancel_send(order_id=order.pk, holder=holder)
    desk.until(order, S.CANCELLED)
    services.cancel_send(order_id=order.pk, holder=holder)
    assert order.state == S.CANCELLED


def test_a_change_is_confirmed_by_the_broker(desk: OrderDesk, holder: Holder) -> None:
    order = desk.until(submit(accepted(desk), holder), S.SUBMITTED)
    change = services.order_change(
        user=None, order=order, limit_price=Decimal("51.25"), at=clock.now()
    )
    services.change_send(change_id=change.pk, holder=holder, now=clock.now)
    services.change_send(change_id=change.pk, holder=holder, now=clock.now)

    def confirmed() -> bool:
        change.refresh_from_db()
        return change.state == OrderChange.State.CONFIRMED

    eventually(confirmed, within=WITHIN, what="the change to be confirmed")
    order.refresh_from_db()
    assert order.limit_price == Decimal("51.25")
    assert on_the_wire(desk, order) == 1


def test_what_if_places_nothing_and_lets_the_next_order_through(
    desk: OrderDesk, holder: Holder
) -> None:
    order = accepted(desk)
    terms = {"side": "BUY", "quantity": "10", "order_type": "MKT", "tif": "DAY"}
    told = services.what_if_here(
        desk.port, account_id=order.account_id, con_id=order.instrument_id, terms=terms
    )
    assert Decimal(told["initial_after"]) > 0
    desk.until(submit(order, holder), S.SUBMITTED)
