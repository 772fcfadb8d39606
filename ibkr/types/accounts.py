"""What the broker reports about an account. None means the broker did not compute it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ibkr.types.contracts import Contract


@dataclass(frozen=True, slots=True)
class ManagedAccounts:
    """The accounts of the login, in the broker's order, as seen after a connect."""

    accounts: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class AccountValue:
    """One (tag, currency) pair; currency is "" where the tag has none, "BASE" for totals."""

    account: str
    tag: str
    value: str
    currency: str


@dataclass(frozen=True, slots=True)
class Position:
    """average_cost includes the multiplier for options and futures (IB's convention)."""

    account: str
    contract: Contract
    quantity: Decimal
    average_cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioItem:
    """One row of account updates: a position with the broker's own valuation."""

    account: str
    contract: Contract
    quantity: Decimal
    average_cost: Decimal
    market_price: Decimal | None
    market_value: Decimal | None
    unrealized_pnl: Decimal | None
    realized_pnl: Decimal | None


@dataclass(frozen=True, slots=True)
class PositionsSnapshot:
    """All positions of all managed accounts: what is absent is zero."""

    accounts: tuple[str, ...]
    positions: tuple[Position, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class AccountPnL:
    """In the account's base currency."""

    account: str
    daily: Decimal | None
    unrealized: Decimal | None
    realized: Decimal | None


@dataclass(frozen=True, slots=True)
class PositionPnL:
    """Of one position, in the account's base currency; value is its market value."""

    account: str
    con_id: int
    quantity: Decimal
    daily: Decimal | None
    unrealized: Decimal | None
    realized: Decimal | None
    value: Decimal | None
