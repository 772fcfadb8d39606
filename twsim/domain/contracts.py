"""Contracts, their details and rules as the simulated broker knows them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """An instrument or a query; empty text and zero mean "any". Texts are as on the wire."""

    con_id: int = 0
    symbol: str = ""
    sec_type: str = ""
    expiry: str = ""
    """yyyymmdd, or yyyymm in a query."""
    strike: float = 0.0
    right: str = ""
    """C, P or empty; queries may also say CALL, PUT, ? or 0."""
    multiplier: str = ""
    exchange: str = ""
    primary_exchange: str = ""
    currency: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    include_expired: bool = False
    sec_id_type: str = ""
    sec_id: str = ""
    issuer_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What contract data says about one instrument."""

    contract: Contract
    market_name: str
    min_tick: float
    price_magnifier: int = 1
    order_types: str
    valid_exchanges: str
    under_con_id: int = 0
    long_name: str
    contract_month: str = ""
    industry: str = ""
    category: str = ""
    subcategory: str = ""
    time_zone: str
    trading_hours: str
    """IB's form: 20260406:0930-20260406:1600;20260407:CLOSED, in `time_zone`."""
    liquid_hours: str
    isin: str = ""
    agg_group: int = 2147483647
    under_symbol: str = ""
    under_sec_type: str = ""
    market_rule_ids: str
    """Comma-separated, one for each valid exchange."""
    real_expiry: str = ""
    last_trade_time: str = ""
    stock_type: str = ""
    min_size: str = "1"
    size_increment: str = "1"
    suggested_size_increment: str = "1"


@dataclass(frozen=True, slots=True)
class SymbolMatch:
    contract: Contract
    derivative_sec_types: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class OptionChain:
    exchange: str
    under_con_id: int
    trading_class: str
    multiplier: str
    expiries: tuple[str, ...]
    strikes: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PriceIncrement:
    low_edge: float
    increment: float
