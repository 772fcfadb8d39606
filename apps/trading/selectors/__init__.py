"""Reads of the trading app: orders, executions and trade runs that a person may see."""

from apps.trading.selectors.orders import (
    commissions_of,
    executions_recent,
    executions_standing,
    is_recent,
    order_get,
    order_told,
    orders_recent,
    orders_visible,
)
from apps.trading.selectors.runs import run_get, run_lines, run_orders, run_progress, runs_visible
from apps.trading.selectors.schedules import (
    NextRun,
    closed_at,
    schedule_due,
    schedule_get,
    schedule_next,
    schedules_visible,
    targeted,
)
from apps.trading.selectors.strategies import (
    policies_of,
    policy_newest,
    snapshot_get,
    snapshots_of,
    strategies_visible,
    strategy_get,
)

__all__ = [
    "NextRun",
    "closed_at",
    "commissions_of",
    "executions_recent",
    "executions_standing",
    "is_recent",
    "order_get",
    "order_told",
    "orders_recent",
    "orders_visible",
    "policies_of",
    "policy_newest",
    "run_get",
    "run_lines",
    "run_orders",
    "run_progress",
    "runs_visible",
    "schedule_due",
    "schedule_get",
    "schedule_next",
    "schedules_visible",
    "snapshot_get",
    "snapshots_of",
    "strategies_visible",
    "strategy_get",
    "targeted",
]
