"""The life of an order: acknowledged, filled, changed, cancelled, refused, in TWS's order."""

from pathlib import Path

import pytest

from tests.twsim_desk import AAPL, ACCOUNT, open_desk
from twsim.domain.contracts import Contract
from twsim.domain.events import Commissioned, Filled, OrderChanged, Refused

FIELDS = Path(__file__).parents[2] / "twsim" / "scenarios" / "quiet.toml"


def test_a_market_order_is_reported_in_the_order_of_recorded_sessions() -> None:
    desk = open_desk()
    order_id = desk.place("BUY", 10)
    assert desk.statuses(order_id) == ["PreSubmitted"]
    desk.steps(1)

    assert desk.kinds() == [
        "OrderChanged",
        "Filled",
        "OrderChanged",
        "OrderChanged",
        "Commissioned",
    ]
    first, second = [event.order for event in desk.of(OrderChanged)][1:]
    assert (first.status, first.commission) == ("Filled", None)
    assert (second.status, second.commission) == ("Filled", 1.0)
    (fill,) = [event.execution for event in desk.of(Filled)]
    assert fill.exec_id.endswith(".01.01")
    assert (fill.price, fill.quantity, fill.cumulative, fill.side) == (262.42, 10, 10, "BOT")
    assert desk.sim.commission(fill.exec_id) == desk.of(Commissioned)[0].commission


def test_an_opening_trade_has_no_realised_profit_and_a_closing_one_does() -> None:
    desk = open_desk()
    amd = Contract(symbol="AMD", sec_type="STK", exchange="SMART", currency="USD")
    for action in ("BUY", "SELL"):
        desk.place(action, 10, on=amd)
        desk.steps(1)

    opened, closed = [event.commission for event in desk.of(Commissioned)]
    fills = [event.execution.price for event in desk.of(Filled)]
    assert opened.realized_pnl is None
    assert closed.realized_pnl == pytest.approx(10 * (fills[1] - fills[0]) - 2.0)


def test_an_order_larger_than_the_market_fills_in_parts_that_add_up() -> None:
    desk = open_desk()
    order_id = desk.place("BUY", 2000)
    desk.steps(9)

    fills = [event.execution for event in desk.of(Filled)]
    assert 2 <= len(fills) <= 8
    assert sum(fill.quantity for fill in fills) == 2000
    assert [fill.cumulative for fill in fills] == sorted({fill.cumulative for fill in fills})
    assert len({fill.exec_id for fill in fills}) == len(fills)
    assert desk.statuses(order_id) == ["PreSubmitted", "Submitted", "Filled"]
    fees = sum(event.commission.amount for event in desk.of(Commissioned))
    assert fees == pytest.approx(2000 * 0.005)


def test_the_ids_of_an_order_stay_the_same_and_perm_ids_rise() -> None:
    desk = open_desk()
    ids = [desk.place("BUY", 1, "LMT", limit_price=100.0) for _ in range(3)]
    desk.steps(2)

    perms = [{e.order.perm_id for e in desk.of(OrderChanged) if e.order.order_id == i} for i in ids]
    assert all(len(found) == 1 for found in perms)
    flat = [found.pop() for found in perms]
    assert flat == sorted(set(flat))
    assert ids == [1, 2, 3]


def test_a_resting_limit_order_is_submitted_and_fills_at_its_price() -> None:
    desk = open_desk()
    order_id = desk.place("BUY", 10, "LMT", limit_price=250.0)
    desk.steps(2)
    assert desk.status(order_id) == "Submitted"
    assert [order.order_id for order in desk.sim.working()] == [order_id]

    desk.sim.set_price("AAPL", 249.5)
    desk.steps(1)

    assert desk.status(order_id) == "Filled"
    assert desk.of(Filled)[0].execution.price == 250.0
    assert desk.sim.working() == ()
    assert [order.completed_status for order in desk.sim.completed()] == ["Filled Size: 10"]


def test_a_marketable_limit_order_gets_the_better_price() -> None:
    desk = open_desk()
    desk.place("BUY", 10, "LMT", limit_price=270.0)
    desk.steps(1)

    assert desk.of(Filled)[0].execution.price == 262.42


def test_cancel_is_pending_then_done_then_202() -> None:
    desk = open_desk()
    order_id = desk.place("BUY", 10, "LMT", limit_price=100.0)
    desk.steps(1)
    desk.sim.cancel(7, order_id)
    assert desk.status(order_id) == "PendingCancel"
    desk.sim.cancel(7, order_id)
    assert desk.codes() == [161]
    desk.steps(1)

    assert desk.status(order_id) == "Cancelled"
    last_change = desk.of(OrderChanged)[-1]
    assert last_change.status_only
    assert desk.codes() == [161, 202]
    assert desk.kinds()[-1] == "Refused"
    desk.sim.cancel(7, order_id)
    desk.sim.cancel(7, 4711)
    assert desk.codes() == [161, 202, 10148, 10147]


