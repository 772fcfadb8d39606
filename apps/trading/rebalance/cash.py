"""Sizes buys by the cash that is there once the sells are done; pure."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from apps.trading.rebalance.costs import trade_cost
from apps.trading.rebalance.draft import Draft, by_drift
from apps.trading.rebalance.types import PlanInputs, Quoted, Reason

ZERO = Decimal(0)


def fund(drafts: Sequence[Draft], *, inputs: PlanInputs, buffer: Decimal) -> None:
    """Cuts buys, smallest drift first, until cash stays above the buffer with costs paid."""
    rules, reserve = inputs.rules, inputs.rules.price_reserve
    left = spendable(drafts, inputs) - buffer
    for draft in sorted((d for d in drafts if d.quantity > 0), key=by_drift):
        affordable = most(
            draft.quoted,
            draft.unit,
            at_most=draft.quantity,
            funds=left,
            reserve=reserve,
        )
        if affordable < draft.quantity:
            draft.cut(affordable, Reason.NO_CASH, rules.minimum_trade)
        left -= draft.value * (1 + reserve) + draft.cost


def spendable(drafts: Iterable[Draft], inputs: PlanInputs) -> Decimal:
    """Cash after the sells, minus what open buys will take.

    What selling short brings in is the lender's collateral and buys nothing. Open sells are not
    counted until they fill.
    """
    funds = inputs.cash
    if inputs.available_funds is not None:
        funds = min(funds, inputs.available_funds)
    for draft in drafts:
        funds -= draft.holding.buys * draft.unit * (1 + inputs.rules.price_reserve)
        if draft.quantity < 0:
            closing = min(-draft.quantity, max(draft.holding.quantity, ZERO))
            funds += closing * draft.unit - draft.cost
    return funds


def most(
    quoted: Quoted, unit: Decimal, *, at_most: Decimal, funds: Decimal, reserve: Decimal
) -> Decimal:
    """The largest quantity in whole lots that `funds` pay for, costs and reserve included."""

    def affordable(lots: int) -> bool:
        quantity = lots * quoted.lot
        return quantity * unit * (1 + reserve) + trade_cost(quoted, quantity) <= funds

    low, high = 0, int(at_most // quoted.lot)
    if affordable(high):
        return high * quoted.lot
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if affordable(middle) else (low, middle)
    return low * quoted.lot
