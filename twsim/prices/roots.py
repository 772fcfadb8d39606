"""Prices of everything that is not an option, as a pure function of time."""

import math
from dataclasses import dataclass
from zlib import crc32

from twsim.instruments import Instrument, Universe
from twsim.prices.pace import walk_days
from twsim.walk import Walk, mixed

MARKET_VOLATILITY = 0.15
RATE = 0.04
YEAR = 365.0 * 86400
_TRADING_YEAR = math.sqrt(252)
_LEAST_OWN = 0.08


@dataclass(slots=True)
class Root:
    """One instrument's own walk on top of the market's."""

    instrument: Instrument
    walk: Walk
    own_daily: float
    market_daily: float
    anchor: float = 0.0


class Roots:
    """`calm` scales all movement; anchored prices equal the data file's at `start`."""

    def __init__(
        self, universe: Universe, *, seed: int, calm: float, start: float, anchored: bool
    ) -> None:
        self._universe = universe
        self._market = Walk(mixed(seed, 1))
        self._roots = {
            item.con_id: self._root(item, seed, calm)
            for item in universe.by_id.values()
            if item.kind != "OPT"
        }
        if anchored:
            for root in self._roots.values():
                root.anchor = self._deviation(root, start)

    @property
    def con_ids(self) -> tuple[int, ...]:
        return tuple(self._roots)

    def price(self, con_id: int, at: float) -> float:
        """Not rounded to ticks; a future is its index carried to expiry, a cross its two legs."""
        instrument = self._roots[con_id].instrument
        contract = instrument.contract
        if contract.sec_type == "CASH" and "USD" not in (contract.symbol, contract.currency):
            return self.to_dollars(contract.symbol, at) / self.to_dollars(contract.currency, at)
        root = self._roots[con_id]
        walked = instrument.price * math.exp(self._deviation(root, at) - root.anchor)
        if contract.sec_type == "FUT":
            walked *= math.exp(RATE * max(instrument.expires_at - at, 0.0) / YEAR)
        return walked

    def to_dollars(self, currency: str, at: float) -> float:
        """What one unit is worth in USD."""
        if currency == "USD":
            return 1.0
        for inverse, pair in ((False, f"{currency}.USD"), (True, f"USD.{currency}")):
            found = self._pair(pair)
            if found is not None:
                rate = self.price(found, at)
                return 1 / rate if inverse else rate
        raise KeyError(f"no exchange rate for {currency}")

    def volatility(self, con_id: int) -> float:
        """Annual, what options on this instrument imply."""
        root = self._roots[con_id]
        own = self._own(root.instrument)
        return math.hypot(own, root.instrument.beta * MARKET_VOLATILITY)

    def _pair(self, name: str) -> int | None:
        found = self._universe.local(name)
        return found.con_id if found is not None else None

    def _deviation(self, root: Root, at: float) -> float:
        days = walk_days(root.instrument.venue, at)
        moved = root.walk.value(days) * root.own_daily if root.own_daily else 0.0
        return moved + (self._market.value(days) * root.market_daily if root.market_daily else 0.0)

    def _root(self, item: Instrument, seed: int, calm: float) -> Root:
        return Root(
            instrument=item,
            walk=Walk(mixed(seed, crc32(_family(item).encode()) + 2)),
            own_daily=self._own(item) * calm / _TRADING_YEAR,
            market_daily=item.beta * MARKET_VOLATILITY * calm / _TRADING_YEAR,
        )

    def _own(self, item: Instrument) -> float:
        """Shares give their total volatility, so the market's part is taken out of it."""
        if item.stock_type != "COMMON":
            return item.volatility
        variance = item.volatility**2 - (item.beta * MARKET_VOLATILITY) ** 2
        return math.sqrt(max(variance, _LEAST_OWN**2))


def _family(item: Instrument) -> str:
    """Listings of one company share a walk, and a future its index's."""
    if item.stock_type == "COMMON":
        return item.long_name.split(" ", maxsplit=1)[0]
    return item.walks_with or item.contract.local_symbol
