"""Reads of the trading app: orders, executions and trade runs that a person may see."""

from apps.trading.selectors.orders import (
    commissions_of,
    executions_recent,
    executions_standing,
    is_recent,
    order_get,
    orders_recent,
    orders_visible,
)
from apps.trading.selectors.runs import run_get, run_lines, run_orders, run_progress, runs_visible

__all__ = [
    "commissions_of",
    "executions_recent",
    "executions_standing",
    "is_recent",
    "order_get",
    "orders_recent",
    "orders_visible",
    "run_get",
    "run_lines",
    "run_orders",
    "run_progress",
    "runs_visible",
]
