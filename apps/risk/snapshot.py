"""Everything the gate may look at, taken at one moment; frozen and pure.

None is missing: not told, too old to have, or not readable. Amounts are in the account's base
currency unless a name says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from apps.risk.book import Activity, WorkingOrder
from apps.risk.levels import Guard
from ibkr.types import LinkState, MarginImpact, PriceBand, PriceKind, Session

NOTHING: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`rates` is base currency for one unit of each currency."""

    id: int
    code: str
    mode: str
    base_currency: str
    pinned: tuple[str, ...] = ()
    connected: tuple[str, ...] = ()
    """The accounts of the connection's login, as last seen; the pinned ones must be among them."""
    net_liquidation: Decimal | None = None
    available: Decimal | None = None
    equity_with_loan: Decimal | None = None
    maintenance: Decimal | None = None
    excess: Decimal | None = None
    look_ahead_excess: Decimal | None = None
    gross: Decimal | None = None
    day_trades_left: Decimal | None = None
    rates: Mapping[str, Decimal] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    con_id: int
    symbol: str
    kind: str
    """STK, ETF, OPT, FUT, CASH, IND."""
    currency: str
    exchange: str = ""
    primary_exchange: str = ""
    multiplier: Decimal | None = None
    magnifier: int = 1
    right: str = ""
    under_con_id: int | None = None
    isin: str = ""
    bands: tuple[PriceBand, ...] = ()
    """Empty: neither the market rule nor the smallest step is known."""
    lot: Decimal = Decimal(1)
    """Quantities are multiples of it, from `least` up."""
    least: Decimal = Decimal(1)
    liquid: tuple[Session, ...] = ()
    trading: tuple[Session, ...] = ()
    average_volume: Decimal | None = None
    """Over about twenty days, a day."""

    @property
    def is_option(self) -> bool:
        return self.kind in {"OPT", "FOP", "WAR"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """In the instrument's currency. `at` is the time of the newest price."""

    bid: Decimal | None = None
    ask: Decimal | None = None
    last: Decimal | None = None
    close: Decimal | None = None
    kind: PriceKind = PriceKind.MISSING
    at: datetime | None = None
    halted: bool = False
    stale: bool = False
    """Its gateway says so: nothing streams any more."""
    cut: bool = False
    """TWS answers but has lost Interactive Brokers: no newer price can come."""


class Line(NamedTuple):
    """One instrument that is held or has working orders; `unit` is what one unit is worth."""

    con_id: int
    quantity: Decimal
    unit: Decimal | None
    currency: str = ""
    issuer: str = ""
    sector: str = ""
    kind: str = "STK"
    right: str = ""
    under_con_id: int | None = None
    multiplier: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`closed_until_at` is the end of a restart or login window that keeps orders back."""

    state: LinkState
    worker: bool
    """Whether a gateway worker holds the lease."""
    sentence: str = ""
    closed_until_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the guard, the kill switch and people have decided, as it is stored."""

    kill_level: int = 0
    guard: Guard | None = None
    """None: the guard has never looked at the account."""
    latches: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """Code (daily_loss, reject_breaker:<strategy>, …) → guard state it forces."""
    released: Mapping[str, Decimal] = field(default_factory=lambda: NOTHING)
    """Code → value at which a person lifted it."""
    figures: Mapping[str, tuple[Decimal | None, Decimal | None]] = field(
        default_factory=lambda: NOTHING
    )
    """Code → the guard's newest value and its limit."""
    locks: frozenset[str] = frozenset()
    """Kinds of the open locks on this instrument: mismatch, unknown, manual."""
    evaluated_at: datetime | None = None
    period: Decimal = Decimal(15)
    """Seconds between two evaluations."""


@dataclass(frozen=True, slots=True)
class Restricted:
    """An entry of the restricted list that matches the instrument."""

    reduce_only: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One decision's whole input; the clock is `at`."""

    at: datetime
    account: Account
    link: Link
    standing: Standing
    instrument: Instrument | None = None
    quote: Quote | None = None
    lines: tuple[Line, ...] | None = None
    """None: the broker has not told a complete picture of positions."""
    working: tuple[WorkingOrder, ...] | None = None
    """Of all own accounts; None: nobody could tell."""
    activity: Activity | None = None
    restricted: tuple[Restricted, ...] = ()
    margin: MarginImpact | None = None
    freed: Decimal = Decimal(0)
    """What earlier orders of the same plan will have freed before this one; a look ahead only."""
    before_wire: bool = False
