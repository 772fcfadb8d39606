"""Quotes as pages first paint them; static/js/quote.js goes on with the same rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.accounts.numbers import plain
from apps.marketdata import selectors
from apps.marketdata.models import Instrument
from apps.marketdata.staleness import Price
from ibkr.types import PriceKind

BY_MIDDLE = frozenset({"OPT", "FOP", "WAR", "CASH"})
"""These trade rarely or not at all by last price: there the middle comes first."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One instrument with its best quote; `kind` is what its badge says."""

    instrument: Instrument
    slug: str
    quote: dict[str, Any]
    price: Price
    kind: str

    @property
    def stale(self) -> bool:
        return self.kind == "stale"

    def value(self, name: str) -> str | None:
        """A field of the quote, or what follows from it; None when missing."""
        if name == "price":
            return plain(self.price.value)
        if name == "change":
            return plain(self._change())
        if name == "change_percent":
            return self._percent()
        found = self.quote.get(name)
        return None if found is None else str(found)

    def _change(self) -> Decimal | None:
        close = self.quote.get("close")
        if self.price.value is None or close is None or self.price.kind is PriceKind.CLOSE:
            return None
        return self.price.value - Decimal(close)

    def _percent(self) -> str | None:
        change = self._change()
        close = Decimal(self.quote.get("close", 0))
        return None if change is None or close <= 0 else f"{change / close * 100:.4f}"


def shown(slugs: Sequence[str], instruments: Iterable[Instrument], now: datetime) -> list[Shown]:
    """In the given order; one Redis pipeline."""
    rows = list(instruments)
    quotes = selectors.quotes_judged(slugs, [row.con_id for row in rows])
    return [_shown(row, *quotes.get(row.con_id, ("", {})), now) for row in rows]


def facts(instruments: Iterable[Instrument]) -> dict[str, dict[str, Any]]:
    """What the browser has to know to judge prices: class, and open hours in epoch ms."""
    return {
        str(row.con_id): {
            "type": row.sec_type,
            "hours": [[_ms(s.start_at), _ms(s.end_at)] for s in row.liquid_sessions],
            "zone": row.time_zone or "UTC",
        }
        for row in instruments
    }


def _shown(instrument: Instrument, slug: str, quote: dict[str, Any], now: datetime) -> Shown:
    price = selectors.price_in(_by_class(quote, instrument), instrument, now)
    return Shown(instrument, slug, quote, price, _kind(quote, price))


def _by_class(quote: dict[str, Any], instrument: Instrument) -> dict[str, Any]:
    """Without the prices that the middle of bid and ask goes before."""
    if instrument.sec_type not in BY_MIDDLE or not {"bid", "ask"} <= quote.keys():
        return quote
    if min(Decimal(quote["bid"]), Decimal(quote["ask"])) <= 0:
        return quote
    return {name: value for name, value in quote.items() if name not in {"last", "mark"}}


def _kind(quote: dict[str, Any], price: Price) -> str:
    if price.value is None:
        return PriceKind.MISSING.value
    if price.stale:
        return "stale"
    return "halted" if Decimal(quote.get("halted", 0)) > 0 else price.kind.value


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
