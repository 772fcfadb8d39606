"""Admin of the trading app."""

from apps.trading.admin import strategies

__all__ = ["strategies"]
