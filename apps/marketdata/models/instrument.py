"""Instruments as IB's contract details describe them, and the rules of their price steps."""

from decimal import Decimal

from django.db import models

from apps.marketdata import hours, lots, ticks
from ibkr.types import Contract, PriceBand, Session


class Instrument(models.Model):
    """`con_id` is IB's and the identity everywhere. None and "" mean that IB has not told."""

    con_id = models.BigIntegerField(primary_key=True)
    symbol = models.CharField(max_length=40)
    local_symbol = models.CharField(max_length=60, blank=True)
    trading_class = models.CharField(max_length=40, blank=True)
    sec_type = models.CharField(max_length=8)
    exchange = models.CharField(max_length=20, blank=True)
    primary_exchange = models.CharField(max_length=20, blank=True)
    currency = models.CharField(max_length=4)
    multiplier = models.DecimalField(max_digits=16, decimal_places=6, null=True)
    expiry = models.DateField(null=True)
    strike = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    right = models.CharField(max_length=1, blank=True)
    min_tick = models.DecimalField(max_digits=16, decimal_places=10, null=True)
    min_size = models.DecimalField(max_digits=24, decimal_places=10, null=True)
    size_increment = models.DecimalField(max_digits=24, decimal_places=10, null=True)
    price_magnifier = models.PositiveIntegerField(default=1)
    long_name = models.CharField(max_length=200, blank=True)
    industry = models.CharField(max_length=100, blank=True)
    category = models.CharField(max_length=100, blank=True)
    stock_type = models.CharField(max_length=40, blank=True)
    isin = models.CharField(max_length=20, blank=True)
    under_con_id = models.BigIntegerField(null=True)
    order_types = models.JSONField(default=list)
    valid_exchanges = models.JSONField(default=list)
    market_rule_ids = models.JSONField(default=list)
    """One for each valid exchange, in the same order."""
    time_zone = models.CharField(max_length=40, blank=True)
    trading_hours = models.JSONField(default=list)
    liquid_hours = models.JSONField(default=list)
    """Pairs of ISO times in UTC, as `apps.marketdata.hours` keeps sessions."""
    details_at = models.DateTimeField()

    class Meta:
        ordering = ["symbol", "sec_type", "expiry", "strike", "right", "con_id"]
        indexes = [
            models.Index(fields=["symbol", "sec_type"], name="instrument_by_symbol"),
            models.Index(fields=["under_con_id", "expiry"], name="instrument_by_underlying"),
        ]

    def __str__(self) -> str:
        return self.local_symbol or self.symbol

    @property
    def kind(self) -> str:
        """STK, ETF, OPT, FUT, CASH or IND: IB calls an ETF a stock."""
        return "ETF" if self.sec_type == "STK" and self.stock_type == "ETF" else self.sec_type

    @property
    def lot(self) -> Decimal:
        """What quantities of orders are multiples of."""
        return lots.whole(self.size_increment)

    @property
    def least(self) -> Decimal:
        """The smallest quantity of an order."""
        return lots.least(self.min_size, self.lot)

    @property
    def trading_sessions(self) -> tuple[Session, ...]:
        return hours.loaded(self.trading_hours)

    @property
    def liquid_sessions(self) -> tuple[Session, ...]:
        return hours.loaded(self.liquid_hours)

    @property
    def contract(self) -> Contract:
        """For requests to the broker."""
        return Contract(
            con_id=self.con_id,
            symbol=self.symbol,
            sec_type=self.sec_type,
            currency=self.currency,
            exchange=self.exchange,
            primary_exchange=self.primary_exchange,
            local_symbol=self.local_symbol,
            trading_class=self.trading_class,
            multiplier=self.multiplier,
            expiry=self.expiry,
            strike=self.strike,
            right=self.right,
        )

    def rule_id(self, exchange: str) -> int | None:
        """The market rule on an exchange; that of the instrument's own when it is not listed."""
        rules = dict(zip(self.valid_exchanges, self.market_rule_ids, strict=False))
        found = rules.get(exchange) or rules.get(self.exchange)
        return None if found is None else int(found)


class MarketRule(models.Model):
    """Price increments by price, as IB's market rules give them."""

    rule_id = models.PositiveIntegerField(primary_key=True)
    bands = models.JSONField(default=list)
    """Pairs of decimal texts: from this price upwards, steps of this size."""
    fetched_at = models.DateTimeField()

    class Meta:
        ordering = ["rule_id"]

    def __str__(self) -> str:
        return f"market rule {self.rule_id}"

    @property
    def price_bands(self) -> tuple[PriceBand, ...]:
        return ticks.loaded(self.bands)

    def increment_at(self, price: Decimal) -> Decimal | None:
        return ticks.increment_at(self.price_bands, price)
