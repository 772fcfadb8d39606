"""How much of an order is done, at what average and cost, from all its executions; pure.

Sums are made anew each time, so that repeats, corrections and busts need no undoing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

PLACES = Decimal("1e-10")


@dataclass(frozen=True, slots=True)
class Fill:
    """One report of a fill. Reports with one `base` are about the same fill: the highest revision
    is what happened, and with quantity 0 nothing did (a bust)."""

    base: str
    revision: int
    exec_id: str
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Paid:
    """A commission report; it may come before the execution that it belongs to."""

    exec_id: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Tally:
    """`average` is None without a fill, `commission` until a report of it came, or where reports
    are in several currencies and cannot be added."""

    filled: Decimal
    average: Decimal | None
    commission: Decimal | None
    currency: str


def split_exec_id(exec_id: str) -> tuple[str, int]:
    """Base and revision: a correction of 0000e0d5.61a0.01.01 is 0000e0d5.61a0.01.02."""
    base, dot, last = exec_id.rpartition(".")
    if not dot or not (last.isascii() and last.isdigit()):
        return exec_id, 1
    return base, int(last)


def standing(fills: Iterable[Fill]) -> dict[str, Fill]:
    """By base, the report that counts; busts are among them, with quantity 0."""
    found: dict[str, Fill] = {}
    for fill in fills:
        known = found.get(fill.base)
        if known is None or fill.revision > known.revision:
            found[fill.base] = fill
    return found


def tally(fills: Iterable[Fill], paid: Iterable[Paid]) -> Tally:
    reports = list(fills)
    counted = [fill for fill in standing(reports).values() if fill.quantity > 0]
    filled = sum((fill.quantity for fill in counted), Decimal(0))
    worth = sum((fill.quantity * fill.price for fill in counted), Decimal(0))
    commission, currency = _commission(reports, counted, {row.exec_id: row for row in paid})
    average = (worth / filled).quantize(PLACES) if filled else None
    return Tally(filled, average, commission, currency)


def _commission(
    reports: list[Fill], counted: list[Fill], paid: Mapping[str, Paid]
) -> tuple[Decimal | None, str]:
    found = [report for fill in counted if (report := _paid_for(fill, reports, paid))]
    currencies = {report.currency for report in found}
    if len(currencies) != 1:
        return None, ""
    return sum((report.amount for report in found), Decimal(0)), currencies.pop()


def _paid_for(fill: Fill, reports: list[Fill], paid: Mapping[str, Paid]) -> Paid | None:
    """The newest revision's report; a correction of the price may come without one of its own."""
    same = sorted((r for r in reports if r.base == fill.base), key=lambda r: -r.revision)
    return next((paid[report.exec_id] for report in same if report.exec_id in paid), None)
