"""One instrument: its contract, its rules, and the character of its price."""

import math
from dataclasses import dataclass, replace

from twsim.domain.contracts import Contract, Details, PriceIncrement
from twsim.hours import Venue

ORDER_TYPES = (
    "ACTIVETIM,AD,ADJUST,ALERT,ALGO,ALLOC,AVGCOST,BASKET,COND,CONDORDER,DAY,DEACT,DEACTDIS,"
    "DEACTEOD,GAT,GTC,GTD,GTT,HID,IOC,LMT,LOC,MKT,MOC,MTL,OCA,OPG,SCALE,STP,STPLMT,TRAIL,"
    "TRAILLIT,TRAILLMT,TRAILMIT,WHATIF"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """`contract.exchange` is where orders go by default, `home` where it is listed."""

    contract: Contract
    home: str
    long_name: str
    venue: Venue
    valid_exchanges: str
    rule: int
    increments: tuple[PriceIncrement, ...]
    price: float
    """Centre of its walk; an option has none (0)."""
    volatility: float = 0.0
    beta: float = 0.0
    daily_volume: float = 0.0
    market_name: str = ""
    industry: str = ""
    category: str = ""
    stock_type: str = ""
    lot: float = 1.0
    size_step: float | None = None
    """What details say where it is not the lot: parts of a US share, which the API refuses."""
    under_con_id: int = 0
    under_symbol: str = ""
    under_sec_type: str = ""
    initial_margin: float = 0.0
    """Futures: per contract, in the contract's currency."""
    commission: float = 0.0
    """Futures: per contract."""
    expires_at: float = math.inf
    walks_with: str = ""
    """Futures: the local symbol of the index whose walk they follow."""

    @property
    def con_id(self) -> int:
        return self.contract.con_id

    @property
    def kind(self) -> str:
        return self.contract.sec_type

    @property
    def currency(self) -> str:
        return self.contract.currency

    @property
    def multiplier(self) -> float:
        return float(self.contract.multiplier or 1)

    def tick(self, price: float) -> float:
        """The smallest price step at this price."""
        fitting = [rule.increment for rule in self.increments if abs(price) >= rule.low_edge]
        return fitting[-1] if fitting else self.increments[0].increment

    def rounded(self, price: float) -> float:
        tick = self.tick(price)
        return round(round(price / tick) * tick, 10)

    def conforms(self, price: float) -> bool:
        return abs(self.rounded(price) - price) < 1e-7

    def routed(self, exchange: str) -> Contract:
        return replace(self.contract, exchange=exchange) if exchange else self.contract

    @property
    def held(self) -> Contract:
        """As position reports name it: the home exchange for stocks, none for SMART options."""
        if self.kind == "OPT":
            return replace(self.contract, exchange="", primary_exchange="")
        return replace(self.contract, exchange=self.home, primary_exchange="")

    def details(self, at: float, exchange: str = "") -> Details:
        """What contract data says at a moment; hours are announced from that day on."""
        rules = ",".join(str(self.rule) for _ in self.valid_exchanges.split(","))
        expiry = self.contract.expiry
        return Details(
            contract=self.routed(exchange),
            market_name=self.market_name or self.contract.trading_class,
            min_tick=self.increments[0].increment,
            order_types=ORDER_TYPES,
            valid_exchanges=self.valid_exchanges,
            under_con_id=self.under_con_id,
            long_name=self.long_name,
            contract_month=expiry[:6],
            industry=self.industry,
            category=self.category,
            subcategory=self.category,
            time_zone=self.venue.time_zone,
            trading_hours=self.venue.describe(at, liquid=False),
            liquid_hours=self.venue.describe(at, liquid=True),
            agg_group=1 if self.kind == "STK" else 2147483647,
            under_symbol=self.under_symbol,
            under_sec_type=self.under_sec_type,
            market_rule_ids=rules,
            real_expiry=expiry,
            last_trade_time="08:30:00" if self.kind == "FUT" else "",
            stock_type=self.stock_type,
            min_size=_number(self.size_step or self.lot),
            size_increment=_number(self.size_step or self.lot),
            suggested_size_increment=_number(max(self.lot, 100.0 if self.kind == "STK" else 1.0)),
        )


def _number(value: float) -> str:
    return f"{value:g}"
