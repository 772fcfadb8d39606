"""One account: what it began with and what it traded; everything else is derived."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from twsim.books.position import Position, Trade, fold
from twsim.instruments import Universe

__all__ = ["Account", "Position", "Trade"]


@dataclass(slots=True, kw_only=True)
class Account:
    """`since` says when an instrument's trading day began; cash is by currency."""

    code: str
    base: str
    universe: Universe
    since: Callable[[int], float]
    opening_cash: dict[str, float]
    openings: dict[int, tuple[float, float]] = field(default_factory=dict)
    trades: defaultdict[int, list[Trade]] = field(default_factory=lambda: defaultdict(list))
    _folded: dict[int, tuple[float, Position]] = field(default_factory=dict)

    def book(self, trade: Trade) -> Position:
        self.trades[trade.con_id].append(trade)
        return self._forget(trade.con_id)

    def rebook(self, exec_id: str, con_id: int, corrected: Trade | None) -> Position:
        """Replaces a trade in its place, or removes it when `corrected` is None."""
        trades = self.trades[con_id]
        place = next(n for n, trade in enumerate(trades) if trade.exec_id == exec_id)
        trades[place : place + 1] = [] if corrected is None else [corrected]
        return self._forget(con_id)

    def position(self, con_id: int) -> Position:
        since = self.since(con_id)
        kept = self._folded.get(con_id)
        if kept is not None and kept[0] == since:
            return kept[1]
        opening = self.openings.get(con_id, (0.0, 0.0))
        folded = fold(self.universe[con_id], opening, self.trades.get(con_id, ()), since)
        self._folded[con_id] = (since, folded)
        return folded

    def positions(self) -> Iterator[tuple[int, Position]]:
        """Every instrument held now or traded since the simulation began."""
        for con_id in {**self.openings, **self.trades}:
            yield con_id, self.position(con_id)

    def cash(self) -> dict[str, float]:
        total = dict(self.opening_cash)
        for _, position in self.positions():
            for currency, amount in position.flows.items():
                total[currency] = total.get(currency, 0.0) + amount
        return total

    def _forget(self, con_id: int) -> Position:
        self._folded.pop(con_id, None)
        return self.position(con_id)
