"""Account rows of the simulated broker."""

from dataclasses import dataclass

from twsim.domain.contracts import Contract


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One tag of an account; currency is "" where the tag has none, or BASE."""

    account: str
    tag: str
    value: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One position with its valuation in the instrument's currency.

    average_cost contains the multiplier for options and futures.
    """

    account: str
    contract: Contract
    quantity: float
    average_cost: float
    market_price: float
    market_value: float
    unrealized: float
    realized: float


@dataclass(frozen=True, slots=True)
class AccountPnL:
    daily: float
    unrealized: float
    realized: float


@dataclass(frozen=True, slots=True)
class PositionPnL:
    """None is sent as unset; all are in the account's base currency."""

    quantity: float
    daily: float | None
    unrealized: float | None
    realized: float | None
    value: float | None
