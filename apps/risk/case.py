"""One order against one snapshot: worst case, price, notional, and whether it lowers risk; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from apps.risk.book import WorkingOrder
from apps.risk.policy import Limits
from apps.risk.snapshot import Instrument, Line, Quote, Snapshot
from apps.risk.types import OrderIntent
from ibkr.types import PriceKind

ZERO = Decimal(0)
Lines = tuple[Line, ...]
Orders = tuple[WorkingOrder, ...]
LIMITED = frozenset({"LMT", "STP LMT", "LOC", "LOO"})
PLAIN_KINDS = frozenset({"STK", "ETF", "CASH", "CRYPTO", "BOND", "FUND"})
"""Kinds of which one unit is one unit: a missing multiplier is one."""


class Shelf(NamedTuple):
    """Working orders as they lie for one account."""

    working: Orders
    """Of all accounts."""
    anywhere: Mapping[int, Orders]
    """The same, by conId."""
    own: Orders
    here: Mapping[int, Orders]
    """Own ones, by conId."""
    numbers: frozenset[int]
    """Of own ones."""


@dataclass(frozen=True)
class Case:
    """What several checks need, worked out once. None is missing."""

    intent: OrderIntent
    snapshot: Snapshot
    limits: Limits

    @property
    def instrument(self) -> Instrument | None:
        return self.snapshot.instrument

    @property
    def quote(self) -> Quote | None:
        return self.snapshot.quote

    @property
    def buys(self) -> bool:
        return self.intent.side == "BUY"

    @cached_property
    def own_working(self) -> tuple[WorkingOrder, ...] | None:
        """Of this account, without the order itself."""
        return None if self.shelf is None else self._but_itself(self.shelf.own)

    @cached_property
    def here(self) -> Orders | None:
        """Of `own_working` those in the instrument."""
        if self.shelf is None:
            return None
        return self._but_itself(self.shelf.here.get(self.intent.con_id, ()))

    @cached_property
    def shelf(self) -> "Shelf | None":
        """The working orders in groups, the order itself among them."""
        working = self.snapshot.working
        return None if working is None else _shelf(self.intent.account_id, working)

    def _but_itself(self, orders: Orders) -> Orders:
        own = self.intent.order_id
        if self.shelf is None or own not in self.shelf.numbers:
            return orders
        return tuple([order for order in orders if order.order_id != own])

    @cached_property
    def lines(self) -> Mapping[int, Line]:
        """By conId; empty where the positions are not known."""
        held = self.snapshot.lines
        return {} if held is None else _lines(self.snapshot.account.id, held)

    @cached_property
    def line(self) -> Line | None:
        """What is held of the instrument; an absent one is zero."""
        if self.snapshot.lines is None:
            return None
        con_id = self.intent.con_id
        return self.lines.get(con_id) or Line(con_id, ZERO, self.unit)

    @cached_property
    def position(self) -> Decimal | None:
        return None if self.line is None else self.line.quantity

    @cached_property
    def worst(self) -> Decimal | None:
        """Position + all same-side working orders + this order."""
        intent, here = self.intent, self.here
        if self.position is None or here is None:
            return None
        group = intent.oca_group
        rivals = [order.signed for order in here if group and order.oca_group == group]
        others = [order for order in here if not (group and order.oca_group == group)]
        same = side_total(others, buys=self.buys)
        largest = max([intent.signed, *rivals], key=abs)
        own = largest if largest * intent.signed > 0 else intent.signed
        return self.position + intent.parent_signed + same + own

    @cached_property
    def lowers(self) -> bool:
        """Whether the order can only bring the position nearer to zero, whatever else fills.

        Without a position, or where it is not known, nothing lowers.
        """
        if self.position is None or self.worst is None:
            return False
        start = self.position + self.intent.parent_signed
        return start * self.intent.signed < 0 and start * self.worst >= 0

    @cached_property
    def rate(self) -> Decimal | None:
        """Base currency for one unit of the instrument's."""
        instrument, account = self.instrument, self.snapshot.account
        return None if instrument is None else account.rates.get(instrument.currency)

    @cached_property
    def points(self) -> Decimal | None:
        """Base currency for one point of price of one unit."""
        instrument, rate = self.instrument, self.rate
        if instrument is None or rate is None:
            return None
        multiplier = instrument.multiplier
        if multiplier is None and instrument.kind not in PLAIN_KINDS:
            return None
        return (multiplier or Decimal(1)) * rate / instrument.magnifier

    @cached_property
    def reference(self) -> Decimal | None:
        """The middle when live and the spread is sane, else the last price, else the close."""
        quote = self.quote
        if quote is None:
            return None
        middle = self.middle
        if middle is not None and quote.kind is PriceKind.LIVE:
            widest = self.limits.number("price_collar", "spread")
            spread = (quote.ask or ZERO) - (quote.bid or ZERO)
            if widest is None or spread <= widest * middle:
                return middle
        return next((p for p in (quote.last, middle, quote.close) if p is not None), None)

    @cached_property
    def middle(self) -> Decimal | None:
        quote = self.quote
        if quote is None or quote.bid is None or quote.ask is None or quote.bid > quote.ask:
            return None
        return (quote.bid + quote.ask) / 2 if quote.ask > 0 else None

    @cached_property
    def far(self) -> Decimal | None:
        """The side of the quote that a market order meets; the reference where it is missing."""
        quote = self.quote
        if quote is None:
            return None
        side = quote.ask if self.buys else quote.bid
        return side if side is not None and side > 0 else self.reference

    @cached_property
    def price(self) -> Decimal | None:
        """What a unit may cost at worst, in the instrument's currency."""
        intent = self.intent
        if intent.order_type in LIMITED and intent.limit_price is not None:
            if self.buys or self.reference is None:
                return intent.limit_price
            return max(intent.limit_price, self.reference)
        far = self.far
        if intent.stop_price is not None and intent.order_type == "STP":
            far = intent.stop_price if far is None else max(far, intent.stop_price)
        if far is None:
            return None
        collar = self.limits.number("price_collar", "share") or ZERO
        return far * (1 + collar)

    @cached_property
    def unit(self) -> Decimal | None:
        """What a unit may be worth at worst, in base currency."""
        if self.price is None or self.points is None:
            return None
        return abs(self.price) * self.points

    @cached_property
    def notional(self) -> Decimal | None:
        return None if self.unit is None else self.intent.quantity * self.unit