def test_another_client_may_cancel_and_the_status_names_it() -> None:
    desk = open_desk()
    order_id = desk.place("BUY", 10, "LMT", limit_price=100.0, tif="GTC")
    desk.steps(1)
    desk.sim.cancel(2, order_id)
    desk.steps(1)

    cancelled = desk.of(OrderChanged)[-1].order
    assert (cancelled.status, cancelled.client_id, cancelled.status_client_id) == (
        "Cancelled",
        7,
        2,
    )
    refused = [(event.client_id, event.code) for event in desk.of(Refused)]
    assert refused == [(2, 202), (7, 202)]


def test_a_change_keeps_the_identity_and_takes_the_new_price() -> None:
    desk = open_desk()
    order_id = desk.place("BUY", 10, "LMT", limit_price=100.0)
    desk.steps(1)
    desk.sim.place(7, order_id, AAPL, desk.order("BUY", 20, "LMT", limit_price=263.0))
    desk.steps(1)

    assert desk.status(order_id) == "Filled"
    assert desk.filled(order_id) == 20
    assert len({event.order.perm_id for event in desk.of(OrderChanged)}) == 1
    assert [order.order.quantity for order in desk.sim.completed()] == [20]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"action": "SELL"}, 105),
        ({"account": "DU7654321"}, 105),
        ({"limit_price": 100.005}, 110),
    ],
)
def test_a_change_that_does_not_fit_is_refused_and_changes_nothing(
    change: dict[str, object], code: int
) -> None:
    desk = open_desk()
    order_id = desk.place("BUY", 10, "LMT", limit_price=100.0)
    desk.steps(1)
    wanted = desk.order("BUY", 10, "LMT", limit_price=101.0)
    for name, value in change.items():
        setattr(wanted, name, value)
    desk.sim.place(7, order_id, AAPL, wanted)

    assert desk.codes(order_id) == [code]
    (working,) = desk.sim.working()
    assert (working.order.action, working.order.limit_price) == ("BUY", 100.0)


def test_a_filled_order_cannot_be_changed_and_a_used_id_not_again() -> None:
    desk = open_desk()
    order_id = desk.place("BUY", 10)
    desk.steps(1)
    desk.sim.place(7, order_id, AAPL, desk.order("BUY", 11))
    desk.sim.place(7, 20, AAPL, desk.order("BUY", 1, "LMT", limit_price=100.0))
    desk.sim.place(7, 19, AAPL, desk.order("BUY", 1, "LMT", limit_price=100.0))

    assert desk.codes(order_id) == [104]
    assert desk.codes(19) == [103]
    assert desk.sim.next_order_id(7) == 21
    assert desk.sim.next_order_id(8) == 1


def test_a_cancelled_order_cannot_be_changed_and_none_to_less_than_it_has() -> None:
    desk = open_desk()
    gone = desk.place("BUY", 10, "LMT", limit_price=100.0)
    desk.sim.cancel(7, gone)
    desk.steps(1)
    desk.sim.place(7, gone, AAPL, desk.order("BUY", 10, "LMT", limit_price=101.0))
    partly = desk.place("BUY", 4000, "LMT", limit_price=262.50)
    desk.steps(1)
    desk.sim.place(7, partly, AAPL, desk.order("BUY", 1, "LMT", limit_price=262.50))

    assert desk.codes(gone) == [202, 103]
    assert desk.codes(partly) == [201]
    assert desk.status(partly) == "Submitted"


def test_a_child_of_a_cancelled_parent_is_rejected() -> None:
    desk = open_desk()
    parent = desk.place("BUY", 10, "LMT", limit_price=100.0)
    desk.sim.cancel(7, parent)
    desk.steps(1)
    child = desk.place("SELL", 10, "LMT", limit_price=300.0, parent_id=parent)

    assert desk.codes(child) == [201]
    assert desk.sim.working() == ()


def test_an_index_cannot_be_traded() -> None:
    desk = open_desk()
    desk.place("BUY", 1, on=Contract(con_id=416904, exchange="CBOE"))

    assert desk.codes(1) == [201]


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("FEELINGS", {}, 321),
        ("REL", {}, 387),
        ("LMT", {"limit_price": 100.001}, 110),
        ("LMT", {}, 321),
        ("STP", {}, 321),
        ("TRAIL", {}, 321),
        ("MKT", {"tif": "SOON"}, 321),
        ("MKT", {"tif": "GTD"}, 391),
        ("MKT", {"good_after": "tomorrow"}, 391),
        ("MKT", {"account": "U1"}, 321),
        ("MKT", {"account": ""}, 435),
        ("MKT", {"parent_id": 99}, 10006),
        ("MKT", {"quantity": 0}, 434),
        ("MKT", {"quantity": 1.5}, 10243),
        ("MKT", {"action": "HOLD"}, 321),
    ],
)
def test_what_tws_refuses_is_refused_with_its_code(
    kind: str, fields: dict[str, object], code: int
) -> None:
    desk = open_desk()
    order = desk.order("BUY", 10, kind)
    for name, value in fields.items():
        setattr(order, name, value)
    desk.sim.place(7, 1, AAPL, order)
    desk.steps(2)

    assert desk.codes(1) == [code]
    assert desk.kinds() == ["Refused"]
    assert desk.sim.working() == ()


