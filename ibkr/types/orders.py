"""Orders, their states and fills as the broker tells them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ibkr.types.contracts import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """An order to send. `account`, `tif` and `order_ref` have no defaults on purpose."""

    account: str
    action: str
    """BUY or SELL."""
    quantity: Decimal
    order_type: str
    tif: str
    order_ref: str
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    """The trigger of STP and STP LMT, the amount of TRAIL."""
    trailing_percent: Decimal | None = None
    trail_stop_price: Decimal | None = None
    outside_rth: bool = False
    good_till_at: datetime | None = None
    parent_id: int = 0
    oca_group: str = ""
    oca_type: int = 0
    transmit: bool = True
    algo_strategy: str = ""
    algo_params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginImpact:
    """What-if answer; None means the broker did not say."""

    initial_before: Decimal | None
    initial_change: Decimal | None
    initial_after: Decimal | None
    maintenance_before: Decimal | None
    maintenance_change: Decimal | None
    maintenance_after: Decimal | None
    equity_before: Decimal | None
    equity_change: Decimal | None
    equity_after: Decimal | None
    commission: Decimal | None
    commission_min: Decimal | None
    commission_max: Decimal | None
    commission_currency: str
    warning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """An order the broker holds. perm_id is its identity; order_id only within client_id."""

    order_id: int
    client_id: int
    perm_id: int
    contract: Contract
    request: OrderRequest
    status: str
    margin: MarginImpact | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStatus:
    order_id: int
    client_id: int
    perm_id: int
    parent_id: int
    status: str
    filled: Decimal
    remaining: Decimal
    average_fill_price: Decimal | None
    last_fill_price: Decimal | None
    why_held: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletedOrder:
    perm_id: int
    contract: Contract
    request: OrderRequest
    status: str
    filled: Decimal
    completed_at: datetime | None
    completed_status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One fill; side is BOT or SLD. A correction repeats exec_id with a higher last part."""

    exec_id: str
    order_id: int
    client_id: int
    perm_id: int
    account: str
    contract: Contract
    side: str
    quantity: Decimal
    price: Decimal
    cumulative_quantity: Decimal
    average_price: Decimal
    exchange: str
    order_ref: str
    at: datetime
    liquidation: bool = False


@dataclass(frozen=True, slots=True)
class Commission:
    """realized_pnl is None for opening trades."""

    exec_id: str
    amount: Decimal
    currency: str
    realized_pnl: Decimal | None
