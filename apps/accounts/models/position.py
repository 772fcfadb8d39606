"""What an account holds, with the broker's own valuation and P&L."""

from django.db import models

from apps.accounts.models.account import BrokerAccount


class Position(models.Model):
    """Unique by (account, con_id). None means the broker has not (yet) told.

    `average_cost` is per unit of quantity and contains the multiplier for options and futures.
    Market price, value and the `local_` columns are in the instrument's currency, the other P&L
    columns and `value_base` in the account's base currency. Valuations and positions come on
    different streams: figures told for another quantity are not true of this one.
    """

    account = models.ForeignKey(BrokerAccount, on_delete=models.CASCADE, related_name="positions")
    con_id = models.BigIntegerField()
    symbol = models.CharField(max_length=40)
    local_symbol = models.CharField(max_length=60, blank=True)
    sec_type = models.CharField(max_length=8)
    currency = models.CharField(max_length=4)
    exchange = models.CharField(max_length=20, blank=True)
    primary_exchange = models.CharField(max_length=20, blank=True)
    trading_class = models.CharField(max_length=40, blank=True)
    multiplier = models.DecimalField(max_digits=16, decimal_places=6, null=True)
    expiry = models.DateField(null=True)
    strike = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    right = models.CharField(max_length=1, blank=True)
    days_to_expiry = models.SmallIntegerField(null=True)
    """In days of the market's calendar; negative once expired; renewed by the daily roll."""
    quantity = models.DecimalField(max_digits=28, decimal_places=10)
    average_cost = models.DecimalField(max_digits=28, decimal_places=10)
    valued_quantity = models.DecimalField(max_digits=28, decimal_places=10, null=True)
    """The quantity that market value and `local_unrealized_pnl` were told for."""
    market_price = models.DecimalField(max_digits=24, decimal_places=8, null=True)
    market_value = models.DecimalField(max_digits=28, decimal_places=8, null=True)
    local_unrealized_pnl = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    local_realized_pnl = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    unrealized_pnl = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    realized_pnl = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    daily_pnl = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    pnl_quantity = models.DecimalField(max_digits=28, decimal_places=10, null=True)
    """The quantity that `value_base` and `unrealized_pnl` were told for."""
    value_base = models.DecimalField(max_digits=28, decimal_places=8, null=True)
    """Market value in the account's base currency, from the P&L subscription."""
    valued_at = models.DateTimeField(null=True)
    pnl_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["account", "sec_type", "symbol", "expiry", "strike", "right"]
        constraints = [
            models.UniqueConstraint(fields=["account", "con_id"], name="position_unique")
        ]

    def __str__(self) -> str:
        return f"{self.quantity.normalize():f} {self.local_symbol or self.symbol}"
