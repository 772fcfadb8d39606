"""What a run intended and what it got, line by line and in sum; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)
BASIS_POINTS = Decimal(10_000)
CENT = Decimal("0.01")
WEIGHT = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One line of a plan and its fills. Prices in the instrument's currency, `unit` is base
    currency for one of it at price 1 (multiplier · fx); None: not known."""

    number: int
    name: str
    con_id: int
    target_weight: Decimal | None
    before: Decimal
    """Position with the open orders of the time of planning counted as filled."""
    intended: Decimal
    """Signed."""
    filled: Decimal
    """Signed."""
    price: Decimal | None
    """What it was planned with."""
    average_price: Decimal | None
    arrival_price: Decimal | None
    unit: Decimal | None
    commission: Decimal | None
    """In base currency; None while a fill's commission is not known."""
    reason: str
    investable: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """Slippage is a cost: positive where the fills were worse than the arrival price."""

    number: int
    name: str
    con_id: int
    side: str
    intended: Decimal
    filled: Decimal
    average_price: Decimal | None
    arrival_price: Decimal | None
    slippage_bps: Decimal | None
    slippage: Decimal | None
    """In base currency."""
    traded: Decimal | None
    """Absolute value of the fills in base currency."""
    commission: Decimal | None
    target_weight: Decimal | None
    weight: Decimal | None
    """With the fills, at the price of the plan."""
    residual: Decimal | None
    """Weight minus target."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    lines: int
    traded_lines: int
    full_lines: int
    traded: Decimal
    slippage: Decimal
    slippage_bps: Decimal | None
    """Weighted by value; None where nothing was traded."""
    commission: Decimal
    residual: Decimal
    """Sum of |weight − target| over the targeted lines."""


@dataclass(frozen=True, slots=True)
class Report:
    lines: tuple[ReportLine, ...]
    totals: Totals


def report(facts: Iterable[Facts]) -> Report:
    lines = tuple(_line(each) for each in facts)
    return Report(lines, _totals(lines))


def _line(facts: Facts) -> ReportLine:
    per_unit = _worse(facts)
    traded = _traded(facts)
    weight = _weight(facts)
    bps = slippage = residual = None
    if per_unit is not None and facts.arrival_price:
        bps = (per_unit / facts.arrival_price * BASIS_POINTS).quantize(CENT)
    if per_unit is not None and facts.unit is not None:
        slippage = (per_unit * abs(facts.filled) * facts.unit).quantize(CENT)
    if weight is not None and facts.target_weight is not None:
        residual = weight - facts.target_weight
    return ReportLine(
        number=facts.number,
        name=facts.name,
        con_id=facts.con_id,
        side="BUY" if facts.intended > 0 else "SELL" if facts.intended else "",
        intended=abs(facts.intended),
        filled=abs(facts.filled),
        average_price=facts.average_price,
        arrival_price=facts.arrival_price,
        slippage_bps=bps,
        slippage=slippage,
        traded=traded,
        commission=facts.commission,
        target_weight=facts.target_weight,
        weight=weight,
        residual=residual,
        reason=facts.reason,
    )


def _worse(facts: Facts) -> Decimal | None:
    """How much worse than on arrival each unit was traded."""
    if not facts.filled or facts.average_price is None or not facts.arrival_price:
        return None
    diff = facts.average_price - facts.arrival_price
    return diff if facts.filled > 0 else -diff


def _traded(facts: Facts) -> Decimal | None:
    if not facts.filled:
        return ZERO
    if facts.average_price is None or facts.unit is None:
        return None
    return (abs(facts.filled) * facts.average_price * facts.unit).quantize(CENT)


def _weight(facts: Facts) -> Decimal | None:
    if facts.price is None or facts.unit is None or not facts.investable:
        return None
    value = (facts.before + facts.filled) * facts.price * facts.unit
    return (value / facts.investable).quantize(WEIGHT)


def _totals(lines: Sequence[ReportLine]) -> Totals:
    traded = sum((line.traded or ZERO for line in lines), ZERO)
    slippage = sum((line.slippage or ZERO for line in lines), ZERO)
    return Totals(
        lines=len(lines),
        traded_lines=sum(bool(line.filled) for line in lines),
        full_lines=sum(bool(line.intended) and line.filled == line.intended for line in lines),
        traded=traded,
        slippage=slippage,
        slippage_bps=(slippage / traded * BASIS_POINTS).quantize(CENT) if traded else None,
        commission=sum((line.commission or ZERO for line in lines), ZERO),
        residual=sum((abs(line.residual) for line in lines if line.residual is not None), ZERO),
    )
