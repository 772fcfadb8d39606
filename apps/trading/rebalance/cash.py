"""Sizes buys by the cash that is there once the sells are done; pure."""

from collections.abc import Sequence
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


def spendable(drafts: Sequence[Draft], inputs: PlanInputs) -> Decimal:
    """Cash after the sells, minus what open buys will take; no more than the available funds.

    Selling short brings in cash, but no available funds: it is the lender's collateral. Open
    sells count for nothing until they fill.
    """
    reserve = 1 + inputs.rules.price_reserve
    taken = sum((d.holding.buys * d.unit * reserve for d in drafts), ZERO)
    sells = [draft for draft in drafts if draft.quantity < 0]
    taken += sum((draft.cost for draft in sells), ZERO)
    cash = inputs.cash - sum((draft.value for draft in sells), ZERO)
    if inputs.available_funds is None:
        return cash - taken
    closed = sum((_closing(draft) * draft.unit for draft in sells), ZERO)
    return min(cash, inputs.available_funds + closed) - taken


def _closing(draft: Draft) -> Decimal:
    """How much of a sell is of what is held."""
    return min(-draft.quantity, max(draft.holding.quantity, ZERO))


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
