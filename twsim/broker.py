"""The broker behind the wire, as the server sees it: one object, one thread, no sockets."""

from collections.abc import Callable, Iterator
from typing import Protocol

from twsim.domain.accounts import AccountPnL, Holding, PositionPnL, ValueRow
from twsim.domain.contracts import Contract, Details, OptionChain, PriceIncrement, SymbolMatch
from twsim.domain.events import SimEvent
from twsim.domain.market import Bar, Computation, Quote
from twsim.domain.orders import Commission, Execution, Margin, Order, WorkingOrder


class SimError(Exception):
    """A request that TWS would answer with an error frame of this code."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Broker(Protocol):
    """Calls answer at once or raise SimError; consequences go to the listeners in order."""

    accounts: tuple[str, ...]

    def now(self) -> float:
        """Unix seconds of the scenario's clock."""

    def listen(self, listener: Callable[[SimEvent], None]) -> None: ...

    def step(self) -> frozenset[int]:
        """Moves the market to now(), matches orders; returns the conIds whose quote changed."""

    # instruments
    def find(self, query: Contract) -> tuple[Details, ...]:
        """Every instrument that fits the query; SimError 200 when none, 321 when malformed."""

    def resolve(self, query: Contract) -> Contract:
        """The one instrument meant; SimError 200 when none or ambiguous."""

    def search(self, pattern: str) -> tuple[SymbolMatch, ...]: ...
    def chains(self, symbol: str, exchange: str, con_id: int) -> tuple[OptionChain, ...]: ...
    def market_rule(self, rule_id: int) -> tuple[PriceIncrement, ...]: ...

    # market
    def quote(self, con_id: int) -> Quote: ...
    def computations(self, con_id: int) -> dict[str, Computation]:
        """bid, ask, last and model of an option; empty for everything else."""

    def implied_volatility(self, con_id: int, price: float, underlying: float) -> Computation: ...
    def option_price(self, con_id: int, volatility: float, underlying: float) -> Computation: ...
    def bars(
        self, con_id: int, *, end: float, seconds: float, bar_seconds: int, what: str, rth: bool
    ) -> tuple[Bar, ...]: ...
    def bar_slices(
        self, con_id: int, *, end: float, seconds: float, bar_seconds: int, what: str, rth: bool
    ) -> Iterator[tuple[Bar, ...]]:
        """The same in short pieces, oldest first; a refusal comes before the first."""

    def head_timestamp(self, con_id: int, what: str) -> int: ...
    def data_permission(self, con_id: int) -> str:
        """live, delayed (not subscribed, delayed available) or none."""

    # accounts
    def values(self, account: str) -> tuple[ValueRow, ...]:
        """Account-update rows; account-summary tags are a subset, see `ledger` for currencies."""

    def ledger(self, account: str) -> tuple[ValueRow, ...]:
        """$LEDGER:ALL rows: a block for each currency, then BASE."""

    def holdings(self, account: str) -> tuple[Holding, ...]:
        """Including those closed today (quantity 0)."""

    def pnl(self, account: str) -> AccountPnL: ...
    def position_pnl(self, account: str, con_id: int) -> PositionPnL | None:
        """None when there is no such position."""

    # orders
    def next_order_id(self, client_id: int) -> int: ...
    def place(self, client_id: int, order_id: int, query: Contract, order: Order) -> None:
        """A new order, or a change of the same client's working one. Refusals are events."""

    def what_if(self, client_id: int, order_id: int, query: Contract, order: Order) -> Margin: ...
    def cancel(self, client_id: int, order_id: int) -> None:
        """Clients may cancel any order that is theirs; client 0 also TWS's own."""

    def cancel_all(self) -> None: ...
    def working(self, client_id: int | None = None) -> tuple[WorkingOrder, ...]: ...
    def completed(self) -> tuple[WorkingOrder, ...]: ...
    def executions(self) -> tuple[Execution, ...]:
        """Today's, oldest first."""

    def commission(self, exec_id: str) -> Commission | None: ...
