"""How much of one instrument to trade: from weight to whole lots; pure."""

from decimal import Decimal

from apps.trading.rebalance.draft import Draft
from apps.trading.rebalance.types import Override, Reason, Rules

ZERO = Decimal(0)


def size(draft: Draft, weight: Decimal, rules: Rules) -> None:
    """Sets what the line wants to trade, before turnover and cash have their say."""
    delta = _delta(draft, weight)
    if not delta:
        draft.skip(Reason.AT_TARGET if _exact(draft, weight) else Reason.WITHIN_LOT)
        return
    if weight and within_band(draft.weight_before, weight, rules):
        draft.skip(Reason.WITHIN_BAND)
        return
    draft.wanted = draft.quantity = delta
    _obey(draft, rules)
    if draft.quantity and not rules.allow_short:
        _never_oversell(draft)
    if draft.quantity and abs(draft.value) < rules.minimum_trade:
        draft.skip(Reason.BELOW_MINIMUM)
    if draft.quantity and abs(draft.quantity) < draft.quoted.least:
        draft.skip(Reason.BELOW_MIN_SIZE)


def within_band(current: Decimal, target: Decimal, rules: Rules) -> bool:
    """Inside both bands, that is inside the narrower one. A band of 0 is not used."""
    bands = [b for b in (rules.drift_absolute, rules.drift_relative * abs(target)) if b]
    return bool(bands) and abs(current - target) <= min(bands)


def _delta(draft: Draft, weight: Decimal) -> Decimal:
    """q = V·w / (price·multiplier·fx), cut to whole lots towards zero, minus what is there.

    Less than a lot beside the exact quantity is no reason to trade: without this, the costs of a
    rebalance would move the next one's targets across a whole share.
    """
    lot = draft.quoted.lot
    amount, lot_value = draft.investable * weight, draft.unit * lot
    if abs(draft.projected * draft.unit - amount) < lot_value:
        return ZERO
    delta = amount // lot_value * lot - draft.projected
    return delta // lot * lot


def _exact(draft: Draft, weight: Decimal) -> bool:
    return draft.projected * draft.unit == draft.investable * weight


def _obey(draft: Draft, rules: Rules) -> None:
    """Overrides are about the position as it is, not about its weight."""
    word, held = rules.overrides.get(draft.con_id), draft.holding.quantity
    reduces = held * draft.quantity < 0
    if word == Override.NO_TRADE:
        draft.skip(Reason.NO_TRADE)
    elif word == Override.KEEP and reduces:
        draft.skip(Reason.KEEP)
    elif word == Override.REDUCE_ONLY:
        _only_reduce(draft, reduces=reduces)


def _only_reduce(draft: Draft, *, reduces: bool) -> None:
    if not reduces:
        draft.skip(Reason.REDUCE_ONLY)
        return
    holding = draft.holding
    resting = holding.sells if draft.quantity < 0 else holding.buys
    left = max(abs(holding.quantity) - resting, ZERO)
    if abs(draft.quantity) > left:
        draft.cut(left.copy_sign(draft.quantity), Reason.REDUCE_ONLY, ZERO)


def _never_oversell(draft: Draft) -> None:
    """Open buys may never fill and open sells may: only what is held and not yet offered counts."""
    if draft.quantity > 0:
        return
    free = max(draft.holding.quantity - draft.holding.sells, ZERO)
    if -draft.quantity > free:
        draft.cut(-free, Reason.OPEN_ORDERS, ZERO)
