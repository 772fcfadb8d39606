"""Django's registration of the trading app, and what it lends to risk, which sits below it."""

from django.apps import AppConfig


class TradingConfig(AppConfig):
    name = "apps.trading"
    label = "trading"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Models exist from here on."""
        from apps.accounts import ledgers  # noqa: PLC0415
        from apps.risk import book, flatten  # noqa: PLC0415
        from apps.trading.flattening import TradingCloser  # noqa: PLC0415
        from apps.trading.ledger import settled_ledger  # noqa: PLC0415
        from apps.trading.riskbook import TradingBook  # noqa: PLC0415

        book.register(TradingBook())
        flatten.register(TradingCloser())
        ledgers.register(settled_ledger)
