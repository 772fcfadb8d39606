"""Sessions of exchanges from exchange_calendars, which only default workers and commands load.

Loading the package takes half a second and 70 MB (pandas), so pages read the rows that the
schedule task keeps, and gateways need none.
"""

from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from apps.trading.calendars import Session

EXCHANGES = {
    "XNYS": "New York Stock Exchange, Nasdaq",
    "XTSE": "Toronto Stock Exchange",
    "XLON": "London Stock Exchange",
    "XETR": "Xetra",
    "XPAR": "Euronext Paris",
    "XAMS": "Euronext Amsterdam",
    "XSWX": "SIX Swiss Exchange",
    "XHKG": "Hong Kong Exchanges",
    "XTKS": "Tokyo Stock Exchange",
    "XASX": "Australian Securities Exchange",
    "CMES": "CME Globex",
}
"""Those a schedule can be set by; names of exchange_calendars."""


def sessions_of(name: str, *, start: date, end: date) -> tuple[str, tuple[Session, ...]]:
    """The exchange's zone and its sessions from `start` to `end`, both included."""
    calendar = _calendar(name, start.isoformat(), end.isoformat())
    rows = calendar.schedule[["open", "close"]].itertuples()
    found = tuple(Session(day.date(), _utc(opens), _utc(closes)) for day, opens, closes in rows)
    return str(calendar.tz), tuple(s for s in found if start <= s.day <= end)


@cache
def _calendar(name: str, start: str, end: str) -> Any:
    import exchange_calendars  # noqa: PLC0415  # see above

    try:
        return exchange_calendars.get_calendar(name, start=start, end=end)
    except ValueError:
        # Some exchanges announce holidays a year at a time: as far as they are known, then.
        return exchange_calendars.get_calendar(name, start=start)


def _utc(stamp: Any) -> datetime:
    moment: datetime = stamp.to_pydatetime()
    return moment.astimezone(UTC)
