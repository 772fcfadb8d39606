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
        self.take(trade.con_id, trade)
        return self.position(trade.con_id)

    def rebook(self, exec_id: str, con_id: int, corrected: Trade | None) -> Position:
        """Replaces a trade in its place, or removes it when `corrected` is None."""
        self.take(con_id, corrected, replaces=exec_id)
        return self.position(con_id)

    def take(self, con_id: int, trade: Trade | None, *, replaces: str = "") -> None:
        """Into the list, at the end or in another's place; folded when somebody asks."""
        trades = self.trades[con_id]
        place = len(trades)
        if replaces:
            place = next(n for n, known in enumerate(trades) if known.exec_id == replaces)
        trades[place : place + 1] = [] if trade is None else [trade]
        self._folded.pop(con_id, None)

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
