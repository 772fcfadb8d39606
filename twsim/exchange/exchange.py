"""The exchange as the simulation sees it: place, cancel, step, and what is in the book."""

from twsim.domain.contracts import Contract
from twsim.domain.orders import Margin, Order, WorkingOrder
from twsim.exchange import cancelling, matching, placing
from twsim.exchange.checks import check_order
from twsim.exchange.floor import ExchangeStyle, Floor
from twsim.exchange.margins import what_if

__all__ = ["Exchange", "ExchangeStyle", "Floor"]


class Exchange:
    """Orders are acknowledged when placed and filled from the next step on."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor

    def place(
        self, client_id: int, order_id: int, query: Contract, order: Order, now: float
    ) -> None:
        placing.place(self.floor, client_id, order_id, query, order, now)

    def what_if(self, query: Contract, order: Order) -> Margin:
        """SimError where placing it would be refused."""
        instrument = self.floor.universe.resolve(query)
        complete = placing.completed(order, self.floor)
        check_order(complete, instrument, tuple(self.floor.accounts))
        return what_if(self.floor, instrument, complete)

    def cancel(self, client_id: int, order_id: int, now: float) -> None:
        cancelling.ask(self.floor, client_id, order_id, now)

    def cancel_all(self, now: float) -> None:
        self.floor.ledger.write("cancel_all", now)
        for entry in [entry for entry in self.floor.book.entries if not entry.view.done]:
            if entry.cancelled_by is None:
                cancelling.begin(self.floor, entry, entry.view.client_id, now)

    def step(self, now: float) -> None:
        matching.match_all(self.floor, now)

    def next_order_id(self, client_id: int) -> int:
        return self.floor.book.next_order_id(client_id)

    def working(self, client_id: int | None) -> tuple[WorkingOrder, ...]:
        """Acknowledged and not done, oldest first; of one client or of all."""
        return tuple(
            entry.snapshot()
            for entry in self.floor.book.entries
            if entry.live and client_id in (None, entry.view.client_id)
        )

    def completed(self) -> tuple[WorkingOrder, ...]:
        return tuple(entry.snapshot() for entry in self.floor.book.entries if entry.view.done)

    def drop_day_orders(self, now: float) -> None:
        """The nightly reset: DAY orders are gone, GTC orders stay."""
        for entry in [entry for entry in self.floor.book.entries if not entry.view.done]:
            if entry.view.order.tif == "DAY" and not entry.view.done:
                cancelling.finish(self.floor, entry, now)
