"""Returns, high-water mark and drawdown with deposits and withdrawals taken out; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Point:
    """Net liquidation value at a moment, in base currency."""

    at: datetime
    value: Decimal


@dataclass(frozen=True, slots=True)
class Flow:
    """Money paid in (positive) or out (negative)."""

    at: datetime
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """Fractions, not percent: 0.05 is five percent; drawdowns are zero or negative.

    `high_water` is the peak expressed in today's capital: the value at which the drawdown is gone.
    """

    start_at: datetime
    end_at: datetime
    start_value: Decimal
    value: Decimal
    flows: Decimal
    total_return: Decimal
    high_water: Decimal
    high_water_at: datetime
    drawdown: Decimal
    max_drawdown: Decimal


def growth(points: Sequence[Point], flows: Sequence[Flow]) -> Iterator[Decimal]:
    """The worth of one unit of money, point by point, from 1 at the first.

    Time-weighted: a flow belongs to the interval in which it came and counts at its end. Over an
    interval that starts at or below zero a return means nothing, so the unit stays as it is.
    """
    pending = sorted(flows, key=lambda flow: flow.at)
    unit, position = ONE, 0
    for index, point in enumerate(points):
        paid = Decimal(0)
        while position < len(pending) and pending[position].at <= point.at:
            paid += pending[position].amount
            position += 1
        if index and points[index - 1].value > 0:
            unit *= (point.value - paid) / points[index - 1].value
        yield unit


def performance(points: Sequence[Point], flows: Sequence[Flow]) -> Performance | None:
    """None without points. `points` are in order of time; flows before the first do not count."""
    if not points:
        return None
    units = list(growth(points, flows))
    peak, peak_at, deepest = units[0], points[0].at, Decimal(0)
    for point, unit in zip(points, units, strict=True):
        if unit >= peak:
            peak, peak_at = unit, point.at
        deepest = min(deepest, _below(unit, peak))
    last = points[-1]
    within = [flow.amount for flow in flows if points[0].at < flow.at <= last.at]
    return Performance(
        start_at=points[0].at,
        end_at=last.at,
        start_value=points[0].value,
        value=last.value,
        flows=sum(within, Decimal(0)),
        total_return=units[-1] - ONE,
        high_water=last.value * peak / units[-1] if units[-1] > 0 else last.value,
        high_water_at=peak_at,
        drawdown=_below(units[-1], peak),
        max_drawdown=deepest,
    )


def _below(unit: Decimal, peak: Decimal) -> Decimal:
    return unit / peak - ONE if peak > 0 else Decimal(0)
