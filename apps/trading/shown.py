"""Prices and orders as people read them; static/js/steps.js and orderrows.js do the same; pure."""

from decimal import Decimal
from typing import Any

from apps.accounts.figures import MISSING, Format, figure, shaped

Row = dict[str, Any]
EXTRA = 2
"""An average lies between two steps: it is told this much finer."""
OPEN, FILLED, OVER = "open", "filled", "over"
MANY = 8
AT_OPEN = {"MKT": "MOO", "LMT": "LOO"}
BEHIND = " - reason:"


def decimals(step: str | None) -> int:
    """At least two; a step of 0.0005 has four."""
    digits = (step or "").partition(".")[2].rstrip("0")
    return min(max(len(digits), 2), MANY)


def price_text(value: Decimal | str | None, step: str | None) -> str:
    """With the decimals of the instrument's smallest step, and more where the price has more."""
    if value is None or value == "":
        return MISSING
    least = decimals(step)
    return shaped(Decimal(value), Format(least, min(least + EXTRA, MANY)))


def order_class(row: Row) -> str:
    """The tab of the blotter it is listed under."""
    if row.get("open"):
        return OPEN
    return FILLED if row.get("state") == "filled" else OVER


def order_prices(row: Row) -> list[tuple[str, str]]:
    """(what it is, price): limit, stop or trail; empty for a market order."""
    step = row.get("step")
    stop = "trail" if row.get("type") == "TRAIL" else "stop"
    found = []
    if "limit_price" in row:
        found.append(("limit", price_text(row["limit_price"], step)))
    if "stop_price" in row:
        found.append((stop, price_text(row["stop_price"], step)))
    if "trailing_percent" in row:
        found.append(("trail", figure(row["trailing_percent"], "quantity") + "%"))
    return found


def type_name(row: Row) -> str:
    """What people call the type: TWS knows orders for the open only by their time in force."""
    kind = str(row.get("type", ""))
    return AT_OPEN.get(kind, kind) if row.get("tif") == "OPG" else kind


def reason_text(reason: str | None) -> str:
    """Without TWS's "Order Canceled - reason:", which the state says already."""
    text = reason or ""
    return text.rpartition(BEHIND)[2].strip() if BEHIND in text else text


def filled_percent(row: Row) -> int:
    quantity = Decimal(row.get("quantity", 0))
    return int(Decimal(row.get("filled", 0)) * 100 / quantity) if quantity else 0