def test_an_unknown_contract_is_refused_on_the_orders_id() -> None:
    desk = open_desk()
    desk.place("BUY", 1, on=Contract(symbol="NOSUCH", sec_type="STK", exchange="SMART"))

    assert desk.codes(1) == [200]


def test_more_than_the_equity_carries_is_rejected_and_inactive() -> None:
    desk = open_desk()
    order_id = desk.place("BUY", 50_000)
    desk.steps(3)

    assert desk.codes(order_id) == [201]
    assert desk.statuses(order_id) == ["Inactive"]
    assert desk.held(265598) == 300


def test_an_account_short_of_margin_may_reduce_and_not_add(tmp_path: Path) -> None:
    scenario = tmp_path / "stretched.toml"
    scenario.write_text(
        """
        market = { frozen = true }
        hours = { around_the_clock = true }
        [[accounts]]
        code = "DU1234567"
        base = "USD"
        cash = { USD = -70000.0 }
        positions = [["AAPL", 300, 200.0]]
        """
    )
    desk = open_desk(scenario)
    more, less = desk.place("BUY", 10), desk.place("SELL", 10)
    desk.steps(1)

    assert (desk.status(more), desk.status(less)) == ("Inactive", "Filled")
    assert desk.codes(more) == [201]


def test_selling_what_is_held_is_never_refused_for_margin() -> None:
    desk = open_desk()
    order_id = desk.place("SELL", 300)
    desk.steps(3)

    assert desk.status(order_id) == "Filled"
    assert desk.held(265598) == 0


def test_what_if_tells_margins_and_changes_nothing() -> None:
    desk = open_desk()
    margin = desk.sim.what_if(7, 1, AAPL, desk.order("BUY", 100))

    assert margin.initial_after - margin.initial_before == pytest.approx(26_240 * 0.3, abs=1)
    assert margin.commission == 1.0
    assert margin.equity_before == pytest.approx(desk.value("NetLiquidation"))
    assert desk.events == []
    assert desk.sim.next_order_id(7) == 1


def test_orders_are_told_apart_by_client() -> None:
    desk = open_desk()
    for client_id in (7, 8):
        order = desk.order("BUY", 1, "LMT", limit_price=100.0)
        desk.sim.place(client_id, 1, AAPL, order)

    assert [order.client_id for order in desk.sim.working()] == [7, 8]
    assert [order.client_id for order in desk.sim.working(8)] == [8]


def test_cancel_all_takes_every_clients_orders() -> None:
    desk = open_desk()
    desk.place("BUY", 1, "LMT", limit_price=100.0)
    desk.sim.place(8, 1, AAPL, desk.order("BUY", 1, "LMT", limit_price=100.0))
    desk.sim.cancel_all()
    desk.steps(1)

    assert desk.sim.working() == ()
    assert {order.status for order in desk.sim.completed()} == {"Cancelled"}
    assert desk.codes() == [202, 202]


def test_an_order_without_transmit_is_silent_until_it_is_sent() -> None:
    desk = open_desk()
    order_id = desk.place("BUY", 10, transmit=False)
    desk.steps(3)
    assert desk.events == []
    assert desk.sim.working() == ()

    desk.sim.place(7, order_id, AAPL, desk.order("BUY", 10))
    desk.steps(1)
    assert desk.status(order_id) == "Filled"


def test_an_order_without_time_in_force_can_be_called_cancelled_while_it_lives(
    tmp_path: Path,
) -> None:
    scenario = tmp_path / "preset.toml"
    scenario.write_text(FIELDS.read_text() + "\n[exchange]\npreset_tif = true\n")
    desk = open_desk(scenario)
    order_id = desk.place("BUY", 10, "LMT", limit_price=250.0, tif="")
    desk.steps(1)

    assert 10349 in desk.codes(order_id)
    assert "Cancelled" in desk.statuses(order_id)
    assert [order.order.tif for order in desk.sim.working()] == ["DAY"]


def test_the_second_account_trades_for_itself() -> None:
    desk = open_desk()
    desk.place("BUY", 5, account="DU7654321")
    desk.steps(1)

    assert desk.held(265598, "DU7654321") == 5
    assert desk.held(265598, ACCOUNT) == 300
