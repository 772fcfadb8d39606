"""Matching as pure functions of an order and the quote before it."""

import math

from twsim.domain.market import Quote
from twsim.exchange.entry import Entry

PIECES = 8
"""An order larger than the market's size is filled in at most this many pieces."""
_TOUCHED = {"MIT", "LIT"}
_SLICED_ALGOS = {"twap", "vwap"}


def touch(entry: Entry, quote: Quote) -> tuple[float | None, float]:
    """Price and size on the side that this order trades against."""
    if entry.buys:
        return quote.ask, quote.ask_size
    return quote.bid, quote.bid_size


def reference(quote: Quote) -> float | None:
    """What stops look at: the last trade, or the middle where nothing trades."""
    return quote.last if quote.last is not None else quote.mark


def fill_price(entry: Entry, quote: Quote) -> float | None:
    """None while the market is away; a resting limit order gives its own price."""
    price, _ = touch(entry, quote)
    if price is None or entry.limit is None:
        return price
    crossed = price <= entry.limit + 1e-9 if entry.buys else price >= entry.limit - 1e-9
    if not crossed:
        return None
    return entry.limit if entry.seen else price


def fill_quantity(entry: Entry, quote: Quote, pieces: int) -> float:
    """All at once up to the size shown, larger orders in whole lots step by step."""
    view = entry.view
    _, size = touch(entry, quote)
    if view.order.tif == "FOK" or view.order.all_or_none or entry.auction_at is not None:
        return view.remaining
    algo = view.order.algo_strategy.lower()
    if algo in _SLICED_ALGOS:
        most = view.order.quantity / 10
    else:
        most = max(size, view.order.quantity / PIECES)
    if pieces > 1:
        most = min(most, view.order.quantity / pieces)
    lot = entry.instrument.lot
    return min(view.remaining, max(math.floor(most / lot) * lot, lot))


def triggered(entry: Entry, price: float) -> bool:
    """Stops trigger when the price runs against the position, touches when it comes towards."""
    level = entry.view.trail_stop if entry.view.trail_stop is not None else _aux(entry)
    upward = entry.buys != (entry.view.order.order_type in _TOUCHED)
    return price >= level - 1e-9 if upward else price <= level + 1e-9


def trailed(entry: Entry, price: float) -> float | None:
    """Where the trailing stop stands after this price; None for orders that do not trail."""
    order = entry.view.order
    if not order.order_type.startswith("TRAIL"):
        return None
    distance = price * (order.trailing_percent or 0.0) / 100 if order.trailing_percent else None
    distance = _aux(entry) if distance is None else distance
    fresh = price + distance if entry.buys else price - distance
    current = entry.view.trail_stop
    if current is None:
        return order.trail_stop_price if order.trail_stop_price is not None else fresh
    return min(current, fresh) if entry.buys else max(current, fresh)


def limit_in_force(entry: Entry) -> float | None:
    """The limit of a fresh or freshly triggered order; None for orders at the market."""
    order = entry.view.order
    if order.order_type in ("LMT", "STP LMT", "LOC", "LIT"):
        return order.limit_price
    if order.order_type == "TRAIL LIMIT" and entry.view.trail_stop is not None:
        offset = order.limit_price_offset or 0.0
        return entry.view.trail_stop + (offset if entry.buys else -offset)
    return None


def _aux(entry: Entry) -> float:
    return entry.view.order.aux_price or 0.0
