"""Which fields an order of each type, time in force and algorithm needs; price steps; pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any


def gettext_noop(text: str) -> str:
    """Marks a text for translators; the framework's own marker has no place in a pure module."""
    return text


Problems = dict[str, list[str]]
Pairs = tuple[tuple[str, str], ...]

LIMITED = frozenset({"LMT", "STP LMT", "LOC"})
STOPPED = frozenset({"STP", "STP LMT"})
TYPES = ("MKT", "LMT", "STP", "STP LMT", "TRAIL", "MOC", "LOC", "MTL")
OPENING = {"MOO": "MKT", "LOO": "LMT"}
"""What people call them, and what they are on the wire: with OPG as time in force."""
TIFS = ("DAY", "GTC", "IOC", "FOK", "GTD", "OPG")
TIFS_OF = {
    "MKT": TIFS,
    "LMT": TIFS,
    "STP": ("DAY", "GTC", "GTD"),
    "STP LMT": ("DAY", "GTC", "GTD"),
    "TRAIL": ("DAY", "GTC", "GTD"),
    "MOC": ("DAY",),
    "LOC": ("DAY",),
    "MTL": ("DAY", "GTC", "GTD"),
}
OPEN_ENDED = ("FUT", "FOP", "BAG")
"""Classes whose prices may be negative."""

PRIORITIES = ("Urgent", "Normal", "Patient")
ALGO_TYPES = ("MKT", "LMT")
ALGO_PARAMS: dict[str, dict[str, Callable[[str], bool]]] = {
    "Adaptive": {"adaptivePriority": PRIORITIES.__contains__},
    "Twap": {
        "strategyType": (
            "Marketable",
            "Matching Midpoint",
            "Matching Same Side",
            "Matching Last",
        ).__contains__,
        "startTime": bool,
        "endTime": bool,
        "allowPastEndTime": ("0", "1").__contains__,
    },
    "Vwap": {
        "maxPctVol": lambda text: _within(text, Decimal("0.01"), Decimal("0.5")),
        "startTime": bool,
        "endTime": bool,
        "allowPastEndTime": ("0", "1").__contains__,
        "noTakeLiq": ("0", "1").__contains__,
        "speedUp": ("0", "1").__contains__,
    },
}
"""IB's names, and what each value must look like (TWS API, "IB Algorithms")."""

