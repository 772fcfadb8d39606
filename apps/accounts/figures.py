"""Numbers as people read them on pages; static/js/format.js does the same in the browser; pure."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

MISSING = "–"
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Format:
    """Fewest and most decimals; a signed figure carries a plus, a share is shown in percent."""

    least: int
    most: int
    signed: bool = False
    share: bool = False


FORMATS = {
    "money": Format(2, 2),
    "signed": Format(2, 2, signed=True),
    "price": Format(2, 2),
    "small_price": Format(2, 4),
    "future": Format(2, 6),
    "fx": Format(5, 5),
    "quantity": Format(0, 8),
    "tenths": Format(1, 1),
    "share": Format(1, 1, share=True),
    "signed_percent": Format(2, 2, signed=True),
    "greek": Format(3, 3),
}
PRICE_FORMATS = {"CASH": "fx", "FUT": "future", "FOP": "future"}


def price_format(sec_type: str) -> str:
    return PRICE_FORMATS.get(sec_type, "price")


def figure(value: Decimal | str | None, name: str) -> str:
    """Grouped by thousands, half rounded up, a real minus sign; a dash when missing."""
    if value is None or value == "":
        return MISSING
    number = Decimal(value)
    shape = FORMATS["small_price" if name == "price" and abs(number) < 1 else name]
    if shape.share:
        return figure(number * 100, "tenths") + "%"
    return shaped(number, shape)


def shaped(number: Decimal, shape: Format) -> str:
    rounded = number.quantize(Decimal(1).scaleb(-shape.most), rounding=ROUND_HALF_UP)
    return _sign(rounded, signed=shape.signed) + _digits(abs(rounded), shape)


def sign(value: Decimal | str | None) -> str:
    """up, down or flat for what a signed figure shows; empty when missing."""
    shown = figure(value, "signed")
    if shown == MISSING:
        return ""
    return {"+": "up", MINUS: "down"}.get(shown[0], "flat")


def _sign(number: Decimal, *, signed: bool) -> str:
    if number < 0:
        return MINUS
    return "+" if signed and number > 0 else ""


def _digits(number: Decimal, shape: Format) -> str:
    whole, _, fraction = f"{number:,f}".partition(".")
    kept = fraction.rstrip("0").ljust(shape.least, "0")
    return f"{whole}.{kept}" if kept else whole
