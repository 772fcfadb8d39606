"""Points over time as the path of an SVG line; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

Point = tuple[datetime, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`path` and `area` fill a box of width × height; the first and last points name the axes."""

    width: int
    height: int
    path: str
    area: str
    low: Decimal
    high: Decimal
    first: Point
    last: Point

    @property
    def change(self) -> Decimal:
        return self.last[1] - self.first[1]


def line(points: Sequence[Point], *, width: int, height: int, margin: int = 2) -> Line | None:
    """None for fewer than two points: one point is no line."""
    if len(points) < 2:
        return None
    values = [value for _, value in points]
    low, high = min(values), max(values)
    start, end = points[0][0], points[-1][0]
    seconds = (end - start).total_seconds() or 1.0
    span = float(high - low) or 1.0
    inner = height - 2 * margin

    def place(at: datetime, value: Decimal) -> str:
        x = (at - start).total_seconds() / seconds * width
        y = height / 2 if high == low else margin + float(high - value) / span * inner
        return f"{x:.1f},{y:.1f}"

    path = "M" + " L".join(place(at, value) for at, value in points)
    return Line(
        width=width,
        height=height,
        path=path,
        area=f"{path} L{width},{height} L0,{height} Z",
        low=low,
        high=high,
        first=points[0],
        last=points[-1],
    )
