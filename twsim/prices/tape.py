"""The running day of one instrument: last price, range, volume, and the quote around it."""

import math
from dataclasses import dataclass
from datetime import date

from twsim.domain.market import Quote
from twsim.instruments import Instrument
from twsim.walk import mixed, uniform

_NO_DATE = date(1, 1, 1)


@dataclass(slots=True)
class Tape:
    """Prices are rounded to the instrument's ticks; `beat` counts its changes of price."""

    instrument: Instrument
    period: float
    phase: float
    beat: int = -1
    day: date = _NO_DATE
    mid: float = 0.0
    last: float = 0.0
    open: float = 0.0
    high: float = 0.0
    low: float = 0.0
    close: float = 0.0
    volume: float = 0.0
    last_at: float = 0.0
    ranges: tuple[float, ...] = ()
    """Low and high of 13, 26 and 52 weeks."""

    def begin(self, day: date, close: float, prices: list[float]) -> None:
        """A new session: prices are those since its open."""
        self.day = day
        rounded = [self.instrument.rounded(price) for price in prices]
        self.open, self.high, self.low = rounded[0], max(rounded), min(rounded)
        self.close = self.instrument.rounded(close)

    def trade(self, mid: float, at: float, volume: float) -> None:
        self.mid = mid
        self.last = self.instrument.rounded(mid)
        self.high, self.low = max(self.high, self.last), min(self.low, self.last)
        self.last_at, self.volume = at, max(volume, 0.0)


def quote_of(tape: Tape, *, halted: bool) -> Quote:
    """Bid and ask stand around the middle, sizes follow from the beat."""
    item = tape.instrument
    if item.kind == "IND":
        return _without_book(tape, halted=halted)
    bid, ask = around(item, tape.mid, spread_of(item))
    sizes = [size_of(item, tape.beat, side) for side in (1, 2, 3)]
    cash = item.kind == "CASH"
    lows = tape.ranges
    return Quote(
        bid=bid,
        ask=ask,
        last=None if cash else tape.last,
        bid_size=sizes[0],
        ask_size=sizes[1],
        last_size=0.0 if cash else sizes[2],
        volume=tape.volume,
        open=None if cash else tape.open,
        high=tape.high,
        low=tape.low,
        close=tape.close,
        mark=(bid + ask) / 2,
        halted=halted,
        last_at=int(tape.last_at),
        low_13w=lows[0],
        high_13w=lows[1],
        low_26w=lows[2],
        high_26w=lows[3],
        low_52w=lows[4],
        high_52w=lows[5],
        average_volume=item.daily_volume or None,
    )


def _without_book(tape: Tape, *, halted: bool) -> Quote:
    return Quote(
        bid=None,
        ask=None,
        last=tape.last,
        bid_size=0.0,
        ask_size=0.0,
        last_size=0.0,
        volume=0.0,
        open=tape.open,
        high=tape.high,
        low=tape.low,
        close=tape.close,
        mark=tape.last,
        halted=halted,
        last_at=int(tape.last_at),
    )


def spread_of(item: Instrument) -> float:
    """Relative width of the market: narrow where much is traded."""
    if item.kind == "CASH":
        return 0.00004
    if item.kind == "FUT":
        return 0.00003
    return min(0.0001 * math.pow(5e7 / max(item.daily_volume, 1e4), 0.4), 0.002)


def around(item: Instrument, mid: float, relative: float) -> tuple[float, float]:
    """Bid and ask on ticks with at least one tick between them."""
    tick = item.tick(mid)
    half = max(mid * relative, tick) / 2
    bid = math.floor((mid - half) / tick + 1e-6) * tick
    ask = math.ceil((mid + half) / tick - 1e-6) * tick
    if ask - bid < tick / 2:
        ask = bid + tick
    return round(bid, 10), round(ask, 10)


def size_of(item: Instrument, beat: int, side: int) -> float:
    share = uniform(mixed(item.con_id, side), beat)
    if item.kind == "CASH":
        return float(round(1 + 4 * share) * 500_000)
    if item.kind in ("FUT", "OPT"):
        return 2.0 + math.floor(share * 48)
    lot = max(item.lot, 100.0 if item.daily_volume < 1e9 else 1.0)
    most = min(max(item.daily_volume / 4e6, 2.0), 40.0)
    return lot * (1 + math.floor(share * most))
