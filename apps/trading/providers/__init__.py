"""Classes that decide target weights: four of the portal's own, and those of STRATEGY_PROVIDERS."""

from apps.trading.providers.base import (
    Close,
    Given,
    Provider,
    ProviderError,
    Still,
    TooShort,
    WrongParams,
)
from apps.trading.providers.history import InverseVolatility, MomentumRank
from apps.trading.providers.plain import EqualWeight, Fixed

__all__ = [
    "Close",
    "EqualWeight",
    "Fixed",
    "Given",
    "InverseVolatility",
    "MomentumRank",
    "Provider",
    "ProviderError",
    "Still",
    "TooShort",
    "WrongParams",
]
