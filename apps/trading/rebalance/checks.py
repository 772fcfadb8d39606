"""Refuses inputs from which no plan may be made; pure."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from apps.trading.rebalance.types import PlanInputs, Quoted, Reason, Refusal, Rules, Target

ONE = Decimal(1)


def gettext_noop(text: str) -> str:
    """Marks a text for translators; the framework's own marker has no place in a pure module."""
    return text


UNPRICED = gettext_noop("There is no price or exchange rate for %(name)s.")
CUT = gettext_noop(
    "Nothing renews the price of %(name)s: its gateway is silent, or TWS has lost its connection "
    "to Interactive Brokers."
)
AGELESS = gettext_noop("Nobody knows how old the price of %(name)s is.")
OLD = gettext_noop("The price of %(name)s is %(age)s seconds old.")
NO_NLV = gettext_noop("Without a positive net liquidation value nothing can be sized.")
BAD_BUFFER = gettext_noop("The cash buffer must be a fraction from 0 to below 1.")
NO_CASH = gettext_noop("The cash of the account is not known.")
NO_FUNDS = gettext_noop("The available funds of the account are not a number.")
NO_NUMBER = gettext_noop("The weight of %(name)s is %(weight)s, which is not a number.")
TOO_MUCH = gettext_noop("The weights sum to %(sum)s %%, more than 100 %%.")
SHORT = gettext_noop("The weight of %(name)s is short, which is not allowed here.")
TWICE = gettext_noop("%(name)s has %(count)s target weights.")


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
        return Refusal(reason, con_id, UNPRICED)
    if quoted.cut:
        return Refusal(reason, con_id, CUT)
    if quoted.at is None:
        return Refusal(reason, con_id, AGELESS)
    age = str(int((at - quoted.at).total_seconds()))
    return Refusal(reason, con_id, OLD, {"age": age}, {"age_seconds": age})


def _account(inputs: PlanInputs) -> Iterator[Refusal]:
    if not inputs.nlv.is_finite() or inputs.nlv <= 0:
        yield Refusal("nlv_missing", None, NO_NLV, numbers={"nlv": str(inputs.nlv)})
    if not 0 <= inputs.rules.cash_buffer < 1:
        numbers = {"buffer": str(inputs.rules.cash_buffer)}
        yield Refusal("buffer_not_a_fraction", None, BAD_BUFFER, numbers=numbers)
    if not inputs.cash.is_finite():
        yield Refusal("cash_missing", None, NO_CASH)
    if inputs.available_funds is not None and not inputs.available_funds.is_finite():
        yield Refusal("cash_missing", None, NO_FUNDS)


def _weights(inputs: PlanInputs) -> Iterator[Refusal]:
    wild = [target for target in inputs.targets if not target.weight.is_finite()]
    for target in wild:
        facts = {"weight": str(target.weight)}
        yield Refusal("weight_not_finite", target.con_id, NO_NUMBER, facts)
    yield from _doubles(inputs.targets)
    if wild:
        return
    total = sum((target.weight for target in inputs.targets), Decimal(0))
    if total > ONE:
        facts, numbers = {"sum": f"{total * 100:f}"}, {"sum": f"{total:f}"}
        yield Refusal("weights_over_one", None, TOO_MUCH, facts, numbers)
    if not inputs.rules.allow_short:
        for target in inputs.targets:
            if target.weight < 0:
                numbers = {"weight": f"{target.weight:f}"}
                yield Refusal("short_not_allowed", target.con_id, SHORT, numbers=numbers)


def _doubles(targets: tuple[Target, ...]) -> Iterator[Refusal]:
    for con_id, count in sorted(Counter(t.con_id for t in targets).items()):
        if count > 1:
            yield Refusal("duplicate_target", con_id, TWICE, {"count": str(count)})
