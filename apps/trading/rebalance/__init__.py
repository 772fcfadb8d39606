"""The planner: target weights in, whole-share trades out, with a reason for each that is not."""

from apps.trading.rebalance.planner import inputs_digest, plan, resize_buys
from apps.trading.rebalance.types import (
    Holding,
    Line,
    Override,
    PlanInputs,
    PlanResult,
    Quoted,
    Reason,
    Refusal,
    Rules,
    Target,
)

__all__ = [
    "Holding",
    "Line",
    "Override",
    "PlanInputs",
    "PlanResult",
    "Quoted",
    "Reason",
    "Refusal",
    "Rules",
    "Target",
    "inputs_digest",
    "plan",
    "resize_buys",
]
