"""What becomes of instruments that are held and have no target; pure."""

from apps.trading.rebalance.draft import Draft
from apps.trading.rebalance.types import STOCKS, Override, Reason, Rules

KEPT = {Override.NO_TRADE: Reason.NO_TRADE, Override.KEEP: Reason.KEEP}


def leave(draft: Draft, rules: Rules) -> str:
    """Why the line is left as it is; empty: it is to be sold."""
    if _kind(draft) not in STOCKS:
        return Reason.OTHER_TYPE
    word = rules.overrides.get(draft.con_id, "")
    for override, reason in KEPT.items():
        if word == override:
            return reason
    decided = rules.answers.get(draft.con_id, rules.not_targeted)
    return {"sell": "", "keep": Reason.NOT_TARGETED}.get(decided, Reason.ASKED)


def _kind(draft: Draft) -> str:
    return draft.quoted.sec_type if draft.unit else draft.holding.sec_type or draft.quoted.sec_type
