"""Which tick is which field, and bars; one field for a live tick and its delayed twin."""

from decimal import Decimal
from typing import Any

from ibkr.convert.numbers import amount, number, positive, size, whole
from ibkr.convert.times import moment
from ibkr.memo import Memo
from ibkr.types import Bar, PriceKind, QuoteField

F = QuoteField

PRICES = {
    1: F.BID,
    2: F.ASK,
    4: F.LAST,
    6: F.HIGH,
    7: F.LOW,
    9: F.CLOSE,
    14: F.OPEN,
    15: F.LOW_13_WEEK,
    16: F.HIGH_13_WEEK,
    17: F.LOW_26_WEEK,
    18: F.HIGH_26_WEEK,
    19: F.LOW_52_WEEK,
    20: F.HIGH_52_WEEK,
    37: F.MARK,
    66: F.BID,
    67: F.ASK,
    68: F.LAST,
    72: F.HIGH,
    73: F.LOW,
    75: F.CLOSE,
    76: F.OPEN,
}
SIZES = {
    0: F.BID_SIZE,
    3: F.ASK_SIZE,
    5: F.LAST_SIZE,
    8: F.VOLUME,
    21: F.AVERAGE_VOLUME,
    69: F.BID_SIZE,
    70: F.ASK_SIZE,
    71: F.LAST_SIZE,
    74: F.VOLUME,
}
SIZE_BESIDE = {1: 0, 2: 3, 4: 5, 66: 69, 67: 70, 68: 71}
"""The size tick that ibapi reports directly after a price tick, from the same message."""
TIMES = frozenset({45, 88})
HALTS = frozenset({49, 90})
TRADES = frozenset({48, 77})
"""`price;size;milliseconds;volume;average;single`: every trade, and every reportable one."""
GREEKS = {
    10: "bid",
    11: "ask",
    12: "last",
    13: "model",
    80: "bid",
    81: "ask",
    82: "last",
    83: "model",
}
DELAYED = frozenset({*range(66, 77), 80, 81, 82, 83, 88, 90})
FIRST_DELAYED = min(DELAYED)
KINDS = {
    1: PriceKind.LIVE,
    2: PriceKind.FROZEN,
    3: PriceKind.DELAYED,
    4: PriceKind.DELAYED_FROZEN,
}


def kind_of(tick_type: int, announced: PriceKind) -> PriceKind:
    """A delayed tick is delayed whatever was announced for its line."""
    if tick_type in DELAYED and announced in (PriceKind.LIVE, PriceKind.FROZEN):
        return PriceKind.DELAYED if announced is PriceKind.LIVE else PriceKind.DELAYED_FROZEN
    return announced


_trade_prices: Memo[str, Decimal | None] = Memo(positive)
_trade_sizes: Memo[str, Decimal | None] = Memo(size)


def trade(text: str) -> dict[QuoteField, Decimal]:
    """The fields of an RT volume string; a price is absent where the trade has none."""
    parts = text.split(";")
    if len(parts) < 4:
        return {}
    found = {
        F.LAST: _trade_prices[parts[0]],
        F.LAST_SIZE: _trade_sizes[parts[1]],
        F.LAST_TRADE_AT: number(parts[2]),
        F.VOLUME: size(parts[3]),
    }
    milliseconds = found[F.LAST_TRADE_AT]
    if milliseconds is not None:
        found[F.LAST_TRADE_AT] = milliseconds / 1000
    return {name: value for name, value in found.items() if value is not None}


def bar(source: Any) -> Bar:
    """Raises ValueError on a time that cannot be read: a bar without one is worthless."""
    start_at = moment(source.date)
    if start_at is None:
        raise ValueError(f"a bar of TWS carries the time {source.date!r}")
    return Bar(
        start_at=start_at,
        open=amount(source.open),
        high=amount(source.high),
        low=amount(source.low),
        close=amount(source.close),
        volume=size(source.volume),
        average=positive(source.wap),
        count=whole(source.barCount),
    )
