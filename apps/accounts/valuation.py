"""Fills in the price and values of a position that follow from what the broker did tell."""

from dataclasses import dataclass
from decimal import Decimal

from apps.accounts.numbers import rounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """`rate` is base currency for one unit of the instrument's; None is missing everywhere."""

    quantity: Decimal
    multiplier: Decimal | None
    price: Decimal | None
    value: Decimal | None
    value_base: Decimal | None
    rate: Decimal | None
    base_is_newer: bool = False
    """The base value comes every second, the other one every few minutes."""

    @property
    def units(self) -> Decimal | None:
        """What one point of price moves the value by; None when unknown or zero."""
        return self.quantity * self.multiplier if self.multiplier and self.quantity else None

    def market_value(self) -> Decimal | None:
        """In the instrument's currency: told, or price × units, or the base value converted."""
        if self.base_is_newer and self.value_base is not None and self.rate:
            return rounded(self.value_base / self.rate, 8)
        if self.value is not None:
            return self.value
        if self.price is not None and self.units is not None:
            return rounded(self.price * self.units, 8)
        if self.value_base is not None and self.rate:
            return rounded(self.value_base / self.rate, 8)
        return None

    def market_price(self) -> Decimal | None:
        """Told, or value per unit: options without a quote are only valued by the broker."""
        if self.price is not None:
            return self.price
        value = self.market_value()
        return None if value is None or self.units is None else rounded(value / self.units, 8)

    def base_value(self) -> Decimal | None:
        """In the account's base currency: told by the P&L stream, or converted."""
        if self.value_base is not None:
            return self.value_base
        value = self.market_value()
        return None if value is None or self.rate is None else rounded(value * self.rate, 8)
