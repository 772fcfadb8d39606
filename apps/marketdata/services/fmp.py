"""Closes of Financial Modeling Prep for what the broker gives none of; off without a key."""

import logging
import urllib.request
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import orjson
from django.conf import settings

from apps.marketdata.hours import unfinished_day
from apps.marketdata.ingest import on_bars
from apps.marketdata.models import Instrument, Source
from ibkr.types import Bar

log = logging.getLogger(__name__)

WITHIN = 10.0
BACK = timedelta(days=10)
SIZE, WHAT = "1 day", "TRADES"


def fmp_closes_fetch(*, con_ids: Iterable[int], at: datetime) -> int:
    """Stores the last days' bars of US stocks among these; how many instruments got some.

    Their symbols are the same at both houses; of other markets' names that is not certain.
    """
    if not settings.FMP_API_KEY:
        return 0
    stocks = Instrument.objects.filter(pk__in=list(con_ids), sec_type="STK", currency="USD")
    return sum(_fetch(stock, at) for stock in stocks)


def _fetch(stock: Instrument, at: datetime) -> bool:
    unfinished = unfinished_day(stock.liquid_sessions, stock.time_zone, at)
    try:
        rows = _ask(stock.symbol.replace(" ", "-"), at)
        bars = [bar for bar in map(_bar, rows) if bar.start_at.date() < unfinished]
    except (OSError, ValueError, ArithmeticError, KeyError, TypeError) as error:
        # The address holds the key, so no more than the kind of error is logged.
        log.warning("no close of %s from FMP: %s", stock, type(error).__name__)
        return False
    on_bars(con_id=stock.con_id, size=SIZE, what=WHAT, bars=bars, source=Source.FMP)
    return bool(bars)


def _ask(symbol: str, at: datetime) -> list[dict[str, Any]]:
    """End-of-day prices, "historical-price-eod/full" of FMP's stable API."""
    since = (at - BACK).date().isoformat()
    query = urlencode({"symbol": symbol, "from": since, "apikey": settings.FMP_API_KEY})
    address = f"{settings.FMP_URL.rstrip('/')}/historical-price-eod/full?{query}"
    with urllib.request.urlopen(address, timeout=WITHIN) as reply:  # noqa: S310  # the scheme is checked by the settings
        found = orjson.loads(reply.read())
    if not isinstance(found, list):
        raise TypeError("not a list of days")
    return found


def _bar(row: dict[str, Any]) -> Bar:
    return Bar(
        start_at=datetime.strptime(row["date"], "%Y-%m-%d").replace(tzinfo=UTC),
        open=Decimal(str(row["open"])),
        high=Decimal(str(row["high"])),
        low=Decimal(str(row["low"])),
        close=Decimal(str(row["close"])),
        volume=None if row.get("volume") is None else Decimal(str(row["volume"])),
        average=None,
        count=None,
    )
