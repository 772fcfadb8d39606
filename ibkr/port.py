"""The door between the portal and the broker: what may be asked, and what is reported back."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from ibkr.errors import NotConnected
from ibkr.types import (
    AccountPnL,
    AccountValue,
    Bar,
    BrokerError,
    Commission,
    CompletedOrder,
    Contract,
    ContractDetails,
    DataKindChanged,
    Execution,
    Greeks,
    LinkChanged,
    ManagedAccounts,
    MarginImpact,
    MarketDataType,
    MarketRule,
    OpenOrder,
    OptionChain,
    OrderRequest,
    OrderStatus,
    PortfolioItem,
    Position,
    PositionPnL,
    PositionsSnapshot,
    SymbolMatch,
    Tick,
)

BrokerEvent = (
    AccountPnL
    | AccountValue
    | BrokerError
    | Commission
    | DataKindChanged
    | Execution
    | Greeks
    | LinkChanged
    | ManagedAccounts
    | OpenOrder
    | OrderStatus
    | PortfolioItem
    | Position
    | PositionPnL
    | PositionsSnapshot
    | Tick
)
Listener = Callable[[BrokerEvent], None]
QuoteListener = Callable[[Sequence[Tick | Greeks]], None]
"""Hears quotes in the order in which they came, those of one read together."""


class BrokerPort(Protocol):
    """Calls that wait for an answer have their own timeout and raise an IbkrError.

    NotConnected comes at once when the socket is down, RequestTimeout after the limit,
    RequestRefused with TWS's code when TWS says no. Subscriptions report to the listener.
    """

    @property
    def accounts(self) -> tuple[str, ...]:
        """Account ids of the connected login, in the broker's order; empty when not connected."""

    def current_time(self) -> datetime: ...

    def contract_details(self, query: Contract) -> tuple[ContractDetails, ...]:
        """All instruments that fit; raises RequestRefused (200) when none does."""

    def matching_symbols(self, pattern: str) -> tuple[SymbolMatch, ...]: ...

    def market_rule(self, rule_id: int) -> MarketRule: ...

    def option_chain(self, underlying: Contract) -> tuple[OptionChain, ...]: ...

    def bars(
        self,
        contract: Contract,
        *,
        end_at: datetime | None,
        duration: str,
        bar_size: str,
        what: str = "TRADES",
        regular_hours_only: bool = True,
    ) -> tuple[Bar, ...]: ...

    def subscribe_account(self, account: str) -> None:
        """Values, ledger by currency, portfolio and P&L of one account; harmless when repeated."""

    def refresh_accounts(self) -> None:
        """Asks for the values of every subscribed account anew, without waiting for TWS's turn."""

    def subscribe_positions(self) -> None:
        """A PositionsSnapshot now, then single Position events."""

    def subscribe_position_pnl(self, account: str, con_ids: Sequence[int]) -> None:
        """Sets the whole wanted set for the account: adds what is new, drops what is gone."""

    def set_market_data_type(self, kind: MarketDataType) -> None: ...

    def subscribe_quotes(self, contracts: Sequence[Contract], generic_ticks: str = "") -> None:
        """Adds instruments to the streamed set; those already in it are left alone."""

    def unsubscribe_quotes(self, con_ids: Sequence[int]) -> None: ...

    def streaming(self) -> frozenset[int]:
        """conIds with a live market data line."""

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """The working orders of every client, TWS itself included."""

    def completed_orders(self) -> tuple[CompletedOrder, ...]: ...

    def executions(self) -> tuple[Execution, ...]:
        """Today's fills of every client; their commissions reach the listener."""

    @property
    def ordering(self) -> AbstractContextManager[object]:
        """Held from next_order_id to place_order: TWS refuses an id below one it has seen."""

    def check_ready(self) -> None:
        """Raises NotConnected or NotReady while no order may be sent."""

    def order_ids_from(self, number: int) -> None:
        """Later ids are at least this one: TWS forgets ids when it crashes, the portal doesn't."""

    def next_order_id(self) -> int:
        """A fresh id above every one this client has used."""

    def place_order(self, order_id: int, contract: Contract, request: OrderRequest) -> None:
        """Queues the bytes; whatever it raises, none of them was written."""

    def cancel_order(self, order_id: int) -> None: ...

    def cancel_all(self) -> None:
        """Global cancel: every order of the login, other clients' and manual ones too."""

    def what_if(
        self, contract: Contract, request: OrderRequest, timeout: timedelta = ...
    ) -> MarginImpact: ...


_PORTS: dict[str, BrokerPort] = {}


def register(slug: str, port: BrokerPort | None) -> None:
    """The process that holds a connection makes its port known to its tasks; None withdraws it."""
    if port is None:
        _PORTS.pop(slug, None)
    else:
        _PORTS[slug] = port


def port_of(slug: str) -> BrokerPort:
    """Raises NotConnected in every process but the connection's own gateway worker."""
    try:
        return _PORTS[slug]
    except KeyError:
        raise NotConnected(f"This process does not hold the connection {slug}.") from None
