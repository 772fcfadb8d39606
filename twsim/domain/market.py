"""Quotes, option computations and bars of the simulated market. None means "not there"."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The whole state of one instrument's market at one moment."""

    bid: float | None
    ask: float | None
    last: float | None
    bid_size: float
    ask_size: float
    last_size: float
    volume: float
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    """The previous session's close."""
    mark: float | None
    halted: bool = False
    last_at: int = 0
    """Unix seconds of the last trade."""
    low_13w: float | None = None
    high_13w: float | None = None
    low_26w: float | None = None
    high_26w: float | None = None
    low_52w: float | None = None
    high_52w: float | None = None
    average_volume: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Computation:
    """Black-Scholes outputs for one price of an option; None is sent as IB's "not computed"."""

    implied_volatility: float | None
    delta: float | None
    option_price: float | None
    dividends_pv: float | None
    gamma: float | None
    vega: float | None
    theta: float | None
    underlying_price: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """`start_at` is Unix seconds."""

    start_at: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    average: float
    count: int
