"""What an account is exposed to once the worst has filled, in base currency; pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from apps.risk.book import WorkingOrder
from apps.risk.case import ZERO, Case, span
from apps.risk.snapshot import Instrument, Line

Lines = tuple[Line, ...]
Orders = tuple[WorkingOrder, ...]


class Worth(NamedTuple):
    """A line's value at worst; `size` None without a price."""

    line: Line
    size: Decimal | None
    lowest: Decimal
    highest: Decimal


_KNOWN: dict[int, tuple[Lines, Orders, tuple[Worth, ...]]] = {}
"""By account, with what was asked: most orders meet the holdings that the one before met."""


@dataclass(frozen=True)
class Book:
    """Worst cases of all lines, with this order in it. None where an input is missing.

    It knows nothing of the case it is kept with: a circle of the two would leave thousands of
    objects of every decision to the garbage collector.
    """

    table: tuple[Worth, ...] | None
    """Every line at its worst, the order's own last."""
    net_liquidation: Decimal | None
    told: Decimal | None
    """The broker's own sum plus this order."""

    def gross(self, chosen: Callable[[Line], bool] | None = None) -> Decimal | None:
        """Sum of the largest |value| of each chosen line; None when one has no price."""
        if self.table is None:
            return None
        found = [w.size for w in self.table if chosen is None or chosen(w.line)]
        sizes = [size for size in found if size is not None]
        return sum(sizes, ZERO) if len(sizes) == len(found) else None

    def net(self) -> Decimal | None:
        """The larger of the worst long and the worst short sum, unsigned."""
        if self.table is None or any(worth.size is None for worth in self.table):
            return None
        lowest = sum((worth.lowest for worth in self.table), ZERO)
        highest = sum((worth.highest for worth in self.table), ZERO)
        return max(abs(lowest), abs(highest))

    @cached_property
    def gross_or_told(self) -> Decimal | None:
        """As `gross`; with lines that have no price the broker's own sum plus this order."""
        found = self.gross()
        return self.told if found is None and self.table is not None else found

    def share(self, amount: Decimal | None) -> Decimal | None:
        net = self.net_liquidation
        return None if amount is None or net is None or net <= 0 else amount / net


def book_of(case: Case) -> Book:
    """The case's one book: several checks add up the same lines."""
    held = case.__dict__.get("_book")
    if not isinstance(held, Book):
        gross, order = case.snapshot.account.gross, case.notional
        held = case.__dict__["_book"] = Book(
            _table(case),
            case.snapshot.account.net_liquidation,
            None if gross is None or order is None else gross + order,
        )
    return held


def issuer_of(instrument: Instrument) -> str:
    """Options and futures count with what they are written on."""
    return str(instrument.under_con_id or instrument.con_id)


def _table(case: Case) -> tuple[Worth, ...] | None:
    held, own, working = case.snapshot.lines, case.line, case.snapshot.working
    if held is None or own is None or working is None or case.own_working is None:
        return None
    con_id = case.intent.con_id
    low, high = _reach(own, [order for order in case.own_working if order.con_id == con_id])
    worst = case.worst or ZERO
    last = _moving(_at_worst(case, own), min(low, worst), max(high, worst))
    others = _standing(case.snapshot.account.id, held, working)
    return (*(found for found in others if found.line.con_id != con_id), last)


def _standing(account_id: int, held: Lines, working: Orders) -> tuple[Worth, ...]:
    """Every line as it stands without this order; the answer to the same question is kept."""
    known = _KNOWN.get(account_id)
    if known is not None and known[0] == held and known[1] == working:
        return known[2]
    orders: dict[int, list[WorkingOrder]] = {}
    for order in working:
        if order.account_id == account_id:
            orders.setdefault(order.con_id, []).append(order)
    found = tuple(
        _moving(line, *_reach(line, orders[line.con_id]))
        if line.con_id in orders
        else _resting(line)
        for line in held
    )
    _KNOWN[account_id] = held, working, found
    return found


def _at_worst(case: Case, own: Line) -> Line:
    """The order's own instrument is valued at the order's worst price."""
    unit = max((u for u in (own.unit, case.unit) if u is not None), default=None)
    instrument = case.instrument
    if instrument is None or own.issuer:
        return own._replace(unit=unit)
    return own._replace(
        unit=unit,
        currency=instrument.currency,
        issuer=issuer_of(instrument),
        kind=instrument.kind,
    )


def _reach(line: Line, orders: Sequence[WorkingOrder]) -> tuple[Decimal, Decimal]:
    """Lowest and highest quantity that working orders can lead to."""
    sold, bought = span(orders)
    return line.quantity + sold, line.quantity + bought


def _moving(line: Line, low: Decimal, high: Decimal) -> Worth:
    if low == high == 0:
        return Worth(line, ZERO, ZERO, ZERO)
    if line.unit is None:
        return Worth(line, None, ZERO, ZERO)
    lowest = low * line.unit
    highest = lowest if low == high else high * line.unit
    return Worth(line, max(abs(lowest), abs(highest)), lowest, highest)


def _resting(line: Line) -> Worth:
    """Nothing works in it: what it is worth is what it will be."""
    if line.unit is None:
        return _moving(line, line.quantity, line.quantity)
    value = line.quantity * line.unit
    return Worth(line, abs(value), value, value)
