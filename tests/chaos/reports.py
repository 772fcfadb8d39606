"""A trade run's report against the simulator's ledger."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.chaos.compare import Difference, Row

ZERO = Decimal(0)
CLOSE = Decimal("0.001")


@dataclass(slots=True)
class Traded:
    """Of one instrument; the quantity is signed."""

    quantity: Decimal = ZERO
    value: Decimal = ZERO
    commission: Decimal = ZERO


def compare_report(
    lines: Iterable[Row], refs: Collection[str], ledger: Iterable[Row], found: Difference
) -> None:
    """`refs` are those of the run's orders. A line that was filled beyond its plan was sent twice
    in all but name."""
    traded = _traded(ledger, refs)
    for line in lines:
        told = traded.pop(int(line["con_id"]), Traded())
        sign = -1 if line["side"] == "SELL" else 1
        name, filled = line["name"], sign * Decimal(line["filled"])
        intended = sign * Decimal(line["intended"])
        if abs(filled) > abs(intended):
            found.sent_twice.append(f"{name}: {filled} filled, {intended} planned")
        found.reports += [f"{name}: {fault}" for fault in _faults(line, filled, told)]
        if filled != intended and not line.get("reason"):
            found.reports.append(f"{name}: {filled} of {intended} filled, and no reason why")
    found.reports += [f"{con_id} is not in the report" for con_id in traded]


def _faults(line: Mapping[str, Any], filled: Decimal, told: Traded) -> Iterable[str]:
    if filled != told.quantity:
        yield f"{filled} filled, the simulator says {told.quantity}"
    elif filled:
        average = told.value / abs(told.quantity)
        if abs(Decimal(line.get("average_price", 0)) - average) > CLOSE:
            yield f"average price {line.get('average_price')}, not {average}"
        if abs(Decimal(line.get("commission", -1)) - told.commission) > CLOSE:
            yield f"commission {line.get('commission')}, not {told.commission}"


def _traded(ledger: Iterable[Row], refs: Collection[str]) -> dict[int, Traded]:
    found: dict[int, Traded] = {}
    for row in ledger:
        if row.get("order_ref") not in refs:
            continue
        if row["kind"] == "execution":
            traded = found.setdefault(int(row["con_id"]), Traded())
            quantity = Decimal(str(row["quantity"]))
            traded.quantity += quantity if row["side"] == "BOT" else -quantity
            traded.value += quantity * Decimal(str(row["price"]))
        elif row["kind"] == "commission":
            traded = found.setdefault(int(row["con_id"]), Traded())
            traded.commission += Decimal(str(row["amount"]))
    return found
