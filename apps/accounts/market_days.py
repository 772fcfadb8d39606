"""Which calendar day it is where an instrument trades: options expire by local date; pure."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

ZONES = {
    "HKD": ZoneInfo("Asia/Hong_Kong"),
    "CNH": ZoneInfo("Asia/Hong_Kong"),
    "CNY": ZoneInfo("Asia/Shanghai"),
    "JPY": ZoneInfo("Asia/Tokyo"),
    "SGD": ZoneInfo("Asia/Singapore"),
    "KRW": ZoneInfo("Asia/Seoul"),
    "AUD": ZoneInfo("Australia/Sydney"),
    "EUR": ZoneInfo("Europe/Berlin"),
    "CHF": ZoneInfo("Europe/Zurich"),
    "GBP": ZoneInfo("Europe/London"),
}
NEW_YORK = ZoneInfo("America/New_York")


def market_day(currency: str, at: datetime) -> date:
    """The date of the currency's home market; New York's for currencies not listed."""
    return at.astimezone(ZONES.get(currency, NEW_YORK)).date()


def days_to(expiry: date | None, *, currency: str, at: datetime) -> int | None:
    """0 on the day of expiry, negative afterwards; None for what never expires."""
    return None if expiry is None else (expiry - market_day(currency, at)).days
