"""Historical bars from the same walk as the live prices: the last close is the price now."""

import itertools
import math
from collections.abc import Iterator
from datetime import date, timedelta

from twsim.broker import SimError
from twsim.domain.market import Bar
from twsim.hours import Span
from twsim.instruments import Instrument, Universe
from twsim.prices import Market
from twsim.prices.pace import progress
from twsim.prices.tape import around, spread_of
from twsim.walk import uniform

DAY = 86400
_FIRST = 946_684_800  # 2000-01-01: nothing is known before
_SAMPLES = 4
_DAY_SAMPLES = 24
_MOST_BARS = 20_000
_MOST_KEPT = 100_000
_SLICE = 50
_INSTANT = 0.001
"""A session that begins at the very end asked for has no bar yet."""
_KINDS = {
    "TRADES",
    "ADJUSTED_LAST",
    "MIDPOINT",
    "BID",
    "ASK",
    "BID_ASK",
    "HISTORICAL_VOLATILITY",
    "OPTION_IMPLIED_VOLATILITY",
}
_TRADED = {"TRADES", "ADJUSTED_LAST"}
_VOLATILITY = {"HISTORICAL_VOLATILITY", "OPTION_IMPLIED_VOLATILITY"}


class Bars:
    """Deterministic: the same seed and moment give the same bars, for any past."""

    def __init__(self, universe: Universe, market: Market) -> None:
        self._universe = universe
        self._market = market
        self._finished: dict[tuple[int, Span, str], Bar] = {}

    def head(self, con_id: int, what: str) -> int:
        """The earliest moment of which there are bars."""
        _check(self._universe[con_id], what)
        return _FIRST

    def slices(
        self, con_id: int, *, end: float, seconds: float, bar_seconds: int, what: str, rth: bool
    ) -> Iterator[tuple[Bar, ...]]:
        """Up to `end`, or now if that is earlier; SimError 162 when there can be none.

        A slice is short to make, so that whoever asks for a long period can do other things in
        between.
        """
        item = self._universe[con_id]
        _check(item, what)
        limit = min(end, self._market.last_beat(con_id) + 1e-6)
        if bar_seconds >= DAY:
            spans = self._long_spans(item, limit, seconds, bar_seconds)
        else:
            spans = self._short_spans(item, limit, seconds, bar_seconds, rth=rth)
        if len(spans) > _MOST_BARS:
            raise SimError(162, "Historical Market Data Service error message:Too many bars")
        groups = (spans[at : at + _SLICE] for at in range(0, len(spans), _SLICE))
        return (tuple(self._known(item, span, limit, what) for span in group) for group in groups)

    def _known(self, item: Instrument, span: Span, limit: float, what: str) -> Bar:
        """A finished bar stays as it is: prices are set from now on, never in the past."""
        if span[1] > limit - _INSTANT:
            return self._bar(item, span, limit, what)
        key = (item.con_id, span, what)
        found = self._finished.get(key)
        if found is None:
            if len(self._finished) >= _MOST_KEPT:
                self._finished.clear()
            found = self._finished[key] = self._bar(item, span, limit, what)
        return found

    def _short_spans(
        self, item: Instrument, limit: float, seconds: float, bar_seconds: int, *, rth: bool
    ) -> list[Span]:
        """Bars are aligned to each session's opening."""
        days = max(math.ceil(seconds / DAY), 1)
        if seconds < DAY:
            days += 1  # soon after an opening the period reaches into the session before
        sessions = item.venue.sessions(until=limit - _INSTANT, count=days)
        first = limit - seconds if seconds < DAY else 0.0
        spans = [
            span
            for day, _ in sessions
            for open_span in item.venue.spans(day, liquid=rth)
            for span in _cut(open_span, bar_seconds)
            if span[0] < limit and span[1] > first
        ]
        return spans[-math.ceil(seconds / bar_seconds) :] if seconds < DAY else spans

    def _long_spans(
        self, item: Instrument, limit: float, seconds: float, bar_seconds: int
    ) -> list[Span]:
        """One bar per session, week or month; the period counts calendar days."""
        _, (start, _) = item.venue.session(limit - _INSTANT)
        first = start - max(seconds - DAY, 0)
        days = round(seconds / DAY) + 3
        sessions = item.venue.sessions(until=limit - _INSTANT, count=days)
        chosen = [(day, span) for day, span in sessions if span[0] >= first - 1]
        groups = itertools.groupby(chosen, key=lambda session: _period(session[0], bar_seconds))
        return [_joined([span for _, span in group]) for _, group in groups]

    def _bar(self, item: Instrument, span: Span, limit: float, what: str) -> Bar:
        start, end = span[0], min(span[1], limit)
        prices = self._prices(item, start, end, what)
        volume = self._volume(item, start, end) if what in _TRADED else -1.0
        return Bar(
            start_at=int(start),
            open=prices[0],
            high=max(prices),
            low=min(prices),
            close=prices[-1],
            volume=volume,
            average=round(sum(prices) / len(prices), 6) if what in _TRADED else -1.0,
            count=max(int(volume / 180), 1) if volume > 0 else -1,
        )

    def _prices(self, item: Instrument, start: float, end: float, what: str) -> list[float]:
        count = _DAY_SAMPLES if end - start >= DAY / 4 else _SAMPLES
        step = (end - start) / count
        moments = [start + step * number for number in range(count)] + [end]
        if what in _VOLATILITY:
            level = self._market.historical_volatility(item.con_id)
            return [level * (0.95 + 0.1 * uniform(item.con_id, int(at // DAY))) for at in moments]
        middles = [self._market.price_at(item.con_id, at) for at in moments]
        if what in _TRADED or what == "MIDPOINT":
            return [item.rounded(middle) for middle in middles]
        pairs = [around(item, middle, spread_of(item)) for middle in middles]
        return [pair[1] if what == "ASK" else pair[0] for pair in pairs]

    def _volume(self, item: Instrument, start: float, end: float) -> float:
        total = 0.0
        for day in _days(item, start, end):
            session = item.venue.spans(day, liquid=True)
            if not session:
                continue
            low, high = max(start, session[0][0]), min(end, session[-1][1])
            if low >= high:
                continue
            share = _share(item, high, day) - _share(item, low, day)
            wanted = item.daily_volume * (0.8 + 0.4 * uniform(item.con_id, day.toordinal()))
            total += wanted * share
        return float(math.floor(total))


def _share(item: Instrument, at: float, day: date) -> float:
    reached, done = progress(item.venue, at)
    return done if reached == day else float(reached > day)


def _days(item: Instrument, start: float, end: float) -> Iterator[date]:
    day, last = item.venue.day_of(start), item.venue.day_of(end)
    while day <= last:
        yield day
        day += timedelta(days=1)


def _check(item: Instrument, what: str) -> None:
    if what not in _KINDS:
        raise SimError(321, "Error validating request.-'bI' : cause - Invalid what to show")
    if what in _TRADED and item.kind == "CASH":
        name = f"{item.contract.local_symbol}@IDEALPRO"
        text = f"Historical Market Data Service error message:No historical data query for {name}"
        raise SimError(162, text)


def _cut(span: Span, bar_seconds: int) -> Iterator[Span]:
    start, end = span
    for number in range(math.ceil((end - start) / bar_seconds)):
        low = start + number * bar_seconds
        yield low, min(low + bar_seconds, end)


def _period(day: date, bar_seconds: int) -> object:
    if bar_seconds >= 28 * DAY:
        return (day.year, day.month)
    if bar_seconds >= 7 * DAY:
        return day.isocalendar()[:2]
    return day


def _joined(spans: list[Span]) -> Span:
    return spans[0][0], spans[-1][1]
