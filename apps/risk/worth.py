"""What an account is exposed to once the worst has filled, in base currency; pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from apps.risk.book import WorkingOrder
from apps.risk.case import ZERO, Case, side_total
from apps.risk.snapshot import Instrument, Line


class Worth(NamedTuple):
    """A line's value at worst; `size` None without a price."""

    line: Line
    size: Decimal | None
    lowest: Decimal
    highest: Decimal


@dataclass(frozen=True)
class Book:
    """Worst cases of all lines, with this order in it. None where an input is missing."""

    case: Case

    @cached_property
    def lines(self) -> tuple[Line, ...] | None:
        """All lines; the order's own instrument is valued at the order's worst price."""
        held, own = self.case.snapshot.lines, self.case.line
        if held is None or own is None or self.case.own_working is None:
            return None
        con_id = self.case.intent.con_id
        return (*(line for line in held if line.con_id != con_id), self._own(own))

    def _own(self, own: Line) -> Line:
        unit = max((u for u in (own.unit, self.case.unit) if u is not None), default=None)
        instrument = self.case.instrument
        if instrument is None or own.issuer:
            return replace(own, unit=unit)
        return replace(
            own,
            unit=unit,
            currency=instrument.currency,
            issuer=issuer_of(instrument),
            kind=instrument.kind,
        )

    @cached_property
    def _by_instrument(self) -> dict[int, list[WorkingOrder]]:
        found: dict[int, list[WorkingOrder]] = {}
        for order in self.case.own_working or ():
            found.setdefault(order.con_id, []).append(order)
        return found

    def reach(self, line: Line) -> tuple[Decimal, Decimal]:
        """Lowest and highest quantity that working orders and this one can lead to."""
        orders = self._by_instrument.get(line.con_id, ())
        if line.con_id == self.case.intent.con_id:
            return self._own_reach(line, orders)
        if not orders:
            return line.quantity, line.quantity
        low = line.quantity + side_total(orders, buys=False)
        return low, line.quantity + side_total(orders, buys=True)

    def _own_reach(self, line: Line, orders: Iterable[WorkingOrder]) -> tuple[Decimal, Decimal]:
        worst, found = self.case.worst or ZERO, list(orders)
        low = line.quantity + side_total(found, buys=False)
        high = line.quantity + side_total(found, buys=True)
        return min(low, worst), max(high, worst)

    @cached_property
    def table(self) -> tuple[Worth, ...] | None:
        """Every line at its worst, worked out once for all checks."""
        return None if self.lines is None else tuple(self._worth(line) for line in self.lines)

    def _worth(self, line: Line) -> Worth:
        con_id, unit = line.con_id, line.unit
        resting = con_id not in self._by_instrument and con_id != self.case.intent.con_id
        if resting and unit is not None:
            value = line.quantity * unit
            return Worth(line, abs(value), value, value)
        low, high = self.reach(line)
        if low == high == 0:
            return Worth(line, ZERO, ZERO, ZERO)
        if line.unit is None:
            return Worth(line, None, ZERO, ZERO)
        lowest = low * line.unit
        highest = lowest if low == high else high * line.unit
        return Worth(line, max(abs(lowest), abs(highest)), lowest, highest)

    def gross(self, chosen: Callable[[Line], bool] | None = None) -> Decimal | None:
        """Sum of the largest |value| of each chosen line; None when one has no price."""
        if self.table is None:
            return None
        total = ZERO
        for worth in self.table:
            if chosen is not None and not chosen(worth.line):
                continue
            if worth.size is None:
                return None
            total += worth.size
        return total

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
        if found is not None:
            return found
        told, order = self.case.snapshot.account.gross, self.case.notional
        return None if told is None or order is None or self.lines is None else told + order

    def share(self, amount: Decimal | None) -> Decimal | None:
        net = self.case.snapshot.account.net_liquidation
        return None if amount is None or net is None or net <= 0 else amount / net


def issuer_of(instrument: Instrument) -> str:
    """Options and futures count with what they are written on."""
    return str(instrument.under_con_id or instrument.con_id)


def book_of(case: Case) -> Book:
    """The case's one book: several checks add up the same lines."""
    held = case.__dict__.get("_book")
    if not isinstance(held, Book):
        held = case.__dict__["_book"] = Book(case)
    return held
