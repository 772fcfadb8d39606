"""Option quotes: Black-Scholes on the underlying's middle with a smile."""

import math

from twsim.blackscholes import Terms, price
from twsim.domain.market import Quote
from twsim.instruments import Instrument
from twsim.prices.roots import RATE, YEAR
from twsim.prices.tape import Tape, around, size_of
from twsim.walk import uniform

SPREAD = 0.015


def terms(item: Instrument, underlying: float, at: float) -> Terms:
    return Terms(
        underlying=underlying,
        strike=item.contract.strike,
        years=max(item.expires_at - at, 0.0) / YEAR,
        rate=RATE,
        call=item.contract.right == "C",
    )


def smile(given: Terms, volatility: float) -> float:
    """Out-of-the-money puts imply more than calls; distance counts in standard deviations."""
    if given.years <= 0:
        return volatility
    deviations = math.log(given.strike / given.underlying) / (volatility * math.sqrt(given.years))
    away = max(-3.0, min(3.0, deviations))
    return volatility * (1.03 - 0.05 * away + 0.02 * away * away)


def option_quote(
    item: Instrument, under: Tape, at: float, volatility: float, share: float, *, halted: bool
) -> Quote:
    """`volatility` is this option's own; range and close follow from the underlying's."""

    def model(underlying: float, moment: float) -> float:
        return price(terms(item, underlying, moment), volatility)

    mid = model(under.mid, at)
    least = item.increments[0].increment
    last = max(item.rounded(mid), least)
    bid, ask = around(item, max(mid, least / 2), SPREAD)
    edges = [max(item.rounded(model(edge, at)), least) for edge in (under.low, under.high)]
    close = max(item.rounded(model(under.close, at - 86400)), least)
    day_volume = item.daily_volume * uniform(item.con_id, under.day.toordinal())
    return Quote(
        bid=bid if bid > 0 else None,
        ask=ask,
        last=last,
        bid_size=size_of(item, under.beat, 1) if bid > 0 else 0.0,
        ask_size=size_of(item, under.beat, 2),
        last_size=1.0 + size_of(item, under.beat, 3) // 10,
        volume=math.floor(day_volume * share),
        open=max(item.rounded(model(under.open, at)), least),
        high=max(*edges, last),
        low=min(*edges, last),
        close=close,
        mark=(max(bid, 0.0) + ask) / 2,
        halted=halted,
        last_at=int(under.last_at),
    )