NEEDS_LIMIT = gettext_noop("This type of order needs a limit price.")
NO_LIMIT = gettext_noop("This type of order takes no limit price.")
NEEDS_STOP = gettext_noop("This type of order needs a stop price.")
NO_STOP = gettext_noop("This type of order takes no stop price.")
ONE_TRAIL = gettext_noop("A trailing order needs either an amount or a percentage, not both.")
NO_TRAIL = gettext_noop("Only trailing orders take this.")
BAD_PERCENT = gettext_noop("A percentage above 0 and below 100 is needed.")
BAD_PRICE = gettext_noop("This is not a price that can be traded at.")
BAD_SIDE = gettext_noop("Either BUY or SELL is needed.")
BAD_QUANTITY = gettext_noop("A quantity above zero is needed.")
BAD_LOT = gettext_noop("The quantity is not a multiple of the lot.")
TOO_SMALL = gettext_noop("The quantity is below the smallest that the market takes.")
BAD_TYPE = gettext_noop("This type of order is not offered.")
BAD_TIF = gettext_noop("This time in force is not offered for this type of order.")
NEEDS_END = gettext_noop("“Good till date” needs a moment in the future.")
NO_END = gettext_noop("Only “good till date” takes an end.")
NO_OUTSIDE = gettext_noop("Orders for an auction cannot be filled outside regular hours.")
BAD_ALGO = gettext_noop("This algorithm is not offered.")
ALGO_TYPE = gettext_noop("Algorithms take market and limit orders for the day only.")
BAD_PARAMS = gettext_noop("The algorithm does not know this parameter, or not this value.")
BAD_GROUP = gettext_noop("A group of orders needs a kind from 1 to 3, and a kind needs a group.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is asked for, before anything is known about who asks. None: not asked for."""

    side: str
    quantity: Decimal
    order_type: str
    tif: str
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    """The trigger of STP and STP LMT, the amount of TRAIL."""
    trailing_percent: Decimal | None = None
    trail_stop_price: Decimal | None = None
    outside_rth: bool = False
    good_till_at: datetime | None = None
    algo_strategy: str = ""
    algo_params: Pairs = ()
    oca_group: str = ""
    oca_type: int = 0


def normal(shape: Shape) -> Shape:
    """The wire's words for MOO and LOO, and the algorithm's default where it needs one."""
    if shape.order_type in OPENING:
        shape = replace(shape, order_type=OPENING[shape.order_type], tif="OPG")
    if shape.algo_strategy == "Adaptive" and not shape.algo_params:
        shape = replace(shape, algo_params=(("adaptivePriority", "Normal"),))
    return shape


def problems(
    shape: Shape,
    *,
    at: datetime,
    lot: Decimal = Decimal(1),
    least: Decimal = Decimal(1),
    sec_type: str = "STK",
) -> Problems:
    """Sentences by field, in English; empty when the order can be sent as it is."""
    found: Problems = {}
    _size(shape, lot, least, found)
    if shape.order_type not in TYPES:
        found["order_type"] = [BAD_TYPE]
        return found
    _prices(shape, sec_type, found)
    _trail(shape, found)
    _time(shape, at, found)
    _algo(shape, found)
    if bool(shape.oca_group) != (shape.oca_type in (1, 2, 3)):
        found["oca_type"] = [BAD_GROUP]
    return found


def _size(shape: Shape, lot: Decimal, least: Decimal, found: Problems) -> None:
    if shape.side not in ("BUY", "SELL"):
        found["side"] = [BAD_SIDE]
    if not shape.quantity.is_finite() or shape.quantity <= 0:
        found["quantity"] = [BAD_QUANTITY]
    elif shape.quantity % lot:
        found["quantity"] = [BAD_LOT]
    elif shape.quantity < least:
        found["quantity"] = [TOO_SMALL]


def _prices(shape: Shape, sec_type: str, found: Problems) -> None:
    if (shape.limit_price is not None) != (shape.order_type in LIMITED):
        found["limit_price"] = [NEEDS_LIMIT if shape.limit_price is None else NO_LIMIT]
    if shape.order_type != "TRAIL" and (shape.stop_price is not None) != (
        shape.order_type in STOPPED
    ):
        found["stop_price"] = [NEEDS_STOP if shape.stop_price is None else NO_STOP]
    for name in ("limit_price", "stop_price", "trail_stop_price"):
        price = getattr(shape, name)
        if price is not None and not _tradable(price, sec_type):
            found.setdefault(name, [BAD_PRICE])


def _tradable(price: Decimal, sec_type: str) -> bool:
    return price.is_finite() and abs(price) < 10**9 and (price > 0 or sec_type in OPEN_ENDED)


def _trail(shape: Shape, found: Problems) -> None:
    percent = shape.trailing_percent
    if shape.order_type != "TRAIL":
        for name in ("trailing_percent", "trail_stop_price"):
            if getattr(shape, name) is not None:
                found[name] = [NO_TRAIL]
    elif (shape.stop_price is None) == (percent is None):
        found["stop_price"] = [ONE_TRAIL]
    elif percent is not None and not (percent.is_finite() and 0 < percent < 100):
        found["trailing_percent"] = [BAD_PERCENT]


def _time(shape: Shape, at: datetime, found: Problems) -> None:
    if shape.tif not in TIFS_OF[shape.order_type]:
        found["tif"] = [BAD_TIF]
    if shape.tif == "GTD" and (shape.good_till_at is None or shape.good_till_at <= at):
        found["good_till_at"] = [NEEDS_END]
    elif shape.tif != "GTD" and shape.good_till_at is not None:
        found["good_till_at"] = [NO_END]
    auction = shape.tif == "OPG" or shape.order_type in ("MOC", "LOC")
    if shape.outside_rth and auction:
        found["outside_rth"] = [NO_OUTSIDE]


def _algo(shape: Shape, found: Problems) -> None:
    if not shape.algo_strategy:
        if shape.algo_params:
            found["algo_params"] = [BAD_ALGO]
        return
    known = ALGO_PARAMS.get(shape.algo_strategy)
    if known is None:
        found["algo_strategy"] = [BAD_ALGO]
        return
    if shape.order_type not in ALGO_TYPES or shape.tif != "DAY" or shape.outside_rth:
        found["algo_strategy"] = [ALGO_TYPE]
    if not all(tag in known and known[tag](value) for tag, value in shape.algo_params):
        found["algo_params"] = [BAD_PARAMS]


def _within(text: str, low: Decimal, high: Decimal) -> bool:
    try:
        number = Decimal(text)
    except ArithmeticError:
        return False
    return number.is_finite() and low <= number <= high


def stepped(price: Decimal, step: Decimal | None, side: str) -> Decimal:
    """The next price that may be traded at, never a worse one for the side: buy down, sell up.

    Without a known step the price stays as it is.
    """
    if step is None or step <= 0:
        return price
    rounding = ROUND_FLOOR if side == "BUY" else ROUND_CEILING
    return (price / step).to_integral_value(rounding=rounding) * step


def rounded(shape: Shape, step_at: Callable[[Decimal], Decimal | None]) -> Shape:
    """All prices on the steps of the market rule; `step_at` tells the step around a price."""
    changes: dict[str, Any] = {}
    for name in ("limit_price", "stop_price", "trail_stop_price"):
        price = getattr(shape, name)
        if price is None:
            continue
        amount = name == "stop_price" and shape.order_type == "TRAIL"
        # A trailing amount is a distance: it must not become nothing.
        changes[name] = stepped(price, step_at(price), "SELL" if amount else shape.side)
    return replace(shape, **changes) if changes else shape
