"""Which requests fetch a stretch of history: chunks, what is covered already, progress; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Size:
    """A bar size as IB names it; `duration` is IB's name of what one request may span."""

    name: str
    length: timedelta
    duration: str
    step: timedelta


SIZES = {
    size.name: size
    for size in (
        Size("1 min", timedelta(minutes=1), "1 D", DAY),
        Size("2 mins", timedelta(minutes=2), "2 D", 2 * DAY),
        Size("5 mins", timedelta(minutes=5), "1 W", 7 * DAY),
        Size("15 mins", timedelta(minutes=15), "1 W", 7 * DAY),
        Size("30 mins", timedelta(minutes=30), "1 M", 28 * DAY),
        Size("1 hour", timedelta(hours=1), "1 M", 28 * DAY),
        Size("4 hours", timedelta(hours=4), "1 M", 28 * DAY),
        Size("1 day", DAY, "1 Y", 364 * DAY),
    )
}
"""The spans follow IB's table of valid durations for each bar size (TWS API, historical bars)."""
RECENT = {
    "1 min": "1800 S",
    "2 mins": "3600 S",
    "5 mins": "7200 S",
    "15 mins": "14400 S",
    "30 mins": "28800 S",
    "1 hour": "1 D",
    "4 hours": "2 D",
    "1 day": "5 D",
}
"""How far back the newest bars are fetched anew, in IB's words."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Start inclusive, end exclusive, aware UTC."""

    start_at: datetime
    end_at: datetime


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """In order; spans that touch or overlap become one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start_at <= found[-1].end_at:
            found[-1] = Span(found[-1].start_at, max(found[-1].end_at, span.end_at))
        else:
            found.append(span)
    return tuple(found)


def missing(wanted: Span, covered: Iterable[Span]) -> tuple[Span, ...]:
    """The parts of `wanted` that nothing covers, oldest first."""
    gaps, start_at = [], wanted.start_at
    for span in merged(covered):
        if span.end_at <= start_at:
            continue
        if span.start_at >= wanted.end_at:
            break
        if span.start_at > start_at:
            gaps.append(Span(start_at, span.start_at))
        start_at = span.end_at
    if start_at < wanted.end_at:
        gaps.append(Span(start_at, wanted.end_at))
    return tuple(gaps)


def chunks(wanted: Span, covered: Iterable[Span], size: Size) -> tuple[Span, ...]:
    """The requests that are left, the newest first: recent bars are what people look at."""
    found = []
    for gap in reversed(missing(wanted, covered)):
        end_at = gap.end_at
        while end_at > gap.start_at:
            start_at = max(gap.start_at, end_at - size.step)
            found.append(Span(start_at, end_at))
            end_at = start_at
    return tuple(found)


def fetched(chunk: Span, starts: Iterable[datetime], wanted: Span, size: Size) -> Span:
    """What an answer covers. An answer without bars says that the whole chunk has none.

    Requests for bars within the day count trading days: around weekends they reach further back
    than the chunk, and in mid-session not as far. So there the oldest bar decides.
    """
    oldest = min((start_at for start_at in starts if start_at < chunk.end_at), default=None)
    if oldest is None or (size.length >= DAY and oldest > chunk.start_at):
        oldest = chunk.start_at
    return Span(max(oldest, wanted.start_at), chunk.end_at)


def duration(chunk: Span, size: Size) -> str:
    """IB's name for how far back from its end a request for the chunk has to reach."""
    if size.length >= DAY and chunk.end_at - chunk.start_at <= 28 * DAY:
        return "1 M"
    return size.duration


def whole_bars(wanted: Span, size: Size) -> Span:
    """Without the bar that is still being made; days are judged by the calendar instead."""
    if size.length >= DAY:
        return wanted
    seconds = size.length.total_seconds()
    end = wanted.end_at.timestamp() // seconds * seconds
    return Span(wanted.start_at, datetime.fromtimestamp(end, UTC))


def length(spans: Iterable[Span]) -> timedelta:
    """Of all of them together; they must not overlap."""
    return sum((span.end_at - span.start_at for span in spans), timedelta())
