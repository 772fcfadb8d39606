"""What-if questions and answers as they travel between processes; pure."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from ibkr.types import MarginImpact

WHAT_IF = "trading.what_if"
TIMES = ("good_till_at",)
NUMBERS = frozenset(
    {"quantity", "limit_price", "stop_price", "trailing_percent", "trail_stop_price"}
)
WORDS = frozenset({"commission_currency", "warning"})


def told(fields: Mapping[str, Any]) -> dict[str, Any]:
    """JSON; what is None is left out."""
    return {name: plain(value) for name, value in fields.items() if value is not None}


def heard(terms: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `told`."""
    return {name: _value(name, value) for name, value in terms.items()}


def impact_from(answer: Mapping[str, Any]) -> MarginImpact:
    return MarginImpact(**{name: _amount(name, value) for name, value in answer.items()})


def plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat()
    return [list(pair) for pair in value] if isinstance(value, tuple) else value


def _value(name: str, value: Any) -> Any:
    if name in NUMBERS:
        return Decimal(value)
    return datetime.fromisoformat(value) if name in TIMES else value


def _amount(name: str, value: Any) -> Any:
    return value if value is None or name in WORDS else Decimal(value)
