"""One pass over the working orders: confirm cancels, expire, trigger, fill."""

from twsim.domain.market import Quote
from twsim.exchange import rules
from twsim.exchange.cancelling import finish
from twsim.exchange.entry import Entry
from twsim.exchange.floor import Floor
from twsim.exchange.timing import is_open


def match_all(floor: Floor, now: float) -> None:
    """Oldest orders first; what a fill does to its family happens before the next order."""
    for entry in [entry for entry in floor.book.entries if entry.live]:
        if entry.live:
            _match(floor, entry, now)


def _match(floor: Floor, entry: Entry, now: float) -> None:
    if entry.cancelled_by is not None:
        finish(floor, entry, now)
        return
    if now >= entry.ends_at:
        finish(floor, entry, now)
        return
    _settle_status(floor, entry, now)
    if not _may_trade(floor, entry, now):
        return
    quote = floor.market.quote(entry.instrument.con_id)
    if quote.halted or not _triggered(floor, entry, quote, now):
        return
    if entry.auction_at is not None:
        _auction(floor, entry, quote, now)
    else:
        _trade(floor, entry, quote, now)


def waiting(floor: Floor, entry: Entry, now: float) -> bool:
    """Not yet active: its parent, its start or the market's opening is to come."""
    if floor.book.awaits_parent(entry):
        return True
    if now < entry.starts_at or (entry.auction_at is not None and now < entry.auction_at):
        return True
    return not is_open(entry, now)


def resting_status(floor: Floor, entry: Entry, now: float) -> tuple[str, str]:
    """Status and whyHeld of an order that has just been looked at."""
    reasons = ["child"] if floor.book.awaits_parent(entry) else []
    reasons += ["trigger"] if entry.untriggered else []
    if reasons or waiting(floor, entry, now):
        return "PreSubmitted", ",".join(reasons)
    if entry.view.order.order_type == "MKT" and not entry.view.filled:
        return entry.view.status, ""
    return "Submitted", ""


def _settle_status(floor: Floor, entry: Entry, now: float) -> None:
    status, why_held = resting_status(floor, entry, now)
    if (status, why_held) != (entry.view.status, entry.view.why_held):
        floor.turn(entry, status, now, why_held=why_held)


def _may_trade(floor: Floor, entry: Entry, now: float) -> bool:
    if entry.auction_at is not None:
        return now >= entry.auction_at
    return not waiting(floor, entry, now)


def _triggered(floor: Floor, entry: Entry, quote: Quote, now: float) -> bool:
    """Moves a trailing stop along and turns a triggered stop into its order."""
    if not entry.untriggered:
        return True
    price = rules.reference(quote)
    if price is None:
        return False
    before, entry.view.trail_stop = entry.view.trail_stop, rules.trailed(entry, price)
    if entry.view.trail_stop != before:
        floor.record("trail", entry, now, stop=entry.view.trail_stop)
    if not rules.triggered(entry, price):
        return False
    entry.view.stop_triggered = True
    entry.limit = rules.limit_in_force(entry)
    floor.turn(entry, "Submitted", now)
    return True


def _auction(floor: Floor, entry: Entry, quote: Quote, now: float) -> None:
    price = quote.last if quote.last is not None else quote.mark
    if price is None or not _within(entry, price):
        finish(floor, entry, now)
        return
    _fill(floor, entry, entry.view.remaining, price, now)


def _within(entry: Entry, price: float) -> bool:
    if entry.limit is None:
        return True
    return price <= entry.limit if entry.buys else price >= entry.limit


def _trade(floor: Floor, entry: Entry, quote: Quote, now: float) -> None:
    price = rules.fill_price(entry, quote)
    if price is not None:
        quantity = rules.fill_quantity(entry, quote, floor.style.pieces)
        _fill(floor, entry, quantity, price, now)
    entry.seen = True
    if entry.live and entry.view.order.tif in ("IOC", "FOK"):
        _end_immediate(floor, entry, now)


def _fill(floor: Floor, entry: Entry, quantity: float, price: float, now: float) -> None:
    floor.fill(entry, quantity, price, now)
    _tell_family(floor, entry, quantity, now)


def _tell_family(floor: Floor, entry: Entry, quantity: float, now: float) -> None:
    """One cancels all: type 1 cancels the others, types 2 and 3 shrink them by the fill."""
    for other in floor.book.siblings(entry):
        if entry.view.order.oca_group and entry.view.order.oca_type == 1:
            finish(floor, other, now)
            continue
        left = max(other.view.order.quantity - quantity, other.view.filled)
        if left - other.view.filled < 1e-9:
            other.view.order.quantity = left
            finish(floor, other, now)
        else:
            floor.resize(other, left, now)


def _end_immediate(floor: Floor, entry: Entry, now: float) -> None:
    """What is left of IOC is cancelled; FOK that did not fill becomes inactive."""
    if entry.view.order.tif == "FOK":
        floor.turn(entry, "Inactive", now)
        return
    floor.turn(entry, "PendingCancel", now)
    finish(floor, entry, now)
