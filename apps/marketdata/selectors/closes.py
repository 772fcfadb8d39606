"""The close of the last finished session, which stands in where no price streams."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from apps.marketdata.hours import day_end, unfinished_day, weekday_before
from apps.marketdata.models import Bar, BarRange, Instrument, Source
from ibkr.types import Session

SIZE = "1 day"
IN_VIEW = timedelta(days=10)


@dataclass(frozen=True, slots=True)
class Closes:
    """`due` lists those whose newest close may be missing here: ask the broker."""

    bars: dict[int, Bar] = field(default_factory=dict)
    due: list[int] = field(default_factory=list)


def last_closes(con_ids: Iterable[int], at: datetime) -> Closes:
    """A daily bar counts once its session was over when it was fetched; three queries."""
    wanted = list(con_ids)
    known = Instrument.objects.in_bulk(wanted)
    spans = _spans(wanted, at)
    rows: dict[int, list[Bar]] = defaultdict(list)
    newest_first = Bar.objects.filter(
        instrument__in=wanted, size=SIZE, start_at__gt=at - IN_VIEW, start_at__lte=at
    ).order_by("-start_at")
    for bar in newest_first:
        rows[bar.instrument_id].append(bar)
    found = Closes()
    for con_id in wanted:
        calendar = _Calendar.of(known.get(con_id), at)
        final = [bar for bar in rows[con_id] if calendar.final(bar, spans[con_id])]
        newest = final[0] if final else None
        if newest is not None:
            found.bars[con_id] = newest
        if calendar.lacks(newest, spans[con_id]):
            found.due.append(con_id)
    return found


@dataclass(frozen=True, slots=True)
class _Calendar:
    """The days of one instrument as its announced hours tell them."""

    sessions: tuple[Session, ...]
    zone: str
    unfinished: date

    @classmethod
    def of(cls, instrument: Instrument | None, at: datetime) -> "_Calendar":
        sessions = () if instrument is None else instrument.liquid_sessions
        zone = "" if instrument is None else instrument.time_zone
        return cls(sessions, zone, unfinished_day(sessions, zone, at))

    def final(self, bar: Bar, spans: list[BarRange]) -> bool:
        day = bar.start_at.astimezone(UTC).date()
        if day >= self.unfinished:
            return False
        return bar.source != Source.IB or self._fetched_after(day, spans)

    def lacks(self, bar: Bar | None, spans: list[BarRange]) -> bool:
        """Whether the newest finished session may have a bar that is not stored."""
        day = weekday_before(self.unfinished)
        if bar is not None and bar.start_at.astimezone(UTC).date() >= day:
            return False
        return bar is None or not self._fetched_after(day, spans)

    def _fetched_after(self, day: date, spans: list[BarRange]) -> bool:
        ended_at = day_end(self.sessions, self.zone, day)
        return any(span.start_at.date() <= day and span.end_at >= ended_at for span in spans)


def _spans(con_ids: list[int], at: datetime) -> dict[int, list[BarRange]]:
    """How far each was fetched from the broker, and when: a range ends when it was asked for."""
    found: dict[int, list[BarRange]] = defaultdict(list)
    rows = BarRange.objects.filter(instrument__in=con_ids, size=SIZE, end_at__gt=at - IN_VIEW)
    for row in rows:
        found[row.instrument_id].append(row)
    return found
