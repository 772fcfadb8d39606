"""How historical requests write durations, bar sizes and times, and how bars are dated."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from twsim.domain.contracts import Details
from twsim.domain.market import Bar
from twsim.messages import replies as say

FIVE_SECONDS = 5
DAY = 86_400
LONGEST = 40 * 365 * DAY
"""Seconds: no instrument here has a longer past."""
UNITS = {"S": 1, "D": DAY, "W": 7 * DAY, "M": 30 * DAY, "Y": 365 * DAY}
BAR_SIZES = {
    "1 secs": 1,
    "5 secs": 5,
    "10 secs": 10,
    "15 secs": 15,
    "30 secs": 30,
    "1 min": 60,
    "2 mins": 120,
    "3 mins": 180,
    "5 mins": 300,
    "10 mins": 600,
    "15 mins": 900,
    "20 mins": 1200,
    "30 mins": 1800,
    "1 hour": 3600,
    "2 hours": 7200,
    "3 hours": 10_800,
    "4 hours": 14_400,
    "8 hours": 28_800,
    "1 day": DAY,
    "1W": 7 * DAY,
    "1 week": 7 * DAY,
    "1M": 30 * DAY,
    "1 month": 30 * DAY,
}
_END = re.compile(r"(\d{8})(?:([- ])(\d{2}:\d{2}:\d{2}))?(?: (\S+))?")
_OPEN = re.compile(r"\d{8}:(\d{4})-(\d{8}):(\d{4})")


def parse_duration(text: str) -> float | None:
    """Seconds of `1 D` and the like; None when it is not a duration."""
    number, _, unit = text.strip().partition(" ")
    unit = unit or "S"
    if not (number.isascii() and number.isdigit() and len(number) < 12) or unit not in UNITS:
        return None
    seconds = int(number) * UNITS[unit]
    return float(seconds) if 0 < seconds <= LONGEST else None


def parse_end(text: str, zone: str, now: float) -> float:
    """Unix seconds; empty is now, -1 when it is not a time. With a dash the time is UTC."""
    if not text:
        return now
    match = _END.fullmatch(text)
    if match is None:
        return -1.0
    date, separator, clock, named = match.groups()
    try:
        moment = datetime.strptime(f"{date} {clock or '23:59:59'}", "%Y%m%d %H:%M:%S")  # noqa: DTZ007
        where = UTC if separator == "-" else ZoneInfo(named or zone)
    except (ValueError, KeyError, OSError):
        return -1.0
    return moment.replace(tzinfo=where).timestamp()


def bar_time(at: int, zone: str, bar_seconds: int, *, epoch: bool) -> str:
    """Days and longer carry their date; shorter bars local time with zone, or Unix seconds."""
    local = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone))
    if bar_seconds >= DAY:
        return f"{local:%Y%m%d}"
    return str(at) if epoch else f"{local:%Y%m%d %H:%M:%S} {zone}"


def sessions_of(bars: tuple[Bar, ...], details: Details) -> tuple[say.TradingSession, ...]:
    """One session for each daily bar, with the open and close of the announced liquid hours."""
    match = _OPEN.search(details.liquid_hours)
    opens, closes = (match[1], match[3]) if match else ("0000", "2359")
    zone = ZoneInfo(details.time_zone)
    overnight = match is not None and closes <= opens
    rows = []
    for bar in bars:
        day = datetime.fromtimestamp(bar.start_at, UTC).astimezone(zone).date()
        last = day + timedelta(days=1) if overnight else day
        rows.append(
            say.TradingSession(
                f"{day:%Y%m%d}-{opens[:2]}:{opens[2:]}:00",
                f"{last:%Y%m%d}-{closes[:2]}:{closes[2:]}:00",
                f"{day:%Y%m%d}",
            )
        )
    return tuple(rows)
