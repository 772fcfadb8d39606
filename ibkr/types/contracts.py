"""Contracts and their details, as the broker names them; conId is the identity."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One instrument, or a query for some: empty text, zero or None means "any"."""

    con_id: int = 0
    symbol: str = ""
    sec_type: str = ""
    currency: str = ""
    exchange: str = ""
    primary_exchange: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    multiplier: Decimal | None = None
    expiry: date | None = None
    strike: Decimal | None = None
    right: str = ""
    """C or P for options, empty for everything else."""


@dataclass(frozen=True, slots=True)
class Session:
    """One span of trading, start inclusive, end exclusive, both aware UTC."""

    start_at: datetime
    end_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractDetails:
    """What reqContractDetails tells about one instrument."""

    contract: Contract
    long_name: str = ""
    industry: str = ""
    category: str = ""
    min_tick: Decimal | None = None
    price_magnifier: int = 1
    order_types: tuple[str, ...] = ()
    valid_exchanges: tuple[str, ...] = ()
    market_rule_ids: tuple[int, ...] = ()
    """One rule id per valid exchange, in the same order."""
    under_con_id: int = 0
    time_zone: str = ""
    trading_sessions: tuple[Session, ...] = ()
    liquid_sessions: tuple[Session, ...] = ()
    isin: str = ""
    stock_type: str = ""
    min_size: Decimal | None = None
    size_increment: Decimal | None = None
    """Orders are multiples of it, from `min_size` up; IB gives fractions of a share as well."""
    suggested_size_increment: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PriceBand:
    """From this price upwards, prices move in steps of `increment`."""

    low_edge: Decimal
    increment: Decimal


@dataclass(frozen=True, slots=True)
class MarketRule:
    rule_id: int
    bands: tuple[PriceBand, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionChain:
    """Expiries and strikes that exist on one exchange for one underlying."""

    exchange: str
    under_con_id: int
    trading_class: str
    multiplier: Decimal
    expiries: frozenset[date] = field(default_factory=frozenset)
    strikes: frozenset[Decimal] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class SymbolMatch:
    """One candidate of a symbol search."""

    contract: Contract
    description: str
    derivative_sec_types: tuple[str, ...] = ()