_LINES: dict[int, tuple[Lines, Mapping[int, Line]]] = {}
_SHELVES: dict[int, Shelf] = {}
"""By account, both: kept as long as lines and orders are the very same."""


def _shelf(account_id: int, working: Orders) -> Shelf:
    known = _SHELVES.get(account_id)
    if known is None or known.working is not working:
        own = tuple([order for order in working if order.account_id == account_id])
        numbers = frozenset(order.order_id for order in own)
        known = Shelf(working, _by_con_id(working), own, _by_con_id(own), numbers)
        _SHELVES[account_id] = known
    return known


def _by_con_id(orders: Orders) -> Mapping[int, Orders]:
    found: dict[int, list[WorkingOrder]] = {}
    for order in orders:
        found.setdefault(order.con_id, []).append(order)
    return {con_id: tuple(here) for con_id, here in found.items()}


def _lines(account_id: int, held: Lines) -> Mapping[int, Line]:
    known = _LINES.get(account_id)
    if known is None or known[0] is not held:
        # Of two lines with one number the first counts.
        known = _LINES[account_id] = held, {line.con_id: line for line in reversed(held)}
    return known[1]


def span(orders: Sequence[WorkingOrder]) -> tuple[Decimal, Decimal]:
    """Signed quantities that working sales and working purchases can come to, at worst."""
    if not orders:
        return ZERO, ZERO
    if len(orders) == 1:
        signed = orders[0].signed
        return (signed, ZERO) if signed < 0 else (ZERO, signed)
    return side_total(orders, buys=False), side_total(orders, buys=True)


def side_total(orders: Iterable[WorkingOrder], *, buys: bool) -> Decimal:
    """Signed quantity of the working orders of one side, at worst.

    Of a group only the largest fills. An order that waits for its parent counts as far as it
    goes beyond what the parent still brings.
    """
    found = list(orders)
    if len(found) == 1:
        return found[0].signed if (found[0].side == "BUY") is buys else ZERO
    waiting = {order.order_id: order.signed for order in found}
    groups: dict[str, Decimal] = {}  # exits of one parent end each other
    total = ZERO
    for order in found:
        if (order.side == "BUY") is not buys:
            continue
        signed = order.signed
        parent = waiting.get(order.parent_id or 0, ZERO)
        if parent * signed < 0:
            signed = max(signed + parent, ZERO) if buys else min(signed + parent, ZERO)
        group = order.oca_group or (f"#{order.parent_id}" if order.parent_id else "")
        if group:
            groups[group] = max(groups.get(group, ZERO), signed, key=abs)
        else:
            total += signed
    return total + sum(groups.values(), ZERO)
