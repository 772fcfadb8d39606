"""Every value that crosses the broker library's border: frozen, Decimal, aware UTC."""

from ibkr.types.accounts import (
    AccountPnL,
    AccountValue,
    ManagedAccounts,
    PortfolioItem,
    Position,
    PositionPnL,
    PositionsSnapshot,
)
from ibkr.types.contracts import (
    Contract,
    ContractDetails,
    MarketRule,
    OptionChain,
    PriceBand,
    Session,
    SymbolMatch,
)
from ibkr.types.links import QUOTES, BrokerError, LinkChanged, LinkState
from ibkr.types.orders import (
    Commission,
    CompletedOrder,
    Execution,
    MarginImpact,
    OpenOrder,
    OrderRequest,
    OrderStatus,
)
from ibkr.types.quotes import (
    Bar,
    DataKindChanged,
    Greeks,
    MarketDataType,
    PriceKind,
    QuoteField,
    Tick,
)

__all__ = [
    "QUOTES",
    "AccountPnL",
    "AccountValue",
    "Bar",
    "BrokerError",
    "Commission",
    "CompletedOrder",
    "Contract",
    "ContractDetails",
    "DataKindChanged",
    "Execution",
    "Greeks",
    "LinkChanged",
    "LinkState",
    "ManagedAccounts",
    "MarginImpact",
    "MarketDataType",
    "MarketRule",
    "OpenOrder",
    "OptionChain",
    "OrderRequest",
    "OrderStatus",
    "PortfolioItem",
    "Position",
    "PositionPnL",
    "PositionsSnapshot",
    "PriceBand",
    "PriceKind",
    "QuoteField",
    "Session",
    "SymbolMatch",
    "Tick",
]
