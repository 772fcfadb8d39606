"""Django's registration of the trading app, and what it lends to risk, which sits below it."""

from django.apps import AppConfig


class TradingConfig(AppConfig):
    name = "apps.trading"
    label = "trading"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Models exist from here on."""
        from apps.risk import flatten  # noqa: PLC0415
        from apps.trading.flattening import TradingCloser  # noqa: PLC0415

        flatten.register(TradingCloser())
