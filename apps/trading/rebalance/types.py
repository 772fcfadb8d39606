"""What the planner is given and what it answers; pure, money in the account's base currency."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

STOCKS = frozenset({"STK", "ETF"})
"""What a target of 0 may be understood for without being told: anything else is left alone."""


class Reason(StrEnum):
    """Why a line does not trade, or trades less than the weights ask for."""

    AT_TARGET = "at_target"
    WITHIN_LOT = "within_lot"
    WITHIN_BAND = "within_band"
    BELOW_MINIMUM = "below_minimum"
    BELOW_MIN_SIZE = "below_min_size"
    TURNOVER_CAP = "turnover_cap"
    NO_CASH = "no_cash"
    OPEN_ORDERS = "open_orders"
    NO_TRADE = "no_trade"
    REDUCE_ONLY = "reduce_only"
    KEEP = "keep"
    NOT_TARGETED = "not_targeted"
    ASKED = "asked"
    OTHER_TYPE = "other_type"
    PRICE_MISSING = "price_missing"
    STALE_PRICE = "stale_price"


class Override(StrEnum):
    """A person's word on one instrument, stronger than its weight."""

    NO_TRADE = "no_trade"
    """Neither bought nor sold."""
    REDUCE_ONLY = "reduce_only"
    """Never more of it than now."""
    KEEP = "keep"
    """Never less of it than now; held without a target, it stays."""


@dataclass(frozen=True, slots=True)
class Target:
    """`weight` is a fraction of V = NLV · (1 − cash buffer); negative is short."""

    con_id: int
    weight: Decimal


@dataclass(frozen=True, slots=True)
class Holding:
    """What the account has of an instrument, and what its open orders may still change."""

    con_id: int
    quantity: Decimal
    working_signed: Decimal = Decimal(0)
    """Remaining quantities of open orders, buys minus sells."""
    working_sell: Decimal = Decimal(0)
    """Remaining quantity of the open sells alone, positive. Needed where buys work as well."""
    sec_type: str = ""
    """Only used where there is no quote that says it."""

    @property
    def sells(self) -> Decimal:
        return max(self.working_sell, -self.working_signed, Decimal(0))

    @property
    def buys(self) -> Decimal:
        return self.working_signed + self.sells


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A price and what turns it into base currency. `price` None: there is none.

    `fx` is base currency for one unit of the instrument's, as IB's ExchangeRate gives it (the
    formula's FX is 1 / fx); None: not known, and the line is treated as one without a price.
    """

    price: Decimal | None
    kind: str = "live"
    at: datetime | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    fx: Decimal | None = Decimal(1)
    multiplier: Decimal = Decimal(1)
    lot: Decimal = Decimal(1)
    least: Decimal = Decimal(1)
    """The smallest quantity that the market takes; less is not ordered at all."""
    currency: str = "USD"
    sec_type: str = "STK"
    average_volume: Decimal | None = None
    cut: bool = False
    """Nothing can renew the price: its gateway is silent, or TWS has lost Interactive Brokers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A policy as the planner reads it. Fractions are of 1; None switches a cap off."""

    cash_buffer: Decimal = Decimal("0.02")
    drift_absolute: Decimal = Decimal("0.005")
    """In weight; 0: this band is not used."""
    drift_relative: Decimal = Decimal("0.10")
    """Of the target weight; 0: this band is not used."""
    minimum_trade: Decimal = Decimal(200)
    turnover_cap: Decimal | None = Decimal("0.50")
    """Half of all that is bought and sold, over NLV."""
    allow_short: bool = False
    not_targeted: str = "ask"
    """keep, sell or ask: what becomes of stocks that are held and have no target."""
    overrides: Mapping[int, str] = field(default_factory=dict)
    answers: Mapping[int, str] = field(default_factory=dict)
    """conId → keep or sell: what a person said to the questions of an earlier plan."""
    max_price_age: timedelta | None = timedelta(minutes=15)
    """None: any age will do (closes in a dry run out of hours)."""
    bad_price: str = "refuse"
    """refuse: one line without a good price refuses the plan; skip: only that line."""
    price_reserve: Decimal = Decimal(0)
    """Part of a buy's value kept back for a price that runs away before the fill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInputs:
    """Everything a plan follows from: the same inputs give the same plan, in any order."""

    nlv: Decimal
    cash: Decimal
    """Total cash in base currency over all currencies; negative is borrowed."""
    available_funds: Decimal | None = None
    """None: not told, then cash alone is the limit."""
    targets: tuple[Target, ...]
    holdings: tuple[Holding, ...]
    prices: Mapping[int, Quoted]
    rules: Rules
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One instrument of a plan. Weights are of V; `quantity` is signed and 0 where skipped.

    A `reason` with a quantity means that the line was cut: `wanted` is what the weights ask for.
    """

    con_id: int
    target_weight: Decimal | None
    weight_before: Decimal
    """With open orders counted as filled."""
    weight_after: Decimal
    position: Decimal
    working: Decimal
    wanted: Decimal
    quantity: Decimal
    price: Decimal | None
    price_kind: str
    price_at: datetime | None
    fx: Decimal | None
    multiplier: Decimal
    lot: Decimal
    value: Decimal
    """Signed value of the trade."""
    cost: Decimal
    """Estimated commission and half spread."""
    drift: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing of the plan may be sent. `con_id` is None where it is about the whole plan.

    `template` has places for the facts; %(name)s is the instrument, here its conId.
    """

    code: str
    con_id: int | None
    template: str
    facts: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """In English."""
        return self.template % {"name": self.con_id, **self.facts}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """Lines in the order of execution: sells, then buys, each by largest drift, then the rest."""

    lines: tuple[Line, ...]
    questions: tuple[int, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    cash_before: Decimal = Decimal(0)
    cash_after: Decimal = Decimal(0)
    buffer: Decimal = Decimal(0)
    turnover: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    digest: str = ""
    rules: Rules = field(default_factory=Rules)

    @property
    def trades(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.quantity)

    @property
    def sells(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.quantity < 0)

    @property
    def buys(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.quantity > 0)
