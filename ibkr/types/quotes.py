"""Market data. None and absence mean missing; IB's "not computed" values never get this far."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import NamedTuple


class MarketDataType(IntEnum):
    """What reqMarketDataType asks for and message 58 announces."""

    LIVE = 1
    FROZEN = 2
    DELAYED = 3
    DELAYED_FROZEN = 4


class PriceKind(StrEnum):
    LIVE = "live"
    FROZEN = "frozen"
    DELAYED = "delayed"
    DELAYED_FROZEN = "delayed_frozen"
    CLOSE = "close"
    MISSING = "missing"


class QuoteField(StrEnum):
    """The fields of a quote, one name for a live tick and its delayed twin."""

    BID = "bid"
    ASK = "ask"
    LAST = "last"
    BID_SIZE = "bid_size"
    ASK_SIZE = "ask_size"
    LAST_SIZE = "last_size"
    HIGH = "high"
    LOW = "low"
    OPEN = "open"
    CLOSE = "close"
    VOLUME = "volume"
    MARK = "mark"
    HALTED = "halted"
    LOW_13_WEEK = "low_13w"
    HIGH_13_WEEK = "high_13w"
    LOW_26_WEEK = "low_26w"
    HIGH_26_WEEK = "high_26w"
    LOW_52_WEEK = "low_52w"
    HIGH_52_WEEK = "high_52w"
    AVERAGE_VOLUME = "average_volume"
    LAST_TRADE_AT = "last_trade_at"


class Tick(NamedTuple):
    """One changed field; `value` None says that the broker withdrew it (no bid, say).

    Ticks and Greeks come by the thousand a second, and a frozen dataclass costs seven times as
    much to make as a tuple.
    """

    con_id: int
    field: QuoteField
    value: Decimal | None
    kind: PriceKind
    at: datetime


class Greeks(NamedTuple):
    """An option computation; `side` is bid, ask, last or model."""

    con_id: int
    side: str
    kind: PriceKind
    implied_volatility: Decimal | None
    delta: Decimal | None
    gamma: Decimal | None
    vega: Decimal | None
    theta: Decimal | None
    option_price: Decimal | None
    underlying_price: Decimal | None
    dividends_pv: Decimal | None
    at: datetime


@dataclass(frozen=True, slots=True)
class DataKindChanged:
    """The broker says which kind of data this instrument now gets."""

    con_id: int
    kind: PriceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One historical bar; `start_at` is aware UTC (for daily bars midnight of the day)."""

    start_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None
    average: Decimal | None
    count: int | None
