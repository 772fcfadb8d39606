"""Requests for market data and option calculations."""

from dataclasses import dataclass

from twsim.domain.contracts import Contract
from twsim.messages.requests.session import Numbered, Request


@dataclass(frozen=True, slots=True)
class DataKindAsked(Request):
    kind: int
    """1 live, 2 frozen, 3 delayed, 4 delayed frozen."""


@dataclass(frozen=True, slots=True)
class DataAsked(Numbered):
    contract: Contract
    generic: str
    snapshot: bool
    regulatory: bool


@dataclass(frozen=True, slots=True)
class DataCancelled(Numbered):
    pass


@dataclass(frozen=True, slots=True)
class VolatilityAsked(Numbered):
    contract: Contract
    price: float
    underlying: float


@dataclass(frozen=True, slots=True)
class VolatilityCancelled(Numbered):
    pass


@dataclass(frozen=True, slots=True)
class OptionPriceAsked(Numbered):
    contract: Contract
    volatility: float
    underlying: float


@dataclass(frozen=True, slots=True)
class OptionPriceCancelled(Numbered):
    pass
