"""Which order a style of execution makes of a side and a quote; pure."""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

ALGO_SPAN = timedelta(minutes=30)
"""How long TWAP and VWAP are given."""
PATIENT = {"moc", "twap", "vwap"}
"""These end at a time of their own: no re-pricing."""
ALGOS = {"adaptive": "Adaptive", "twap": "Twap", "vwap": "Vwap"}


@dataclass(frozen=True, slots=True)
class Touch:
    """A quote and the arrival price that the collar is measured from."""

    price: Decimal
    bid: Decimal | None
    ask: Decimal | None
    arrival: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What of an order follows from the policy's style; `limit_price` before rounding to steps."""

    order_type: str = "LMT"
    tif: str = "DAY"
    limit_price: Decimal | None = None
    algo_strategy: str = ""
    algo_params: tuple[tuple[str, str], ...] = ()


def first(style: str, side: str, touch: Touch, collar: Decimal) -> Style:
    """The order a line begins with.

    Adaptive: IB's algo works inside the spread, the limit is the collar. Market with a collar: IB
    has no such order, so it is a limit at the collar, which trades at once and never beyond.
    """
    if style == "moc":
        return Style(order_type="MOC")
    bound = edge(side, touch.arrival, collar)
    if style == "midpoint":
        return Style(limit_price=within(side, touch.price, bound))
    plain = Style(limit_price=bound)
    if style == "market":
        return plain
    return replace(plain, algo_strategy=ALGOS[style], algo_params=_params(style))


def again(side: str, touch: Touch, collar: Decimal) -> Decimal:
    """The limit a re-pricing moves to: the middle as it is now, within the collar."""
    return within(side, touch.price, edge(side, touch.arrival, collar))


def crossing(side: str, touch: Touch, collar: Decimal) -> Decimal:
    """The limit that trades now: the other side of the spread, within the collar."""
    far = touch.ask if side == "BUY" else touch.bid
    return within(side, far or touch.price, edge(side, touch.arrival, collar))


def edge(side: str, arrival: Decimal, collar: Decimal) -> Decimal:
    """The worst price an order may reach."""
    return arrival * (1 + collar if side == "BUY" else 1 - collar)


def within(side: str, price: Decimal, bound: Decimal) -> Decimal:
    return min(price, bound) if side == "BUY" else max(price, bound)


def _params(style: str) -> tuple[tuple[str, str], ...]:
    if style == "adaptive":
        return (("adaptivePriority", "Normal"),)
    if style == "vwap":
        return (("maxPctVol", "0.1"), ("noTakeLiq", "0"))
    return (("strategyType", "Marketable"),)
