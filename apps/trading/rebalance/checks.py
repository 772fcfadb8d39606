"""Refuses inputs from which no plan may be made; pure."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from apps.trading.rebalance.types import PlanInputs, Quoted, Reason, Refusal, Rules, Target

ONE = Decimal(1)


def refusals(inputs: PlanInputs) -> tuple[Refusal, ...]:
    """What is wrong with the account's figures and the weights as a whole; no plan is made."""
    return (*_account(inputs), *_weights(inputs))


def bad_price(quoted: Quoted, rules: Rules, at: datetime) -> Reason | None:
    """price_missing or stale_price; None when the price is good to plan with."""
    if unpriced(quoted):
        return Reason.PRICE_MISSING
    if rules.max_price_age is None:
        return None
    if quoted.at is None or at - quoted.at > rules.max_price_age:
        return Reason.STALE_PRICE
    return None


def unpriced(quoted: Quoted) -> bool:
    """Price, rate, multiplier, lot and smallest quantity must be positive numbers."""
    numbers = (quoted.price, quoted.fx, quoted.multiplier, quoted.lot, quoted.least)
    return any(n is None or not n.is_finite() or n <= 0 for n in numbers)


def price_refusal(con_id: int, quoted: Quoted, reason: Reason, at: datetime) -> Refusal:
    if reason == Reason.PRICE_MISSING:
        return Refusal(reason, con_id, f"There is no price or exchange rate for {con_id}.")
    if quoted.at is None:
        return Refusal(reason, con_id, f"Nobody knows how old the price of {con_id} is.")
    age = int((at - quoted.at).total_seconds())
    sentence = f"The price of {con_id} is {age} seconds old."
    return Refusal(reason, con_id, sentence, {"age_seconds": str(age)})


def _account(inputs: PlanInputs) -> Iterator[Refusal]:
    if not inputs.nlv.is_finite() or inputs.nlv <= 0:
        sentence = "Without a positive net liquidation value nothing can be sized."
        yield Refusal("nlv_missing", None, sentence, {"nlv": str(inputs.nlv)})
    if not 0 <= inputs.rules.cash_buffer < 1:
        sentence = "The cash buffer must be a fraction from 0 to below 1."
        numbers = {"buffer": str(inputs.rules.cash_buffer)}
        yield Refusal("buffer_not_a_fraction", None, sentence, numbers)
    if not inputs.cash.is_finite():
        yield Refusal("cash_missing", None, "The cash of the account is not known.")
    if inputs.available_funds is not None and not inputs.available_funds.is_finite():
        sentence = "The available funds of the account are not a number."
        yield Refusal("cash_missing", None, sentence)


def _weights(inputs: PlanInputs) -> Iterator[Refusal]:
    wild = [target for target in inputs.targets if not target.weight.is_finite()]
    for target in wild:
        sentence = f"The weight of {target.con_id} is {target.weight}, which is not a number."
        yield Refusal("weight_not_finite", target.con_id, sentence)
    yield from _doubles(inputs.targets)
    if wild:
        return
    total = sum((target.weight for target in inputs.targets), Decimal(0))
    if total > ONE:
        sentence = f"The weights sum to {total * 100:f} %, more than 100 %."
        yield Refusal("weights_over_one", None, sentence, {"sum": f"{total:f}"})
    if not inputs.rules.allow_short:
        for target in inputs.targets:
            if target.weight < 0:
                sentence = f"The weight of {target.con_id} is short, which is not allowed here."
                numbers = {"weight": f"{target.weight:f}"}
                yield Refusal("short_not_allowed", target.con_id, sentence, numbers)


def _doubles(targets: tuple[Target, ...]) -> Iterator[Refusal]:
    for con_id, count in sorted(Counter(t.con_id for t in targets).items()):
        if count > 1:
            yield Refusal("duplicate_target", con_id, f"{con_id} has {count} target weights.")
