"""Whether a market is open, and when it next opens or closes, from the broker's sessions; pure."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ibkr.types import Session

INSTANT = timedelta(microseconds=1)
"""A session that ends at midnight belongs to the day before."""
SATURDAY = 5


def joined(sessions: Iterable[Session]) -> tuple[Session, ...]:
    """In order of time; spans that touch or overlap become one."""
    spans: list[Session] = []
    for session in sorted(sessions, key=lambda s: s.start_at):
        if spans and session.start_at <= spans[-1].end_at:
            end_at = max(spans[-1].end_at, session.end_at)
            spans[-1] = Session(spans[-1].start_at, end_at)
        else:
            spans.append(session)
    return tuple(spans)


def is_open(sessions: Iterable[Session], at: datetime) -> bool | None:
    """None after the last announced session: the details are old and nobody knows."""
    spans = joined(sessions)
    if not spans or at >= spans[-1].end_at:
        return None
    return any(span.start_at <= at < span.end_at for span in spans)


def next_open(sessions: Iterable[Session], at: datetime) -> datetime | None:
    """The next start of trading after `at`; None when none is announced."""
    return next((s.start_at for s in joined(sessions) if s.start_at > at), None)


def next_close(sessions: Iterable[Session], at: datetime) -> datetime | None:
    """The end of the session under way, or else of the next one; None when none is announced."""
    return next((s.end_at for s in joined(sessions) if s.end_at > at), None)


def last_session(sessions: Iterable[Session], at: datetime) -> Session | None:
    """The newest session that has ended; None when the known ones all lie ahead."""
    ended = [span for span in joined(sessions) if span.end_at <= at]
    return ended[-1] if ended else None


def unfinished_day(sessions: Iterable[Session], zone: str, at: datetime) -> date:
    """The first day, in the exchange's zone, whose regular session has not ended at `at`.

    A daily bar of it or of a later day is still being made. Where no session is announced any
    more, today counts as unfinished.
    """
    ends = [session.end_at for session in sessions if session.end_at > at]
    return _day(min(ends), zone) if ends else _day(at + INSTANT, zone)


def day_end(sessions: Iterable[Session], zone: str, day: date) -> datetime:
    """When the regular session of a day ends; the end of the day itself where none is announced."""
    ends = [session.end_at for session in sessions if _day(session.end_at, zone) == day]
    midnight = datetime.combine(day + timedelta(days=1), time(), _zone(zone))
    return max(ends, default=midnight)


def weekday_before(day: date) -> date:
    """Holidays count: nobody here knows them."""
    found = day - timedelta(days=1)
    while found.weekday() >= SATURDAY:
        found -= timedelta(days=1)
    return found


def _day(end_at: datetime, zone: str) -> date:
    return (end_at - INSTANT).astimezone(_zone(zone)).date()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def stored(sessions: Sequence[Session]) -> list[list[str]]:
    """As JSON keeps them: pairs of ISO times in UTC."""
    return [[s.start_at.isoformat(), s.end_at.isoformat()] for s in sessions]


def loaded(pairs: Iterable[Sequence[str]]) -> tuple[Session, ...]:
    """The sessions of `stored`."""
    return tuple(
        Session(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in pairs
    )
