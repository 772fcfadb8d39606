"""Decimals in one canonical form, so that equal numbers are equal rows and equal texts."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

DIGITS = 15
"""What a double holds for certain: brokers send doubles and SQLite keeps doubles."""

_context = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN)
_wide = Context(prec=60, rounding=ROUND_HALF_EVEN)


def rounded(value: Decimal | None, places: int) -> Decimal | None:
    """At most `places` decimals and 15 digits; None stays None."""
    if value is None:
        return None
    return _context.plus(value.quantize(Decimal(1).scaleb(-places), context=_wide))


def plain(value: Decimal | None) -> str | None:
    """Digits without exponent and without trailing zeros: what travels in JSON."""
    if value is None:
        return None
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def parsed(text: str, *, limit: Decimal = Decimal("1e20")) -> Decimal | None:
    """A broker's text as a number; None for words and for IB's "not computed" 1.797E308."""
    try:
        value = Decimal(text.strip())
    except ArithmeticError:
        return None
    return value if value.is_finite() and abs(value) < limit else None
