"""Orders, executions and commissions; prices are floats because the wire carries doubles."""

from dataclasses import dataclass, field

from twsim.domain.contracts import Contract


@dataclass(slots=True, kw_only=True)
class Order:
    """What a client asked for. None is IB's "unset" (1.797e308 or 2147483647 on the wire)."""

    action: str
    quantity: float
    order_type: str
    tif: str = ""
    account: str = ""
    limit_price: float | None = None
    aux_price: float | None = None
    trail_stop_price: float | None = None
    trailing_percent: float | None = None
    limit_price_offset: float | None = None
    order_ref: str = ""
    oca_group: str = ""
    oca_type: int = 3
    parent_id: int = 0
    transmit: bool = True
    outside_rth: bool = False
    hidden: bool = False
    all_or_none: bool = False
    good_after: str = ""
    good_till: str = ""
    open_close: str = ""
    origin: int = 0
    trigger_method: int = 0
    algo_strategy: str = ""
    algo_params: tuple[tuple[str, str], ...] = ()
    what_if: bool = False
    not_held: bool = False
    solicited: bool = False
    cash_qty: float | None = None
    raw: dict[str, str] = field(default_factory=dict)
    """Fields that the simulator stores only to give them back (by ibapi's attribute name)."""


@dataclass(slots=True, kw_only=True)
class WorkingOrder:
    """An order in the book with its life so far."""

    order_id: int
    client_id: int
    perm_id: int
    contract: Contract
    order: Order
    status: str
    """PreSubmitted, Submitted, PendingCancel, Cancelled, Filled, Inactive, ApiPending."""
    filled: float = 0.0
    average_price: float = 0.0
    last_fill_price: float = 0.0
    why_held: str = ""
    placed_at: float = 0.0
    """Unix seconds with fraction; likewise completed_at."""
    completed_at: float = 0.0
    completed_status: str = ""
    stop_triggered: bool = False
    trail_stop: float | None = None
    commission: float | None = None
    """Of all fills so far; None before the first."""
    commission_currency: str = ""
    status_client_id: int | None = None
    """The client that orderStatus names when it is not the owner: who cancelled."""

    @property
    def remaining(self) -> float:
        return self.order.quantity - self.filled

    @property
    def done(self) -> bool:
        return self.status in ("Cancelled", "Filled", "Inactive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    exec_id: str
    order_id: int
    client_id: int
    perm_id: int
    account: str
    contract: Contract
    exchange: str
    side: str
    """BOT or SLD."""
    quantity: float
    price: float
    cumulative: float
    average_price: float
    at: float
    order_ref: str = ""
    liquidation: int = 0
    last_liquidity: int = 2


@dataclass(frozen=True, slots=True)
class Commission:
    """realized_pnl None is sent as unset: the trade opened a position."""

    exec_id: str
    amount: float
    currency: str
    realized_pnl: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """Answer to a what-if: initial and maintenance margin and equity, before and after."""

    initial_before: float
    initial_after: float
    maintenance_before: float
    maintenance_after: float
    equity_before: float
    equity_after: float
    commission: float
    commission_currency: str
    warning: str = ""
