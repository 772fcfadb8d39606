"""What no plan may ever do, whatever the account, the weights and the rules."""

from dataclasses import replace
from decimal import Decimal
from random import Random

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from apps.trading.rebalance import Holding, PlanInputs, PlanResult, Reason, plan, resize_buys
from tests.unit import plans

ZERO = Decimal(0)
often = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def pending(inputs: PlanInputs) -> Decimal:
    """What the open buys will still cost."""
    total = ZERO
    for holding in inputs.holdings:
        quoted = inputs.prices[holding.con_id]
        if quoted.price is not None and quoted.fx is not None:
            total += holding.buys * quoted.price * quoted.multiplier * quoted.fx
    return total


def filled(inputs: PlanInputs, result: PlanResult) -> PlanInputs:
    """The same account once every trade of the plan filled at its price for its cost."""
    before = {holding.con_id: holding for holding in inputs.holdings}
    for line in result.trades:
        held = before.get(line.con_id, Holding(line.con_id, ZERO))
        before[line.con_id] = replace(held, quantity=held.quantity + line.quantity)
    return replace(inputs, holdings=tuple(before.values()), cash=result.cash_after)


@often
@given(plans.inputs())
def test_no_plan_sells_more_than_is_held_and_not_yet_offered(inputs: PlanInputs) -> None:
    inputs = replace(inputs, rules=replace(inputs.rules, allow_short=False))
    held = {holding.con_id: holding for holding in inputs.holdings}
    for line in plan(inputs).sells:
        holding = held[line.con_id]
        assert -line.quantity <= holding.quantity - holding.sells


@often
@given(plans.inputs())
def test_no_buy_takes_cash_below_the_buffer(inputs: PlanInputs) -> None:
    result = plan(inputs)
    if result.buys:
        assert result.cash_after - pending(inputs) >= result.buffer
    else:
        assert result.cash_after >= inputs.cash - result.cost


@often
@given(plans.inputs())
def test_planning_again_after_perfect_fills_gives_no_trades(inputs: PlanInputs) -> None:
    """A reserve for worse prices is free again after the fills: that one may buy more."""
    rules = replace(inputs.rules, price_reserve=ZERO)
    inputs = replace(inputs, rules=rules, available_funds=None)
    first = plan(inputs)
    assume(all(line.reason != Reason.TURNOVER_CAP for line in first.lines))
    assert plan(filled(inputs, first)).trades == ()


@often
@given(plans.inputs())
def test_turnover_stays_under_its_cap(inputs: PlanInputs) -> None:
    result = plan(inputs)
    cap = inputs.rules.turnover_cap
    assert cap is None or result.turnover <= cap


@often
@given(plans.inputs(), st.randoms(use_true_random=False))
def test_the_order_of_the_inputs_changes_nothing(inputs: PlanInputs, chance: Random) -> None:
    targets, holdings, prices = (
        list(inputs.targets),
        list(inputs.holdings),
        list(inputs.prices.items()),
    )
    for rows in (targets, holdings, prices):
        chance.shuffle(rows)
    shuffled = replace(
        inputs, targets=tuple(targets), holdings=tuple(holdings), prices=dict(prices)
    )
    assert plan(shuffled) == plan(inputs)


@often
@given(plans.inputs())
def test_every_line_that_trades_less_than_wanted_says_why(inputs: PlanInputs) -> None:
    for line in plan(inputs).lines:
        assert line.reason or line.quantity
        assert line.reason or line.quantity == line.wanted
        assert line.reason in {"", *Reason}


@often
@given(plans.inputs())
def test_every_trade_is_of_whole_lots_and_large_enough(inputs: PlanInputs) -> None:
    for line in plan(inputs).trades:
        assert line.quantity % line.lot == 0
        assert abs(line.quantity) >= inputs.prices[line.con_id].least
        assert abs(line.value) >= inputs.rules.minimum_trade


@often
@given(plans.inputs())
def test_no_trade_goes_past_its_target_by_a_whole_lot(inputs: PlanInputs) -> None:
    investable = inputs.nlv * (1 - inputs.rules.cash_buffer)
    for line in plan(inputs).trades:
        quoted, target = inputs.prices[line.con_id], line.target_weight or ZERO
        lot = abs(line.value / line.quantity) * quoted.lot / investable
        before, after = line.weight_before - target, line.weight_after - target
        assert abs(after) < abs(before) + lot
        assert before * after >= 0 or abs(after) < lot


@often
@given(plans.inputs())
def test_overrides_are_obeyed(inputs: PlanInputs) -> None:
    held = {holding.con_id: holding for holding in inputs.holdings}
    for line in plan(inputs).trades:
        match inputs.rules.overrides.get(line.con_id):
            case "no_trade":
                raise AssertionError(line)
            case "keep":
                assert line.position * line.quantity >= 0
            case "reduce_only":
                assert line.position * line.quantity < 0
                resting = held[line.con_id].sells if line.quantity < 0 else held[line.con_id].buys
                assert abs(line.quantity) <= abs(line.position) - resting


@often
@given(plans.inputs(), st.integers(-1000, 500_000).map(Decimal))
def test_buys_sized_again_never_cost_more_than_there_is(inputs: PlanInputs, funds: Decimal) -> None:
    result = plan(inputs)
    again = resize_buys(result, funds, inputs.prices)
    spent = sum((line.value + line.cost for line in again), ZERO)
    assert spent <= max(funds - result.buffer, ZERO)
    for before, after in zip(result.buys, again, strict=True):
        assert 0 <= after.quantity <= before.quantity
        assert not after.quantity or after.quantity >= inputs.prices[after.con_id].least
        assert after.reason or after.quantity == before.quantity
