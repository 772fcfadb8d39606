"""What an account is exposed to once the worst has filled, in base currency; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from apps.risk.case import ZERO, Case, Lines, Orders, Shelf, span
from apps.risk.snapshot import Instrument, Line

UNBORROWED = frozenset({"FUT", "CASH"})
"""Kinds that IB's own measure of leverage leaves out."""


class Worth(NamedTuple):
    """A line's value at worst; `size` None without a price."""

    line: Line
    size: Decimal | None
    lowest: Decimal
    highest: Decimal


class Among(StrEnum):
    """Which lines a sum is of."""

    ALL = "all"
    ISSUER = "issuer"
    SECTOR = "sector"
    CURRENCY = "currency"
    BORROWING = "borrowing"

    def has(self, line: Line, value: str) -> bool:
        """Whether the line's issuer, sector or currency is `value`."""
        if self is Among.ALL:
            return True
        if self is Among.BORROWING:
            return line.kind not in UNBORROWED
        return bool(getattr(line, self.value) == value)


class Others:
    """Every line but one as it stands; a sum is worked out once."""

    def __init__(self, table: Iterable[Worth]) -> None:
        self._table = tuple(table)
        self._sums: dict[tuple[Among, str], Decimal | None] = {}

    def gross(self, among: Among, value: str) -> Decimal | None:
        """Sum of the largest |value| of each line; None when one has no price."""
        key = among, value
        if key not in self._sums:
            self._sums[key] = self._gross(among, value)
        return self._sums[key]

    def _gross(self, among: Among, value: str) -> Decimal | None:
        found = [worth.size for worth in self._chosen(among, value)]
        sizes = [size for size in found if size is not None]
        return sum(sizes, ZERO) if len(sizes) == len(found) else None

    def _chosen(self, among: Among, value: str) -> Sequence[Worth]:
        """As `Among.has`, for hundreds of lines."""
        if among is Among.ALL:
            return self._table
        if among is Among.BORROWING:
            return [worth for worth in self._table if worth.line.kind not in UNBORROWED]
        own = attrgetter(among.value)
        return [worth for worth in self._table if own(worth.line) == value]

    @cached_property
    def span(self) -> tuple[Decimal, Decimal]:
        """The sum at its lowest and at its highest."""
        lowest = sum([worth.lowest for worth in self._table], ZERO)
        return lowest, sum([worth.highest for worth in self._table], ZERO)


@dataclass(frozen=True)
class _Standing:
    """Lines and orders of an account, what they are worth without the order that is asked for,
    and that again without each instrument that was asked for."""

    held: Lines
    shelf: Shelf
    table: Mapping[int, Worth]
    without: dict[int, Others]

    @cached_property
    def working(self) -> Decimal | None:
        """What all own working orders are worth; None where a line has no price."""
        total = ZERO
        for order in self.shelf.own:
            found = self.table.get(order.con_id)
            if found is None or not found.line.unit:
                return None
            total += order.remaining * found.line.unit
        return total


_KNOWN: dict[int, _Standing] = {}
"""By account: most orders meet the holdings that the one before met."""


@dataclass(frozen=True)
class Book:
    """Worst cases of all lines, with this order in it. None where an input is missing.

    It knows nothing of the case it is kept with: a circle of the two would leave thousands of
    objects of every decision to the garbage collector.
    """

    others: Others | None
    own: Worth | None
    """The order's own line at its worst."""
    net_liquidation: Decimal | None
    told: Decimal | None
    """The broker's own sum plus this order."""

    def gross(self, among: Among = Among.ALL, value: str = "") -> Decimal | None:
        """Sum of the largest |value| of each chosen line; None when one has no price."""
        if self.others is None or self.own is None:
            return None
        found = self.others.gross(among, value)
        if not among.has(self.own.line, value):
            return found
        return None if found is None or self.own.size is None else found + self.own.size

    def net(self) -> Decimal | None:
        """The larger of the worst long and the worst short sum, unsigned."""
        if self.others is None or self.own is None or self.gross() is None:
            return None
        lowest, highest = self.others.span
        return max(abs(lowest + self.own.lowest), abs(highest + self.own.highest))

    @cached_property
    def gross_or_told(self) -> Decimal | None:
        """As `gross`; with lines that have no price the broker's own sum plus this order."""
        found = self.gross()
        return self.told if found is None and self.others is not None else found

    def share(self, amount: Decimal | None) -> Decimal | None:
        net = self.net_liquidation
        return None if amount is None or net is None or net <= 0 else amount / net


def book_of(case: Case) -> Book:
    """The case's one book: several checks add up the same lines."""
    held = case.__dict__.get("_book")
    if not isinstance(held, Book):
        gross, order = case.snapshot.account.gross, case.notional
        others, own = _table(case)
        held = case.__dict__["_book"] = Book(
            others,
            own,
            case.snapshot.account.net_liquidation,
            None if gross is None or order is None else gross + order,
        )
    return held


def issuer_of(instrument: Instrument) -> str:
    """Options and futures count with what they are written on."""
    return str(instrument.under_con_id or instrument.con_id)


def working_value(case: Case) -> Decimal | None:
    """What the account's other working orders are worth; None where a price is missing."""
    if case.shelf is None:
        return None
    if case.own_working is case.shelf.own and case.snapshot.lines is not None:
        known = _standing(case.snapshot.account.id, case.snapshot.lines, case.shelf).working
        if known is not None:
            return known
    lines, con_id = case.lines, case.intent.con_id
    total = ZERO
    for order in case.own_working or ():
        line = lines.get(order.con_id)
        unit = None if line is None else line.unit
        unit = unit or (case.unit if order.con_id == con_id else None)
        if unit is None:
            return None
        total += order.remaining * unit
    return total


def _table(case: Case) -> tuple[Others, Worth] | tuple[None, None]:
    held, own, shelf = case.snapshot.lines, case.line, case.shelf
    if held is None or own is None or shelf is None or case.here is None:
        return None, None
    low, high = _reach(own, case.here)
    worst = case.worst or ZERO
    last = _moving(_at_worst(case, own), min(low, worst), max(high, worst))
    standing = _standing(case.snapshot.account.id, held, shelf)
    return _without(standing, case.intent.con_id), last


def _without(standing: _Standing, con_id: int) -> Others:
    found = standing.without.get(con_id)
    if found is None:
        table = (worth for other, worth in standing.table.items() if other != con_id)
        found = standing.without[con_id] = Others(table)
    return found


def _standing(account_id: int, held: Lines, shelf: Shelf) -> _Standing:
    """Every line as it stands without this order; the answer to the same question is kept, and of
    another question what both have in common."""
    known = _KNOWN.get(account_id)
    if known is not None and known.shelf is shelf and known.held == held:
        return known
    here, table = shelf.here, {}
    stood, then = ({}, {}) if known is None else (known.table, known.shelf.here)
    for line in held:
        con_id = line.con_id
        orders, before = here.get(con_id), stood.get(con_id)
        if before is None or before.line is not line or then.get(con_id) != orders:
            before = _moving(line, *_reach(line, orders)) if orders else _resting(line)
        table[con_id] = before
    found = _KNOWN[account_id] = _Standing(held, shelf, table, {})
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


def _reach(line: Line, orders: Orders) -> tuple[Decimal, Decimal]:
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
