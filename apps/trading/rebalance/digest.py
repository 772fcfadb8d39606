"""One hash for the same content in any order: SHA-256 over a canonical form; pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from hashlib import sha256
from json import dumps
from operator import attrgetter
from typing import Any


def digest(content: Any) -> str:
    """Sequences must already be in a fixed order; 1.50 and 1.5 are the same number."""
    return sha256(canonical(content).encode()).hexdigest()


def canonical(content: Any) -> str:
    return dumps(plain(content), separators=(",", ":"), ensure_ascii=False)


def plain(value: Any) -> Any:
    """JSON that keeps every digit: numbers as text without exponent and trailing zeros."""
    kind: type = type(value)
    known = KNOWN.get(kind)
    if known is not None:
        return known(value)
    if isinstance(value, str):  # members of an enum
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(value[key]) for key in sorted(value)}
    if is_dataclass(value):
        return [KNOWN.get(type(part), plain)(part) for part in _values(kind)(value)]
    if isinstance(value, Sequence):
        return [plain(part) for part in value]
    raise TypeError(f"{type(value).__name__} has no canonical form")


def number(value: Decimal) -> str:
    """Every digit, no exponent, no trailing zeros; -0 is 0."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _same(value: Any) -> Any:
    return value


KNOWN: dict[type, Callable[[Any], Any]] = {
    type(None): _same,
    str: _same,
    bool: _same,
    int: _same,
    Decimal: number,
    datetime: datetime.isoformat,
    timedelta: lambda value: number(Decimal(str(value.total_seconds()))),
}


@cache
def _values(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    """Reads all fields at once, ordered by name: a record is the list of its values."""
    return attrgetter(*sorted(field.name for field in fields(kind)))
