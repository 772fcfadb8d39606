"""The standing guard's evaluation: pure functions from one frozen picture to figures and states."""

from apps.risk.guard.evaluate import evaluate
from apps.risk.guard.latches import Latched, Memory, settle
from apps.risk.guard.types import (
    Figure,
    Flow,
    GuardLimits,
    Health,
    Holding,
    Liquidity,
    Picture,
    Track,
)

__all__ = [
    "Figure",
    "Flow",
    "GuardLimits",
    "Health",
    "Holding",
    "Latched",
    "Liquidity",
    "Memory",
    "Picture",
    "Track",
    "evaluate",
    "settle",
]
