"""Tasks of the trading app, by theme."""

from apps.trading.tasks import orders

__all__ = ["orders"]
