"""The portal's rows against the simulator's own ledger: numbers, and what is behind them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]
NAMES = (
    "orders sent twice",
    "fills lost or doubled",
    "positions off",
    "orders left unknown",
    "runs and reports off",
)
ENDED_UNSENT = ("refused", "not_sent")


@dataclass(frozen=True, slots=True)
class Book:
    """What the portal has: orders, fills as they stand, commissions by execId, positions."""

    orders: list[Row]
    executions: list[Row]
    commissions: Mapping[str, Decimal]
    positions: Mapping[tuple[str, int], Decimal]


@dataclass(slots=True)
class Difference:
    """All empty when the two agree."""

    sent_twice: list[str] = field(default_factory=list)
    fills: list[str] = field(default_factory=list)
    positions: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    """Of trade runs: what their reports tell otherwise, and runs that did not end."""

    @property
    def numbers(self) -> tuple[int, int, int, int, int]:
        lists = (self.sent_twice, self.fills, self.positions, self.unknown, self.reports)
        one, two, three, four, five = map(len, lists)
        return one, two, three, four, five

    @property
    def is_none(self) -> bool:
        return not any(self.numbers)

    def __str__(self) -> str:
        lists = (self.sent_twice, self.fills, self.positions, self.unknown, self.reports)
        told = [f"{name}: {found}" for name, found in zip(NAMES, lists, strict=True) if found]
        return "; ".join(told) or "no difference"


def compare(ledger: Iterable[Row], state: Mapping[str, Any], book: Book) -> Difference:
    rows = list(ledger)
    found = Difference()
    _sent(rows, book, found)
    _fills(rows, book, found)
    _positions(state, book, found)
    _unknown(rows, book, found)
    return found


def _ours(row: Row) -> bool:
    return str(row.get("order_ref", "")).startswith("ibp-")


def _sent(rows: list[Row], book: Book, found: Difference) -> None:
    """An order is new on the wire once; an intent (its key) is one order."""
    placed = Counter(
        row["order_ref"] for row in rows if row["kind"] == "order" and not row["changes"]
    )
    found.sent_twice += [ref for ref, times in placed.items() if times > 1]
    keys = Counter(order["key"] for order in book.orders if order["key"])
    found.sent_twice += [key for key, times in keys.items() if times > 1]
    known = {order["ref"] for order in book.orders}
    found.sent_twice += [f"{ref} is no order of ours" for ref in placed if ref not in known]


def _fills(rows: list[Row], book: Book, found: Difference) -> None:
    theirs = {row["exec_id"]: row for row in rows if row["kind"] == "execution" and _ours(row)}
    ours = Counter(str(row["exec_id"]) for row in book.executions)
    found.fills += [f"{name} doubled" for name, times in ours.items() if times > 1]
    found.fills += [f"{name} lost" for name in theirs if name not in ours]
    found.fills += [f"{name} invented" for name in ours if name not in theirs]
    for row in book.executions:
        other = theirs.get(row["exec_id"])
        if other is not None and (
            Decimal(str(other["quantity"])) != row["quantity"]
            or abs(Decimal(str(other["price"])) - row["price"]) > Decimal("1e-6")
        ):
            found.fills.append(f"{row['exec_id']} differs")
    found.fills += [f"{name} without commission" for name in theirs if name not in book.commissions]
    _sums(theirs, book, found)


def _sums(theirs: Mapping[str, Row], book: Book, found: Difference) -> None:
    filled: Counter[str] = Counter()
    for row in theirs.values():
        filled[row["order_ref"]] += Decimal(str(row["quantity"]))  # type: ignore[assignment]
    for order in book.orders:
        if order["filled"] != Decimal(filled.get(order["ref"], 0)):
            found.fills.append(f"{order['ref']} counts {order['filled']}")


def _positions(state: Mapping[str, Any], book: Book, found: Difference) -> None:
    theirs = {
        (account, int(con_id)): Decimal(str(row["quantity"]))
        for account, told in state["accounts"].items()
        for con_id, row in told["positions"].items()
        if row["quantity"]
    }
    ours = {key: quantity for key, quantity in book.positions.items() if quantity}
    for key in theirs.keys() | ours.keys():
        if theirs.get(key) != ours.get(key):
            found.positions.append(f"{key}: {ours.get(key)}, not {theirs.get(key)}")


def _unknown(rows: list[Row], book: Book, found: Difference) -> None:
    """The simulator explains every order: it has its end, or never heard of it."""
    heard = {row["order_ref"] for row in rows if row["kind"] == "order"}
    last = {row["order_ref"]: row["status"] for row in rows if row["kind"] == "status"}
    for order in book.orders:
        ref, state = order["ref"], order["state"]
        if order["open"]:
            found.unknown.append(f"{ref} is {state}, the simulator says {last.get(ref)}")
        elif state in ENDED_UNSENT and ref in heard:
            found.unknown.append(f"{ref} is {state}, and the simulator has it")
        elif state not in ENDED_UNSENT and ref not in heard:
            found.unknown.append(f"{ref} is {state}, and the simulator never heard of it")
        elif state == "filled" and last.get(ref) != "Filled":
            found.unknown.append(f"{ref} is filled, the simulator says {last.get(ref)}")
        elif state == "cancelled" and last.get(ref) == "Filled":
            found.unknown.append(f"{ref} is cancelled, the simulator says Filled")
