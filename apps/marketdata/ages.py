"""How old something is, in words."""

from datetime import timedelta

from apps.marketdata.words import market_words


def age_words(age: timedelta) -> str:
    """Rounded down to whole seconds, minutes, hours or days, as static/js/quote.js does."""
    seconds = max(0, int(age.total_seconds()))
    for name, length, limit in (
        ("seconds", 1, 60),
        ("minutes", 60, 3600),
        ("hours", 3600, 86_400),
    ):
        if seconds < limit:
            return _said(name, seconds // length)
    return _said("days", seconds // 86_400)


def _said(name: str, count: int) -> str:
    return market_words()[f"age_{name}"].replace("{n}", str(count))
