"""Reads of the risk app: kill levels, locks, the guard."""

from apps.risk.selectors.kill import (
    alerts_visible,
    flatten_open,
    guard_last_at,
    kill_events,
    kill_level,
    kill_switch,
    locks_open,
    locks_visible,
)

__all__ = [
    "alerts_visible",
    "flatten_open",
    "guard_last_at",
    "kill_events",
    "kill_level",
    "kill_switch",
    "locks_open",
    "locks_visible",
]
