"""The trading app in Django's admin: history to be read, decisions and schedules to be made."""

from apps.trading.admin import history, runs, strategies

__all__ = ["history", "runs", "strategies"]
