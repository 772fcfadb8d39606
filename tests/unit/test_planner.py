"""The planner, rule by rule: a few lines for each."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.trading.rebalance import Holding, Reason
from tests.unit.plans import AT, line, number, planned, quoted, seen, traded


def test_a_first_plan_buys_whole_shares_of_the_investable_value() -> None:
    result = planned({1: "0.5"}, {1: 30}, cash_buffer=Decimal("0.02"))
    assert traded(result) == {1: 163}  # 0.5 · 9,800 / 30 = 163.33
    assert result.buffer == 200


def test_the_multiplier_and_the_rate_are_part_of_the_size() -> None:
    foreign = quoted(320, fx=Decimal("0.125"), currency="HKD", lot=Decimal(10))
    contract = quoted(10, multiplier=Decimal(100), sec_type="OPT")
    result = planned({1: "0.5", 2: "0.25"}, {1: foreign, 2: contract})
    assert traded(result) == {1: 120, 2: 2}  # 5,000 / 40 = 125 in lots of 10; 2,500 / 1,000


def test_positions_and_open_orders_are_subtracted() -> None:
    working = Holding(1, Decimal(20), Decimal(10))
    assert traded(planned({1: "0.5"}, {1: 100}, holdings=(working,))) == {1: 20}


def test_sells_pay_for_buys_and_come_first() -> None:
    result = planned({1: "0.2", 2: "0.7"}, {1: 100, 2: 100}, held={1: 100}, cash=0)
    assert list(traded(result).items()) == [(1, -80), (2, 70)]
    assert result.cash_after == 10_000 - 2000 - 7000 - result.cost


def test_the_last_buy_is_cut_when_cash_ends() -> None:
    result = planned({1: "0.6", 2: "0.4"}, {1: 100, 2: 100})
    assert traded(result) == {1: 60, 2: 39}
    assert seen(line(result, 2).reason, line(result, 2).wanted) == (Reason.NO_CASH, 40)


def test_costs_are_paid_before_the_buffer_is_touched() -> None:
    result = planned({1: "1"}, {1: 100}, cash_buffer=Decimal("0.02"))
    assert traded(result) == {1: 97}
    assert result.cash_after == 10_000 - 9700 - Decimal(1) - Decimal("0.05") * 97


def test_what_the_sells_cost_is_not_spent_again() -> None:
    result = planned({1: 0, 2: "0.5"}, {1: 100, 2: 1}, held={1: 20}, cash=0, nlv=2000)
    assert traded(result) == {1: -20, 2: 1000}
    assert result.cash_after == 2000 - 1000 - result.cost
    tight = planned({1: 0, 2: 1}, {1: 100, 2: 1}, held={1: 20}, cash=0, nlv=2000)
    spent = line(tight, 2).value + line(tight, 2).cost
    assert spent <= 2000 - line(tight, 1).cost < spent + 2


def test_available_funds_below_cash_are_the_limit() -> None:
    result = planned({1: "0.5"}, {1: 100}, available=1500)
    assert traded(result) == {1: 14}


def test_open_buys_have_spent_their_cash_already() -> None:
    working = Holding(2, Decimal(0), Decimal(80))
    result = planned({1: "0.2", 2: "0.8"}, {1: 100, 2: 100}, holdings=(working,))
    assert traded(result) == {1: 19}


def test_with_borrowed_cash_nothing_is_bought() -> None:
    result = planned({1: "0.5"}, {1: 100}, cash=-3000)
    assert traded(result) == {}
    assert line(result, 1).reason == Reason.NO_CASH


@pytest.mark.parametrize(
    ("held", "trades"), [(104, False), (105, False), (106, True), (95, False), (94, True)]
)
def test_the_absolute_band_is_inclusive(held: int, *, trades: bool) -> None:
    result = planned({1: "0.1"}, {1: 10}, held={1: held}, drift_absolute=Decimal("0.005"))
    assert bool(result.trades) is trades
    assert trades or line(result, 1).reason == Reason.WITHIN_BAND


def test_the_narrower_band_decides() -> None:
    bands: dict[str, Any] = {"drift_absolute": Decimal("0.005"), "drift_relative": Decimal("0.1")}
    result = planned(
        {1: "0.01", 2: "0.2"}, {1: 1, 2: 1}, held={1: 112, 2: 2040}, cash=7848, **bands
    )
    assert traded(result) == {1: -12}


def test_outside_the_band_the_trade_goes_to_the_target() -> None:
    result = planned({1: "0.1"}, {1: 10}, held={1: 150}, drift_absolute=Decimal("0.01"))
    assert traded(result) == {1: -50}


def test_a_target_of_zero_is_sold_out_whatever_the_band() -> None:
    result = planned({1: 0}, {1: 10}, held={1: 3}, drift_absolute=Decimal("0.1"))
    assert traded(result) == {1: -3}


def test_less_than_a_lot_beside_the_target_is_left() -> None:
    result = planned({1: "0.0999"}, {1: 10}, held={1: 100})
    assert line(result, 1).reason == Reason.WITHIN_LOT
    assert line(planned({1: "0.1"}, {1: 10}, held={1: 100}), 1).reason == Reason.AT_TARGET


def test_small_trades_are_not_worth_their_commission() -> None:
    result = planned({1: "0.11"}, {1: 10}, held={1: 100}, minimum_trade=Decimal(200))
    assert traded(result) == {}
    assert line(result, 1).reason == Reason.BELOW_MINIMUM


def test_less_than_the_market_takes_is_left_out_and_says_so() -> None:
    few = quoted(10, least=number(200))
    result = planned({1: "0.11", 2: "0.01"}, {1: few, 2: few}, held={1: 100, 2: 150})
    assert traded(result) == {}
    assert [row.reason for row in result.lines] == [Reason.BELOW_MIN_SIZE] * 2
    assert seen(line(result, 1).wanted, line(result, 2).wanted) == (10, -140)


def test_what_is_cut_below_the_smallest_size_is_left_out() -> None:
    few = quoted(10, least=number(200))
    capped = planned({1: "0.5"}, {1: few}, turnover_cap=number("0.05"))
    poor = planned({1: "0.5"}, {1: few}, cash=1990)
    assert traded(capped) == traded(poor) == {}
    assert line(capped, 1).reason == Reason.TURNOVER_CAP
    assert line(poor, 1).reason == Reason.NO_CASH


def test_turnover_goes_to_the_largest_drift_first() -> None:
    result = planned(
        {1: "0.5", 2: "0.3"},
        {1: 10, 2: 10},
        turnover_cap=Decimal("0.3"),
    )
    assert traded(result) == {1: 500, 2: 100}
    assert line(result, 2).reason == Reason.TURNOVER_CAP
    assert result.turnover == Decimal("0.3")


def test_a_line_past_the_cap_is_skipped() -> None:
    result = planned({1: "0.5", 2: "0.3"}, {1: 10, 2: 10}, turnover_cap=Decimal("0.25"))
    assert traded(result) == {1: 500}
    assert line(result, 2).reason == Reason.TURNOVER_CAP


@pytest.mark.parametrize(
    ("word", "targets", "reason"),
    [
        ("no_trade", {1: "0.5"}, Reason.NO_TRADE),
        ("no_trade", {1: "0"}, Reason.NO_TRADE),
        ("reduce_only", {1: "0.5"}, Reason.REDUCE_ONLY),
        ("keep", {1: "0"}, Reason.KEEP),
        ("keep", {}, Reason.KEEP),
        ("no_trade", {}, Reason.NO_TRADE),
    ],
)
def test_overrides_are_stronger_than_weights(
    word: str, targets: dict[int, object], reason: Reason
) -> None:
    result = planned(targets, {1: 10}, held={1: 100}, overrides={1: word}, not_targeted="sell")
    assert traded(result) == {}
    assert line(result, 1).reason == reason


@pytest.mark.parametrize(
    ("word", "weight", "trade"), [("reduce_only", "0.05", -50), ("keep", "0.2", 100)]
)
def test_overrides_let_the_other_direction_through(word: str, weight: str, trade: int) -> None:
    result = planned({1: weight}, {1: 10}, held={1: 100}, overrides={1: word})
    assert traded(result) == {1: trade}


def test_reduce_only_does_not_turn_a_position_round() -> None:
    result = planned(
        {1: "-0.1"}, {1: 10}, held={1: 30}, overrides={1: "reduce_only"}, allow_short=True
    )
    assert traded(result) == {1: -30}
    assert line(result, 1).reason == Reason.REDUCE_ONLY


@pytest.mark.parametrize(
    ("policy", "answers", "trades", "reason"),
    [
        ("ask", {}, {}, Reason.ASKED),
        ("ask", {1: "keep"}, {}, Reason.NOT_TARGETED),
        ("ask", {1: "sell"}, {1: -100}, ""),
        ("keep", {}, {}, Reason.NOT_TARGETED),
        ("sell", {}, {1: -100}, ""),
        ("sell", {1: "keep"}, {}, Reason.NOT_TARGETED),
    ],
)
def test_what_is_held_without_a_target_follows_policy_and_answers(
    policy: str, answers: dict[int, str], trades: dict[int, int], reason: str
) -> None:
    result = planned({}, {1: 10}, held={1: 100}, not_targeted=policy, answers=answers)
    assert traded(result) == trades
    assert line(result, 1).reason == reason
    assert result.questions == ((1,) if reason == Reason.ASKED else ())


@pytest.mark.parametrize("sec_type", ["OPT", "FUT", "CASH", "BOND"])
def test_anything_but_stocks_is_left_alone_unless_targeted(sec_type: str) -> None:
    price = quoted(10, sec_type=sec_type, multiplier=Decimal(10))
    assert line(planned({}, {1: price}, held={1: 5}), 1).reason == Reason.OTHER_TYPE
    unquoted = planned({}, {}, holdings=(Holding(1, number(5), sec_type=sec_type),))
    assert line(unquoted, 1).reason == Reason.OTHER_TYPE
    assert unquoted.refusals == ()
    assert traded(planned({1: 0}, {1: price}, held={1: 5})) == {1: -5}


def test_shares_offered_already_are_not_sold_again() -> None:
    working = Holding(1, Decimal(100), Decimal(0), Decimal(70))  # 70 to sell and 70 to buy
    result = planned({1: 0}, {1: 10}, holdings=(working,))
    assert traded(result) == {1: -30}
    assert line(result, 1).reason == Reason.OPEN_ORDERS


def test_shares_that_open_buys_may_bring_are_not_sold() -> None:
    result = planned({1: 0}, {1: 10}, holdings=(Holding(1, Decimal(0), Decimal(50)),))
    assert traded(result) == {}
    assert line(result, 1).reason == Reason.OPEN_ORDERS


def test_shorts_only_where_they_are_allowed() -> None:
    assert planned({1: "-0.1"}, {1: 10}).refusals[0].code == "short_not_allowed"
    assert traded(planned({1: "-0.1"}, {1: 10}, allow_short=True)) == {1: -100}


def test_a_short_without_a_target_is_bought_back() -> None:
    assert traded(planned({}, {1: 10}, held={1: -50})) == {1: 50}


def test_fractions_of_a_share_are_left_behind() -> None:
    result = planned({}, {1: 10}, held={1: "10.5"})
    assert traded(result) == {1: -10}
    assert line(planned({}, {1: 10}, held={1: "0.5"}), 1).reason == Reason.WITHIN_LOT


@pytest.mark.parametrize(
    ("price", "code"),
    [
        (quoted(10, at=AT - timedelta(minutes=16)), "stale_price"),
        (quoted(10, at=None), "stale_price"),
        (quoted(10, fx=None), "price_missing"),
        (quoted(0), "price_missing"),
        (quoted("nan"), "price_missing"),
    ],
)
def test_a_bad_price_refuses_line_and_plan(price: object, code: str) -> None:
    result = planned({1: "0.1", 2: "0.1"}, {1: price, 2: 10})
    assert [(refusal.code, refusal.con_id) for refusal in result.refusals] == [(code, 1)]
    assert line(result, 1).reason == code
    skipping = planned({1: "0.1", 2: "0.1"}, {1: price, 2: 10}, bad_price="skip")
    assert (skipping.refusals, traded(skipping)) == ((), {2: 100})


def test_what_is_kept_anyway_needs_no_price() -> None:
    result = planned({}, {}, held={1: 100}, not_targeted="keep")
    assert (result.refusals, line(result, 1).reason) == ((), Reason.NOT_TARGETED)


def test_an_open_buy_without_a_price_refuses_even_where_bad_prices_are_skipped() -> None:
    working = Holding(1, Decimal(0), Decimal(5))
    result = planned({2: "0.1"}, {2: 10}, holdings=(working,), bad_price="skip")
    assert [refusal.code for refusal in result.refusals] == ["price_missing"]


@pytest.mark.parametrize(
    ("weights", "code", "told"),
    [
        ({1: "0.7", 2: "0.33"}, "weights_over_one", "103.00 %"),
        ({1: "nan"}, "weight_not_finite", "NaN"),
        ({1: "Infinity"}, "weight_not_finite", "Infinity"),
    ],
)
def test_weights_that_make_no_sense_give_no_lines(
    weights: dict[int, object], code: str, told: str
) -> None:
    result = planned(weights, {1: 10, 2: 10})
    assert (result.lines, result.refusals[0].code) == ((), code)
    assert told in result.refusals[0].sentence


@pytest.mark.parametrize("nlv", ["0", "-5", "nan"])
def test_without_a_net_liquidation_value_there_is_no_plan(nlv: str) -> None:
    assert planned({1: "0.1"}, {1: 10}, nlv=nlv).refusals[0].code == "nlv_missing"


def test_figures_that_are_no_figures_refuse_the_plan() -> None:
    for told, code in (
        ({"cash": "nan"}, "cash_missing"),
        ({"available": "Infinity"}, "cash_missing"),
        ({"cash_buffer": Decimal(1)}, "buffer_not_a_fraction"),
    ):
        arguments: dict[str, Any] = told
        assert planned({1: "0.1"}, {1: 10}, **arguments).refusals[0].code == code
