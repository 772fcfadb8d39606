"""One hash for the same content in any order: SHA-256 over a canonical form; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from json import dumps
from typing import Any


def digest(content: Any) -> str:
    """Sequences must already be in a fixed order; 1.50 and 1.5 are the same number."""
    return sha256(canonical(content).encode()).hexdigest()


def canonical(content: Any) -> str:
    return dumps(plain(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def plain(value: Any) -> Any:
    """JSON that keeps every digit: numbers as text without exponent and trailing zeros."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return number(Decimal(str(value.total_seconds())))
    if isinstance(value, Mapping):
        return {str(key): plain(value[key]) for key in sorted(value)}
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Sequence):
        return [plain(part) for part in value]
    raise TypeError(f"{type(value).__name__} has no canonical form")


def number(value: Decimal) -> str:
    """Every digit, no exponent, no trailing zeros; -0 is 0."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
