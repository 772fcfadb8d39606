"""When an order may trade and when it ends."""

import math

from twsim.domain.orders import Order
from twsim.exchange.entry import CLOSE_AUCTION, Entry
from twsim.hours import parse_moment
from twsim.instruments import Instrument


def schedule(entry: Entry, now: float) -> None:
    """Sets the entry's times from its order; raises nothing, the order was checked before."""
    order, instrument = entry.view.order, entry.instrument
    zone = instrument.venue.time_zone
    entry.starts_at = parse_moment(order.good_after, zone) if order.good_after else 0.0
    entry.auction_at = _auction(order, instrument, now)
    entry.ends_at = _end(order, instrument, now)


def is_open(entry: Entry, now: float) -> bool:
    return entry.instrument.venue.is_open(now, liquid=not extended(entry))


def extended(entry: Entry) -> bool:
    """Whether the order also trades outside regular hours; futures and currencies always do."""
    return entry.view.order.outside_rth or entry.instrument.kind in ("FUT", "CASH")


def opens_at(entry: Entry, now: float) -> float:
    return entry.instrument.venue.next_open(now, liquid=not extended(entry))


def _auction(order: Order, instrument: Instrument, now: float) -> float | None:
    venue = instrument.venue
    if order.tif == "OPG":
        if not venue.is_open(now, liquid=True):
            return venue.next_open(now, liquid=True)
        spans = venue.spans(venue.day_of(now), liquid=True)
        return venue.next_open(spans[-1][1] + 1, liquid=True)
    if order.order_type not in CLOSE_AUCTION:
        return None
    opening = venue.next_open(now, liquid=True)
    return venue.spans(venue.day_of(opening), liquid=True)[-1][1]


def _end(order: Order, instrument: Instrument, now: float) -> float:
    venue = instrument.venue
    if order.tif == "GTD":
        return parse_moment(order.good_till, venue.time_zone)
    if order.tif != "DAY" or order.order_type in CLOSE_AUCTION:
        return math.inf
    liquid = not (order.outside_rth or instrument.kind in ("FUT", "CASH"))
    opening = venue.next_open(now, liquid=liquid)
    return venue.spans(venue.day_of(opening), liquid=liquid)[-1][1]
