"""The forty checks of the gate, in the order of the catalogue, and how they are run; pure."""

from apps.risk.case import Case
from apps.risk.checks import (  # noqa: F401  # importing a theme declares its checks
    direction,
    exposure,
    link,
    lists,
    losses,
    margin,
    market,
    outcome,
    prices,
    rates,
    sizes,
    stop,
)
from apps.risk.checks.base import CHECKS
from apps.risk.policy import Limits
from apps.risk.snapshot import Snapshot
from apps.risk.types import OrderIntent, Verdict

ORDER = (
    "order_quantity",
    "order_notional",
    "order_nlv_share",
    "price_collar",
    "volume_share",
    "tick_lot",
    "stale_price",
    "data_kind",
    "session",
    "halted",
    "restricted",
    "allowed",
    "message_rate",
    "daily_count",
    "duplicate",
    "repeated",
    "working_orders",
    "position_cap",
    "exposure",
    "concentration",
    "group",
    "leverage",
    "buying_power",
    "excess_liquidity",
    "intraday_margin",
    "short_ban",
    "reduce_only",
    "turnover",
    "daily_loss",
    "drawdown",
    "loss_streak",
    "reject_breaker",
    "mismatch",
    "unknown_order",
    "link",
    "disconnect_policy",
    "self_match",
    "identity",
    "kill",
    "guard_silent",
)

SPLITS_NOTHING = frozenset(
    {
        "order_quantity",
        "order_notional",
        "order_nlv_share",
        "volume_share",
        "message_rate",
        "daily_count",
        "duplicate",
        "working_orders",
    }
)
"""Limits of size and pace must not keep the portal from getting an account flat."""


def evaluate(intent: OrderIntent, snapshot: Snapshot, limits: Limits) -> tuple[Verdict, ...]:
    """All checks, always: one refusal does not hide the next."""
    case = Case(intent, snapshot, limits)
    return tuple(_judged(case, code) for code in ORDER)


def _judged(case: Case, code: str) -> Verdict:
    verdict = CHECKS[code](case)
    if verdict.passed or code not in SPLITS_NOTHING:
        return verdict
    flattens = case.intent.source == stop.FLATTEN and case.lowers
    return verdict._replace(passed=True, warning=True) if flattens else verdict


__all__ = ["CHECKS", "ORDER", "evaluate"]
