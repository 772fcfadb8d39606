"""Numbers as IB sends them: floats, texts and several ways to say "nothing here"."""

from decimal import Decimal, InvalidOperation
from typing import Any

UNSET_FLOAT = Decimal("1e300")
"""IB's unset double is 1.7976931348623157E308; nothing real comes near this."""
UNSET_FROM = float(UNSET_FLOAT)
UNSET_DECIMAL = Decimal(2**127 - 1)
UNSET_SIZES = frozenset(
    {
        Decimal(2**31 - 1),
        Decimal(2**63 - 1),
        Decimal(-(2**63)),
        UNSET_DECIMAL,
    }
)
ZERO = Decimal(0)
LEAST_UNSET_SIZE = Decimal(2**31 - 1)
SURELY_A_NUMBER, SURELY_A_SIZE = 19, 10
"""Whole numbers of fewer digits are below every unset value: no need to compare."""


def number(value: Any) -> Decimal | None:
    """Any amount: None when unset, empty, not a number or infinite."""
    if type(value) is float:
        return Decimal(repr(value)) if -UNSET_FROM < value < UNSET_FROM else None
    if value is None or value == "":
        return None
    if type(value) is str and len(value) < SURELY_A_NUMBER and value.isdecimal():
        return Decimal(value)
    try:
        found = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        return None
    if not found.is_finite() or not -UNSET_FLOAT < found < UNSET_FLOAT or found == UNSET_DECIMAL:
        return None
    return found


def amount(value: Any) -> Decimal:
    """Where the wire always carries a number; what is missing nevertheless counts as zero."""
    found = number(value)
    return Decimal(0) if found is None else found


def quantity(value: Any) -> Decimal | None:
    """A position or order size, signed; None when it is one of IB's unset values."""
    found = number(value)
    return None if found in UNSET_SIZES else found


def size(value: Any) -> Decimal | None:
    """A size of the market: never negative, -1 says that there is none."""
    if type(value) is Decimal and value.is_finite() and ZERO <= value < LEAST_UNSET_SIZE:
        return value
    if type(value) is str and len(value) < SURELY_A_SIZE and value.isdecimal():
        return Decimal(value)
    found = quantity(value)
    return None if found is None or found < ZERO else found


def price(value: Any) -> Decimal | None:
    """A price where -1 means that there is none."""
    found = number(value)
    return None if found == -1 else found


def positive(value: Any) -> Decimal | None:
    """Strikes and prices of orders: zero is how IB says "none"."""
    found = number(value)
    return None if found is None or found <= 0 else found


def non_zero(value: Any) -> Decimal | None:
    """Amounts that may be negative, where zero says "none"."""
    found = number(value)
    return None if found == 0 else found


def whole(value: Any) -> int | None:
    """A count; None when unset or negative."""
    found = quantity(value)
    return None if found is None or found < 0 else int(found)


def plain(value: Decimal) -> Decimal:
    """The same number without an exponent in its text: TWS does not read 1E+2."""
    return Decimal(format(value, "f"))
