"""Tasks of the trading app, by theme."""

from apps.trading.tasks import orders, runs

__all__ = ["orders", "runs"]
