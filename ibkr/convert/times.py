"""Times as IB writes them, turned into aware UTC; trading hours into sessions."""

import logging
import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ibkr.types import Session

log = logging.getLogger(__name__)

ALIASES = {
    "CET": "Europe/Berlin",
    "CEST": "Europe/Berlin",
    "MET": "Europe/Berlin",
    "CST": "America/Chicago",
    "CST6CDT": "America/Chicago",
    "EDT": "America/New_York",
    "EST": "America/New_York",
    "EST5EDT": "America/New_York",
    "GB-Eire": "Europe/London",
    "BST": "Europe/London",
    "HKT": "Asia/Hong_Kong",
    "Hongkong": "Asia/Hong_Kong",
    "JST": "Asia/Tokyo",
    "Japan": "Asia/Tokyo",
    "Singapore": "Asia/Singapore",
    "MST": "America/Denver",
    "PST": "America/Los_Angeles",
    "US/Central": "America/Chicago",
    "US/Eastern": "America/New_York",
    "US/Pacific": "America/Los_Angeles",
    "Z": "UTC",
}
"""Names that IB uses; EST and the like mean the zone in force there, summer time included."""

_moment = re.compile(r"(\d{8})(?:[ -]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?\s*(.*)", re.DOTALL)


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo | None:
    """The zone that IB calls `name`; None for a name nobody knows."""
    try:
        return ZoneInfo(ALIASES.get(name, name)) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def moment(text: str, default: tzinfo = UTC) -> datetime | None:
    """Aware UTC, or None when the text is no time.

    Understood: `20260413 15:27:04 US/Eastern`, the same without a zone (then `default`),
    `20260413-15:27:04` (UTC), `20260413` (midnight UTC) and seconds since 1970.
    """
    text = text.strip()
    if text.isdigit() and len(text) >= 9:
        return datetime.fromtimestamp(int(text), UTC)
    match = _moment.fullmatch(text)
    if match is None:
        return None
    day, hour, minute, second, name = match.groups()
    try:
        at = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
        if hour is None:
            return at
        at = at.replace(hour=int(hour), minute=int(minute), second=int(second or 0))
    except ValueError:
        return None
    return at.replace(tzinfo=_zone_of(text, name, default)).astimezone(UTC)


def _zone_of(text: str, name: str, default: tzinfo) -> tzinfo:
    if text[8:9] == "-" and not name:
        return UTC
    words = name.split()
    if not words:
        return default
    found = zone(words[0])
    if found is None:
        log.warning("unknown time zone %r in a time of TWS; taken as UTC", words[0])
    return found or UTC


def day(text: str) -> date | None:
    """The date of `20260618` or `20261218 08:30:00 US/Central`; None for a month or nothing."""
    head = text.strip()[:8]
    if len(head) != 8 or not head.isdigit():
        return None
    try:
        return datetime.strptime(head, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def request_time(at: datetime) -> str:
    """For requests and good-till dates: UTC in the form that needs no zone name."""
    return at.astimezone(UTC).strftime("%Y%m%d-%H:%M:%S")


def sessions(text: str, zone_name: str) -> tuple[Session, ...]:
    """Trading hours: `20260406:0930-20260406:1600;20260407:CLOSED`, or the older form
    `20260406:0930-1600,1700-1800`. Empty when the zone is unknown."""
    where = zone(zone_name)
    if where is None:
        return ()
    found = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        head, _, spans = part.partition(":")
        for span in spans.split(","):
            session = _session(head, span, where)
            if session is not None:
                found.append(session)
    return tuple(sorted(found, key=lambda session: session.start_at))


def _session(head: str, span: str, where: ZoneInfo) -> Session | None:
    opens, dash, closes = span.partition("-")
    if not dash:
        return None
    start = _local(head, opens, where)
    end_day, colon, end_clock = closes.partition(":")
    end = _local(end_day, end_clock, where) if colon else _local(head, closes, where)
    if start is None or end is None:
        return None
    if end <= start and not colon:
        end += timedelta(days=1)
    return Session(start, end) if start < end else None


def _local(day_text: str, clock: str, where: ZoneInfo) -> datetime | None:
    on = day(day_text)
    if on is None or len(clock) != 4 or not clock.isdigit():
        return None
    hours, minutes = int(clock[:2]), int(clock[2:])
    at = datetime(on.year, on.month, on.day, tzinfo=where) + timedelta(hours=hours, minutes=minutes)
    return at.astimezone(UTC)
