"""Order types and times in force, one by one, and what holds for any mix of orders."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.twsim_desk import ACCOUNT, Desk, open_desk
from twsim.domain.contracts import Contract
from twsim.domain.events import Commissioned, Filled, OrderChanged


def reports(desk: Desk, order_id: int) -> list[str]:
    held = [event.order for event in desk.of(OrderChanged) if event.order.order_id == order_id]
    return [order.why_held for order in held]


def test_immediate_or_cancel_goes_when_the_market_is_away() -> None:
    desk = open_desk()
    order_id = desk.place("BUY", 1, "LMT", limit_price=200.0, tif="IOC")
    desk.steps(1)

    assert desk.statuses(order_id)[-2:] == ["PendingCancel", "Cancelled"]
    assert desk.codes() == []


def test_immediate_or_cancel_keeps_what_it_got() -> None:
    desk = open_desk()
    order_id = desk.place("BUY", 2000, "LMT", limit_price=263.0, tif="IOC")
    desk.steps(3)

    assert desk.status(order_id) == "Cancelled"
    assert 0 < desk.filled(order_id) < 2000
    assert desk.held(265598) == 300 + desk.filled(order_id)


def test_fill_or_kill_is_inactive_when_the_market_is_away_and_whole_when_it_is_not() -> None:
    desk = open_desk()
    away = desk.place("BUY", 1, "LMT", limit_price=200.0, tif="FOK")
    here = desk.place("BUY", 2000, "LMT", limit_price=263.0, tif="FOK")
    desk.steps(1)

    assert desk.status(away) == "Inactive"
    assert desk.status(here) == "Filled"
    assert [event.execution.quantity for event in desk.of(Filled)] == [2000]


@pytest.mark.parametrize(
    ("action", "level", "before", "after"),
    [("SELL", 250.0, 251.0, 249.99), ("BUY", 270.0, 269.0, 270.01)],
)
def test_a_stop_waits_for_its_trigger(
    action: str, level: float, before: float, after: float
) -> None:
    desk = open_desk()
    order_id = desk.place(action, 10, "STP", aux_price=level)
    desk.sim.set_price("AAPL", before)
    desk.steps(2)
    assert desk.statuses(order_id) == ["PreSubmitted"]
    assert set(reports(desk, order_id)) == {"trigger"}

    desk.sim.set_price("AAPL", after)
    desk.steps(1)
    assert desk.statuses(order_id) == ["PreSubmitted", "Submitted", "Filled"]


def test_a_triggered_stop_limit_does_not_chase_the_market() -> None:
    desk = open_desk()
    order_id = desk.place("SELL", 10, "STP LMT", aux_price=250.0, limit_price=249.5)
    desk.steps(1)
    desk.sim.set_price("AAPL", 245.0)
    desk.steps(2)
    assert desk.status(order_id) == "Submitted"
    assert desk.filled(order_id) == 0

    desk.sim.set_price("AAPL", 249.8)
    desk.steps(1)
    assert desk.status(order_id) == "Filled"


@pytest.mark.parametrize("distance", [{"aux_price": 5.0}, {"trailing_percent": 2.0}])
def test_a_trailing_stop_follows_up_and_never_down(distance: dict[str, Any]) -> None:
    desk = open_desk()
    order_id = desk.place("SELL", 10, "TRAIL", **distance)
    for price in (262.0, 280.0, 276.0):
        desk.sim.set_price("AAPL", price)
        desk.steps(1)
    (working,) = desk.sim.working()
    assert working.trail_stop == pytest.approx(275.0 if "aux_price" in distance else 274.4)

    desk.sim.set_price("AAPL", 274.0)
    desk.steps(1)
    assert desk.status(order_id) == "Filled"


def test_a_trailing_buy_follows_down() -> None:
    desk = open_desk()
    order_id = desk.place("BUY", 10, "TRAIL", aux_price=5.0, trail_stop_price=267.0)
    for price in (262.0, 240.0, 244.0):
        desk.sim.set_price("AAPL", price)
        desk.steps(1)
    assert desk.filled(order_id) == 0

    desk.sim.set_price("AAPL", 245.2)
    desk.steps(1)
    assert desk.status(order_id) == "Filled"


def test_a_trailing_limit_fills_within_its_offset() -> None:
    desk = open_desk()
    order_id = desk.place("SELL", 10, "TRAIL LIMIT", aux_price=5.0, limit_price_offset=0.5)
    desk.steps(1)
    desk.sim.set_price("AAPL", 250.0)
    desk.steps(2)
    assert desk.status(order_id) == "Submitted"

    desk.sim.set_price("AAPL", 257.0)
    desk.steps(1)
    assert desk.of(Filled)[0].execution.price >= 262.40 - 5.0 - 0.5 - 0.01


def test_market_to_limit_leaves_its_rest_at_the_price_it_got() -> None:
    desk = open_desk()
    order_id = desk.place("BUY", 4000, "MTL")
    desk.steps(1)
    got = desk.of(Filled)[0].execution.price
    desk.sim.set_price("AAPL", 300.0)
    desk.steps(3)
    assert desk.status(order_id) == "Submitted"

    desk.sim.set_price("AAPL", got - 1)
    desk.steps(9)
    assert desk.status(order_id) == "Filled"
    assert {event.execution.price for event in desk.of(Filled)} == {got}


def test_a_touch_order_buys_when_the_price_comes_down() -> None:
    desk = open_desk()
    order_id = desk.place("BUY", 10, "MIT", aux_price=250.0)
    desk.steps(1)
    assert desk.filled(order_id) == 0
    desk.sim.set_price("AAPL", 249.0)
    desk.steps(1)

    assert desk.status(order_id) == "Filled"


def test_day_orders_end_with_the_session_and_good_till_cancelled_ones_do_not() -> None:
    desk = open_desk("trading_day")
    day = desk.place("BUY", 1, "LMT", limit_price=100.0)
    gtc = desk.place("BUY", 1, "LMT", limit_price=100.0, tif="GTC")
    dated = desk.place("BUY", 1, "LMT", limit_price=100.0, tif="GTD",
                       good_till="20260406 11:00:00 US/Eastern")  # fmt: skip
    desk.steps(1, seconds=2 * 3600)
    assert [desk.status(n) for n in (day, gtc, dated)] == ["Submitted", "Submitted", "Cancelled"]
    desk.steps(1, seconds=5 * 3600)

    assert (desk.status(day), desk.status(gtc)) == ("Cancelled", "PreSubmitted")


def test_an_order_off_hours_waits_and_says_so() -> None:
    desk = open_desk("trading_day")
    order_id = desk.place("BUY", 1)
    desk.steps(3, seconds=60)
    assert desk.codes(order_id) == [399]
    assert desk.statuses(order_id) == ["PreSubmitted"]
    desk.steps(3, seconds=60)

    assert desk.status(order_id) == "Filled"


def test_an_order_outside_regular_hours_trades_before_the_opening() -> None:
    desk = open_desk("trading_day")
    order_id = desk.place("BUY", 1, "LMT", limit_price=400.0, outside_rth=True)
    desk.steps(1)

    assert desk.codes() == []
    assert desk.status(order_id) == "Filled"


def test_orders_for_the_close_and_the_open_trade_then() -> None:
    desk = open_desk("trading_day")
    at_open = desk.place("BUY", 1, "MKT", tif="OPG")
    at_close = desk.place("BUY", 2, "MOC")
    too_cheap = desk.place("BUY", 3, "LOC", limit_price=1.0)
    desk.steps(1, seconds=60)
    assert desk.filled(at_open) == 0
    desk.steps(1, seconds=600)
    assert desk.status(at_open) == "Filled"
    assert desk.filled(at_close) == 0
    desk.steps(1, seconds=6.5 * 3600)

    assert desk.status(at_close) == "Filled"
    assert desk.status(too_cheap) == "Cancelled"


def test_an_order_for_the_open_placed_in_the_session_waits_for_tomorrow() -> None:
    desk = open_desk("trading_day")
    desk.steps(1, seconds=1200)
    order_id = desk.place("BUY", 1, "MKT", tif="OPG")
    desk.steps(1, seconds=6 * 3600)
    assert desk.statuses(order_id) == ["PreSubmitted"]
    desk.steps(1, seconds=18 * 3600)

    assert desk.status(order_id) == "Filled"


def test_good_after_holds_an_order_back() -> None:
    desk = open_desk("demo")
    order_id = desk.place("BUY", 1, good_after="20260406 12:10:00 US/Eastern")
    desk.steps(1, seconds=500)
    assert desk.statuses(order_id) == ["PreSubmitted"]
    desk.steps(1, seconds=200)

    assert desk.status(order_id) == "Filled"


def test_an_algorithm_spreads_an_order() -> None:
    desk = open_desk()
    order_id = desk.place("BUY", 50, algo_strategy="Twap")
    desk.steps(12)

    assert desk.status(order_id) == "Filled"
    assert len(desk.of(Filled)) == 10


def test_a_board_lot_is_kept() -> None:
    desk = open_desk()
    tencent = Contract(con_id=900000011, exchange="SEHK")
    odd = desk.place("BUY", 150, on=tencent)
    even = desk.place("BUY", 100, on=tencent)
    desk.steps(1)

    assert desk.codes(odd) == [355]
    assert desk.status(even) == "Filled"
    (fee,) = [event.commission for event in desk.of(Commissioned)]
    assert fee.currency == "HKD"
    assert fee.amount == pytest.approx(612.5 * 100 * 0.0008)


one_order = st.tuples(
    st.sampled_from(["BUY", "SELL"]),
    st.integers(1, 1500),
    st.sampled_from(["MKT", "LMT", "STP", "MTL", "TRAIL"]),
    st.integers(-300, 300),
    st.sampled_from(["DAY", "GTC", "IOC", "FOK"]),
)
ONE_STOCK = """
[market]
frozen = true
[hours]
around_the_clock = true
[[accounts]]
code = "DU1234567"
base = "USD"
cash = { USD = 1000000.0 }
positions = [["AAPL", 300, 200.0]]
"""


@pytest.fixture(scope="module")
def one_stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scenarios") / "one_stock.toml"
    path.write_text(ONE_STOCK)
    return path


def play(desk: Desk, orders: list[tuple[str, int, str, int, str]], moves: list[int]) -> None:
    """Places all orders, moves the price about, and ends with an empty book."""
    for action, quantity, kind, offset, tif in orders:
        level = round(262.40 + offset / 100, 2)
        aux = 1.0 if kind == "TRAIL" else level
        desk.place(action, quantity, kind, limit_price=level, aux_price=aux, tif=tif)
    desk.steps(10)
    for move in moves:
        desk.sim.set_price("AAPL", round(262.40 + move / 100, 2))
        desk.steps(3)
    desk.sim.cancel_all()
    desk.steps(1)


# Shrinking is left out: an example of eight orders is readable as it is.
@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.lists(one_order, min_size=1, max_size=8), st.lists(st.integers(-200, 200), max_size=6))
def test_money_and_shares_are_conserved_whatever_is_traded(
    one_stock: Path, orders: list[tuple[str, int, str, int, str]], moves: list[int]
) -> None:
    """Executions add up to what orders and positions say; equity moves by price and fee alone."""
    desk = open_desk(one_stock)
    before = desk.equity()
    play(desk, orders, moves)
    fills = [event.execution for event in desk.of(Filled)]
    fees = sum(event.commission.amount for event in desk.of(Commissioned))
    signed = [fill.quantity if fill.side == "BOT" else -fill.quantity for fill in fills]
    cash = -sum(n * fill.price for n, fill in zip(signed, fills, strict=True)) - fees
    position = 300 + sum(signed)

    for order in desk.sim.completed():
        assert order.filled == pytest.approx(desk.filled(order.order_id))
        assert order.filled <= order.order.quantity + 1e-9
    assert desk.sim.working() == ()
    assert desk.held(265598) == pytest.approx(position)
    assert desk.sim.floor.accounts[ACCOUNT].cash()["USD"] == pytest.approx(1_000_000 + cash)
    gained = position * (desk.sim.quote(265598).last or 0.0) + cash - 300 * 262.40
    assert desk.equity() - before == pytest.approx(gained, abs=1e-4)
