"""What the guard looks at and what it says; pure. Amounts in base currency, shares as fractions."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from apps.risk.levels import Guard


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardLimits:
    """None is no limit: the figure is shown and judges nothing."""

    daily_loss_reduce: Decimal | None = Decimal("0.02")
    """L1: loss since the session's start over equity at its start."""
    daily_loss_halt: Decimal | None = Decimal("0.03")
    drawdown: Decimal | None = Decimal("0.15")
    gross: Decimal | None = Decimal("1.5")
    net: Decimal | None = Decimal("1.2")
    concentration: Decimal | None = Decimal("0.35")
    concentration_fund: Decimal | None = Decimal(1)
    """The same of a fund, which is spread out in itself."""
    leverage: Decimal | None = Decimal(2)
    excess_reduce: Decimal | None = Decimal("0.10")
    """Excess liquidity over net liquidation: below it only reducing orders."""
    excess_halt: Decimal | None = Decimal("0.05")
    delta: Decimal | None = Decimal("1.5")
    """|net delta dollars| over net liquidation; options and what they are written on."""
    gamma: Decimal | None = Decimal("0.10")
    """Change of delta dollars for 1 % of the underlying, over net liquidation."""
    vega: Decimal | None = Decimal("0.02")
    """Loss for one point of volatility, over net liquidation."""
    theta: Decimal | None = Decimal("0.01")
    """Loss for one day, over net liquidation."""
    stress: Decimal | None = Decimal("0.25")
    """Worst loss of the grid over net liquidation."""
    stale_seconds: Decimal | None = Decimal(300)
    link_seconds: Decimal | None = Decimal(60)
    silence_seconds: Decimal | None = Decimal(300)
    unknown_seconds: Decimal | None = Decimal(30)
    rejects: Decimal | None = Decimal(5)
    halt_level: Decimal = Decimal(3)
    """The kill level that a halt sets: 2 blocks, 3 cancels too, 4 flattens."""
    warn_share: Decimal = Decimal("0.8")
    """From this share of a limit on, the figure warns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One position. Floats are model inputs, Decimals are the broker's and ours.

    `price` is in the instrument's currency, `fx` base for one unit of it. None is missing.
    """

    con_id: int
    name: str
    issuer: str
    sec_type: str
    fund: bool = False
    """An ETF, or an option on one."""
    quantity: Decimal
    multiplier: Decimal = Decimal(1)
    price: Decimal | None = None
    fx: Decimal | None = None
    delta: float | None = None
    gamma: float | None = None
    vega: float | None = None
    theta: float | None = None
    volatility: float | None = None
    underlying: float | None = None
    strike: float | None = None
    right: str = ""
    years: float = 0.0
    stale_seconds: float | None = None
    """Age of the price where its market is open; None elsewhere or where none is expected."""
    cut: bool = False
    """Nothing can renew the price: its gateway is silent, or TWS has lost Interactive Brokers."""

    @property
    def is_option(self) -> bool:
        return self.sec_type in {"OPT", "FOP", "WAR"}


@dataclass(frozen=True, slots=True)
class Flow:
    at: datetime
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Equity at the session's start and at its highest, each with its time."""

    start: Decimal | None = None
    start_at: datetime | None = None
    high: Decimal | None = None
    high_at: datetime | None = None
    flows: tuple[Flow, ...] = ()

    def paid_since(self, at: datetime | None) -> Decimal:
        if at is None:
            return Decimal(0)
        return sum((flow.amount for flow in self.flows if flow.at > at), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Liquidity:
    """The broker's own values; None is not told."""

    net: Decimal | None
    gross: Decimal | None = None
    excess: Decimal | None = None
    look_ahead: Decimal | None = None
    daily_pnl: Decimal | None = None
    """The broker's own figure, told every second; net liquidation comes every three minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Seconds since; None where all is well."""

    link_down: float | None = None
    silent: float | None = None
    """Since the broker last told the account's values."""
    mismatches: tuple[str, ...] = ()
    unknown: tuple[float | None, ...] = ()
    """Age of each order of unknown outcome; None is not known."""
    rejects: tuple[tuple[str, int], ...] = ()
    """Consecutive rejects of each strategy; "" is orders by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One account at one moment."""

    at: datetime
    liquidity: Liquidity
    track: Track = field(default_factory=Track)
    holdings: tuple[Holding, ...] = ()
    health: Health = field(default_factory=Health)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number against its limit. `value` None is missing input."""

    code: str
    state: Guard
    value: Decimal | None = None
    warn: Decimal | None = None
    limit: Decimal | None = None
    unit: str = "share"
    """share, seconds or count."""
    subject: str = ""
    """The instrument, issuer, strategy or scenario it is about."""
    below: bool = False
    """Breached when the value falls below the limit rather than above it."""
    latch: bool = False
    """Stays until a person lifts it."""
    scoped: bool = False
    """Stops its subject only (a strategy, an instrument): for the account it is a warning."""
    uncovered: int = 0
    """Positions left out of the number because an input is missing."""
