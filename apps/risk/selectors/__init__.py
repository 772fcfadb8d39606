"""Reads of the risk app: kill levels, locks, the guard."""

from apps.risk.selectors.guard import (
    account_state,
    evaluation_newest,
    evaluations_of,
    flatten_newest,
    global_state,
    guard_events,
    guard_state,
)
from apps.risk.selectors.kill import (
    alerts_open,
    alerts_visible,
    flatten_open,
    guard_last_at,
    is_dropped,
    kill_events,
    kill_level,
    kill_switch,
    locks_open,
    locks_visible,
    own_level,
)

__all__ = [
    "account_state",
    "alerts_open",
    "alerts_visible",
    "evaluation_newest",
    "evaluations_of",
    "flatten_newest",
    "flatten_open",
    "global_state",
    "guard_events",
    "guard_last_at",
    "guard_state",
    "is_dropped",
    "kill_events",
    "kill_level",
    "kill_switch",
    "locks_open",
    "locks_visible",
    "own_level",
]
