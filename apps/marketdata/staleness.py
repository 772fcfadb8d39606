"""What a quote's price is worth believing: its value, kind and age against market hours; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.marketdata.hours import is_open, last_session
from ibkr.types import PriceKind, Session

CLOSE_OLD_AFTER = timedelta(days=5)
"""A close older than a long weekend, where the sessions cannot tell."""


@dataclass(frozen=True, slots=True)
class Price:
    """One price to show. `value` and `at` are None while nothing is known."""

    value: Decimal | None
    kind: PriceKind
    at: datetime | None
    stale: bool


MISSING = Price(None, PriceKind.MISSING, None, stale=True)


def price_of(
    quote: Mapping[str, Any], *, sessions: Sequence[Session], now: datetime, limit: timedelta
) -> Price:
    """The price of one entry of the topic `quotes:<slug>`.

    Last, else mark, else the middle of bid and ask, else the close, which is then of kind close.
    `sessions` are the liquid hours, `limit` the age from which a price in market hours is stale.
    """
    value, kind = _value(quote), PriceKind(quote.get("kind", PriceKind.MISSING))
    at = _moment(quote.get("at"))
    if value is None:
        value = _decimal(quote.get("close"))
        kind = PriceKind.CLOSE if value is not None and kind is not PriceKind.MISSING else kind
    if value is None:
        return MISSING
    marked = bool(quote.get("stale"))
    return Price(value, kind, at, marked or is_stale(kind, at, sessions, now=now, limit=limit))


def is_stale(
    kind: PriceKind,
    at: datetime | None,
    sessions: Iterable[Session],
    *,
    now: datetime,
    limit: timedelta,
) -> bool:
    """In market hours a price is stale once older than `limit`; unknown hours count as open.

    Outside of them the price of the last session stands until the next one begins. A close is
    stale when a whole session has passed since.
    """
    if kind is PriceKind.MISSING or at is None:
        return True
    spans = tuple(sessions)
    if kind is not PriceKind.CLOSE and is_open(spans, now) is not False:
        return now - at > limit
    ended = last_session(spans, now)
    if ended is not None:
        return at < ended.start_at
    return now - at > CLOSE_OLD_AFTER


def _value(quote: Mapping[str, Any]) -> Decimal | None:
    for name in ("last", "mark"):
        if (found := _decimal(quote.get(name))) is not None:
            return found
    bid, ask = _decimal(quote.get("bid")), _decimal(quote.get("ask"))
    return (bid + ask) / 2 if bid is not None and ask is not None else None


def _decimal(text: Any) -> Decimal | None:
    return None if text is None else Decimal(str(text))


def _moment(milliseconds: Any) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
