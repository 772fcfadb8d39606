"""Keeps a plan under its turnover cap: what drifted furthest goes first; pure."""

from collections.abc import Iterable
from decimal import Decimal

from apps.trading.rebalance.draft import Draft, by_drift
from apps.trading.rebalance.types import Reason, Rules


def cap(drafts: Iterable[Draft], *, nlv: Decimal, rules: Rules) -> None:
    """Turnover is one-way: half of all that is bought and sold, over NLV."""
    if rules.turnover_cap is None:
        return
    left = 2 * rules.turnover_cap * nlv
    for draft in sorted((d for d in drafts if d.quantity), key=by_drift):
        if abs(draft.value) > left:
            allowed = (left / draft.unit).copy_sign(draft.quantity)
            draft.cut(allowed, Reason.TURNOVER_CAP, rules.minimum_trade)
        left -= abs(draft.value)


def turnover(drafts: Iterable[Draft], nlv: Decimal) -> Decimal:
    return sum((abs(d.value) for d in drafts), Decimal(0)) / 2 / nlv
