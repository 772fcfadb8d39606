"""When a simulated venue trades: sessions by day, and IB's own text form of them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAYS_ANNOUNCED = 6
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Venue:
    """The trading day of an exchange. Minutes count from local midnight."""

    name: str
    time_zone: str
    trading: tuple[tuple[int, int], ...]
    liquid: tuple[tuple[int, int], ...]
    around_the_clock: bool = False
    holidays: frozenset[date] = frozenset()
    early_closes: tuple[tuple[date, int], ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def day_of(self, at: float) -> date:
        return datetime.fromtimestamp(at, self.zone).date()

    def spans(self, day: date, *, liquid: bool) -> tuple[Span, ...]:
        """Open periods of one local day in Unix seconds, empty on a closed day."""
        return _spans(self, day, liquid)

    def is_open(self, at: float, *, liquid: bool) -> bool:
        if self.around_the_clock:
            return True
        return any(start <= at < end for start, end in self.spans(self.day_of(at), liquid=liquid))

    def next_open(self, at: float, *, liquid: bool) -> float:
        """The next moment at which the venue is open, `at` itself when it is open now."""
        day = self.day_of(at)
        for offset in range(15):
            for start, end in self.spans(day + timedelta(days=offset), liquid=liquid):
                if at < end:
                    return max(at, start)
        return at

    def session(self, at: float) -> tuple[date, Span]:
        """The liquid session under way at `at`, or the last one before it."""
        day = self.day_of(at)
        for _ in range(15):
            spans = self.spans(day, liquid=True)
            if spans and spans[0][0] <= at:
                return day, (spans[0][0], spans[-1][1])
            day -= timedelta(days=1)
        raise ValueError(f"{self.name} has no session in the two weeks before {day}")

    def sessions(self, *, until: float, count: int) -> list[tuple[date, Span]]:
        """The last `count` liquid sessions that began before `until`, oldest first."""
        found: list[tuple[date, Span]] = []
        at = until
        while len(found) < count:
            day, span = self.session(at)
            found.append((day, span))
            at = span[0] - 1
        return found[::-1]

    def local_text(self, at: float) -> str:
        """2026-04-13 09:30:00 US/Eastern, as TWS words moments in messages."""
        return f"{datetime.fromtimestamp(at, self.zone):%Y-%m-%d %H:%M:%S} {self.time_zone}"

    def describe(self, at: float, *, liquid: bool) -> str:
        """IB's form: 20260406:0930-20260406:1600;20260407:CLOSED."""
        first = self.day_of(at)
        days = (first + timedelta(days=offset) for offset in range(DAYS_ANNOUNCED))
        return ";".join(part for day in days for part in self._day_parts(day, liquid))

    def _day_parts(self, day: date, liquid: bool) -> list[str]:  # noqa: FBT001
        spans = self.spans(day, liquid=liquid)
        if not spans:
            return [f"{day:%Y%m%d}:CLOSED"]
        moments = [[datetime.fromtimestamp(edge, self.zone) for edge in span] for span in spans]
        return [f"{start:%Y%m%d:%H%M}-{end:%Y%m%d:%H%M}" for start, end in moments]


@lru_cache(maxsize=4096)
def _spans(venue: Venue, day: date, liquid: bool) -> tuple[Span, ...]:  # noqa: FBT001
    zone = venue.zone
    midnight = datetime.combine(day, time(), zone)
    if venue.around_the_clock:
        end = datetime.combine(day + timedelta(days=1), time(), zone)
        return ((midnight.timestamp(), end.timestamp()),)
    if day.weekday() >= 5 or day in venue.holidays:
        return ()
    close = dict(venue.early_closes).get(day, 24 * 60)
    chosen = venue.liquid if liquid else venue.trading
    return tuple(
        (_moment(day, start, zone), _moment(day, min(end, close), zone))
        for start, end in chosen
        if start < close
    )


def _moment(day: date, minutes: int, zone: ZoneInfo) -> float:
    extra, rest = divmod(minutes, 24 * 60)
    local = datetime.combine(day + timedelta(days=extra), time(rest // 60, rest % 60), zone)
    return local.timestamp()


def parse_spans(texts: list[str]) -> tuple[tuple[int, int], ...]:
    """["0930-1600"] as minutes from midnight."""
    pairs = [text.split("-") for text in texts]
    return tuple((_minutes(start), _minutes(end)) for start, end in pairs)


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[2:])


def parse_moment(text: str, default_zone: str) -> float:
    """Unix seconds of IB's order times: `yyyymmdd hh:mm:ss zone` or `yyyymmdd-hh:mm:ss` (UTC).

    ValueError when it is neither; an empty time of day means the day's last second.
    """
    words = text.replace("-", " ").split()
    if not words or len(words) > 3:
        raise ValueError(f"not a time: {text!r}")
    clock = words[1] if len(words) > 1 else "23:59:59"
    moment = datetime.strptime(f"{words[0]} {clock}", "%Y%m%d %H:%M:%S")  # noqa: DTZ007
    if "-" in text:
        return moment.replace(tzinfo=UTC).timestamp()
    try:
        zone = ZoneInfo(words[2] if len(words) == 3 else default_zone)
    except (KeyError, OSError) as error:
        raise ValueError(f"unknown time zone in {text!r}") from error
    return moment.replace(tzinfo=zone).timestamp()


def third_fridays(today: date, count: int) -> tuple[date, ...]:
    """Monthly expiries that lie at least a week ahead."""
    found: list[date] = []
    year, month = today.year, today.month
    while len(found) < count:
        first = date(year, month, 1)
        friday = first + timedelta(days=(4 - first.weekday()) % 7 + 14)
        if friday - today >= timedelta(days=7):
            found.append(friday)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return tuple(found)
