"""Orders through a real session into real rows, compared with the simulator's own ledger."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.lib import clock
from apps.marketdata.ingest import on_contract_details
from apps.trading.models import Order, OrderChange
from apps.trading.services.terms import contract_of, request_from
from apps.trading.states import OrderState as S
from ibkr.types import Contract
from tests.order_desk import WITHIN, OrderDesk, order_desk
from tests.portal import eventually
from tests.wire.live_session import order as wire_order
from tests.wire.live_session import resting, running
from tests.wire.simulator import Simulator

pytestmark = pytest.mark.django_db(transaction=True)

FAR = {"order_type": "LMT", "limit_price": Decimal("50.25"), "tif": "GTC"}
"""A limit far below the market."""


@pytest.fixture
def desk(standing_twsim: Simulator) -> Iterator[OrderDesk]:
    with order_desk(standing_twsim) as made:
        yield made
        made.port.cancel_all()
        made.port.current_time()


def kinds(order: Order) -> list[str]:
    return list(order.events.values_list("kind", flat=True))


def has_event(order: Order, kind: str) -> None:
    eventually(lambda: kind in kinds(order), within=WITHIN, what=f"event {kind}")


def seen(desk: OrderDesk, **fields: Any) -> Order:
    """The row, as soon as a picture has brought it."""
    rows = Order.objects.filter(**fields)
    eventually(lambda: desk.look() and rows.exists(), within=WITHIN, what=f"an order {fields}")
    return rows.get()


def test_a_market_order_fills(desk: OrderDesk) -> None:
    order = desk.until(desk.place(), S.FILLED)
    desk.agrees(order)
    assert (order.filled, order.commission_currency) == (Decimal(10), "USD")
    assert order.perm_id is not None
    assert order.ended_at is not None


def test_a_large_order_fills_in_parts(desk: OrderDesk) -> None:
    order = desk.until(desk.place(quantity=Decimal(9000), instrument=desk.stock("KO")), S.FILLED)
    desk.agrees(order)
    assert order.executions.count() > 1


def test_shares_of_hong_kong_trade_in_the_board_lots_that_details_tell(desk: OrderDesk) -> None:
    query = Contract(symbol="2800", sec_type="STK", exchange="SEHK", currency="HKD")
    told = desk.port.contract_details(query)
    assert {row.suggested_size_increment for row in told} == {Decimal(500)}
    (tracker,) = on_contract_details(details=told, at=clock.now())
    assert {tracker.min_size, tracker.size_increment, tracker.lot} == {Decimal(500)}
    odd = desk.until(desk.place(instrument=tracker, quantity=Decimal(700)), S.REJECTED)
    assert odd.reason_code == "355"
    whole = desk.until(desk.place(instrument=tracker, quantity=Decimal(1000)), S.FILLED)
    assert desk.agrees(whole).filled == 1000


def test_parts_of_a_us_share_are_told_but_ordered_whole(desk: OrderDesk) -> None:
    query = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
    (apple,) = on_contract_details(details=desk.port.contract_details(query), at=clock.now())
    apple.refresh_from_db()
    assert (apple.min_size, apple.size_increment) == (Decimal("0.0001"), Decimal("0.0001"))
    assert {apple.lot, apple.least} == {Decimal(1)}


def test_a_resting_order_is_cancelled(desk: OrderDesk) -> None:
    order = desk.until(desk.place(**FAR), S.SUBMITTED)
    assert order.ib_order_id is not None
    desk.port.cancel_order(order.ib_order_id)
    desk.until(order, S.CANCELLED)
    eventually(
        lambda: Order.objects.get(pk=order.pk).reason_code == "202", within=WITHIN, what="code 202"
    )
    desk.port.cancel_order(order.ib_order_id)
    has_event(order, "message")
    assert desk.agrees(order).state == S.CANCELLED


def test_a_change_is_confirmed_and_a_wrong_one_refused(desk: OrderDesk) -> None:
    order = desk.until(desk.place(**FAR), S.SUBMITTED)

    def change(number: int, **fields: Decimal) -> OrderChange:
        made = OrderChange.objects.create(
            order=order,
            number=number,
            quantity=fields["quantity"],
            limit_price=fields["limit_price"],
            state=OrderChange.State.SENT,
            asked_at=clock.now(),
        )
        wanted = Order.objects.get(pk=order.pk)
        wanted.quantity, wanted.limit_price = made.quantity, made.limit_price
        assert order.ib_order_id is not None
        contract = contract_of(order.instrument)
        desk.port.place_order(order.ib_order_id, contract, request_from(wanted))
        return made

    def answered(made: OrderChange) -> bool:
        made.refresh_from_db()
        return made.state != OrderChange.State.SENT

    good = change(1, quantity=Decimal(7), limit_price=Decimal("51.50"))
    eventually(lambda: answered(good), within=WITHIN, what="an answer to the change")
    order.refresh_from_db()
    assert good.state == OrderChange.State.CONFIRMED
    assert (order.quantity, order.limit_price) == (Decimal(7), Decimal("51.50"))
    bad = change(2, quantity=Decimal(7), limit_price=Decimal("51.123"))
    eventually(lambda: answered(bad), within=WITHIN, what="an answer to the change")
    order.refresh_from_db()
    assert (bad.state, bad.reason[:4]) == (OrderChange.State.REFUSED, "110:")
    assert (order.state, order.limit_price) == (S.SUBMITTED, Decimal("51.50"))


def test_a_reject_has_its_reason(desk: OrderDesk) -> None:
    desk.sim.fault("reject_next", code=201, text="Order rejected - reason:No such luck")
    order = desk.until(desk.place(), S.REJECTED)
    assert (order.reason_code, order.reason[-12:]) == ("201", "No such luck")
    desk.agrees(order)


def test_an_order_that_is_refused_at_the_door_is_rejected(desk: OrderDesk) -> None:
    order = desk.until(desk.place(**FAR | {"limit_price": Decimal("50.123")}), S.REJECTED)
    assert order.reason_code == "110"


@pytest.mark.parametrize("tif", ["IOC", "FOK"])
def test_what_cannot_fill_at_once_ends(desk: OrderDesk, tif: str) -> None:
    order = desk.until(desk.place(**FAR | {"tif": tif}), S.CANCELLED)
    assert desk.agrees(order).filled == 0


def test_a_stop_waits_for_its_trigger(desk: OrderDesk) -> None:
    stop = {"order_type": "STP", "stop_price": Decimal(90), "side": "SELL"}
    order = desk.until(desk.place(**stop, instrument=desk.stock("XOM")), S.PRE_SUBMITTED)
    eventually(
        lambda: Order.objects.get(pk=order.pk).why_held == "trigger", within=WITHIN, what="trigger"
    )
    desk.sim.market("XOM", 85.0)
    desk.until(order, S.FILLED)
    assert desk.agrees(order).why_held == ""


def test_reports_that_come_twice_count_once(desk: OrderDesk) -> None:
    desk.sim.fault("duplicate_reports", count=20)
    desk.agrees(desk.until(desk.place(), S.FILLED))


def test_an_execution_after_the_status_it_causes_counts(desk: OrderDesk) -> None:
    desk.sim.fault("out_of_order", count=3)
    order = desk.until(desk.place(), S.FILLED)
    assert desk.agrees(order).filled == 10


def test_a_correction_replaces_and_a_bust_removes(desk: OrderDesk) -> None:
    order = desk.agrees(desk.until(desk.place(), S.FILLED))
    desk.sim.fault("correction", price=123.45)
    has_event(order, "correction")
    assert desk.agrees(order).average_price == Decimal("123.45")
    desk.sim.fault("bust")
    has_event(order, "bust")
    assert desk.agrees(order).filled == 0


def test_10349_leaves_the_order_alive(desk: OrderDesk) -> None:
    desk.sim.fault("order_alive_10349")
    order = desk.place(**FAR)
    has_event(order, "message")
    desk.until(order, S.SUBMITTED)
    assert "Cancelled" in order.evidence["statuses"]
    desk.look()
    assert desk.until(order, S.SUBMITTED).ended_at is None


def test_orders_of_other_programs_are_shown_and_followed(desk: OrderDesk) -> None:
    with running(desk.sim.port, client_id=42) as other:
        other.ready()
        stock = other.stock()
        other.port.place_order(other.port.next_order_id(), stock, resting(order_ref="other"))
        row = seen(desk, ref="other", state=S.SUBMITTED)
        assert (row.external, row.client_id, row.quantity) == (True, 42, Decimal(10))
        assert row.ib_order_id is not None
        other.port.cancel_order(row.ib_order_id)
        desk.until(row, S.CANCELLED, look=True)
        other.port.place_order(
            other.port.next_order_id(), stock, wire_order(order_ref="other-fill")
        )
        seen(desk, ref="other-fill", filled=10, state=S.FILLED)


def test_an_order_entered_by_hand_is_shown(desk: OrderDesk) -> None:
    perm_id = desk.sim.fault("manual_order", symbol="MSFT", action="SELL", quantity=3, price=9000)
    row = seen(desk, perm_id=perm_id)
    assert (row.external, row.ib_order_id, row.side) == (True, 0, "SELL")


def test_a_crash_between_claim_and_the_wire_ends_not_sent(desk: OrderDesk) -> None:
    order = desk.row_of()
    Order.objects.filter(pk=order.pk).update(claimed_at=clock.now() - timedelta(minutes=1))
    desk.until(order, S.NOT_SENT, look=True)
    assert order.reason_code == "absent"


def test_a_crash_between_the_wire_and_its_mark_is_settled(desk: OrderDesk) -> None:
    """Fills that came while nobody listened: the picture has them."""
    order = desk.row_of()
    assert order.ib_order_id is not None
    with running(desk.sim.port, client_id=99) as other:
        other.ready()
        request = request_from(order)
        other.port.place_order(order.ib_order_id, contract_of(order.instrument), request)
        desk.until(order, S.FILLED, look=True)
        desk.agrees(order)


def test_a_restart_that_lost_the_newest_orders_leaves_no_ghost(desk: OrderDesk) -> None:
    kept = desk.agrees(desk.until(desk.place(), S.FILLED))
    order = desk.until(desk.place(**FAR), S.SUBMITTED)
    assert desk.sim.fault("restart_lost_ids", seconds=0.5, lost=60) >= 1
    eventually(lambda: not desk.ready, within=WITHIN, what="the link to drop")
    desk.until(order, S.CANCELLED, look=True)
    assert order.reason_code == "gone"
    after = desk.place()
    assert (after.ib_order_id or 0) > (order.ib_order_id or 0)
    desk.agrees(desk.until(after, S.FILLED))
    desk.agrees(kept)
    order.refresh_from_db()
    assert order.state == S.CANCELLED
