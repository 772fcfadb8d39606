"""Black-Scholes values and greeks in IB's units: vega per volatility point, theta per day."""

import math
from dataclasses import dataclass

from twsim.domain.market import Computation

_ROOT_TWO_PI = math.sqrt(2 * math.pi)
LOWEST_VOLATILITY = 1e-4
HIGHEST_VOLATILITY = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an option's value depends on besides volatility; `years` to expiry, `rate` a year."""

    underlying: float
    strike: float
    years: float
    rate: float
    call: bool


def _cumulative(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


def _density(x: float) -> float:
    return math.exp(-0.5 * x * x) / _ROOT_TWO_PI


def intrinsic(terms: Terms) -> float:
    """Value without volatility: the discounted strike against the underlying."""
    forward = terms.underlying - terms.strike * math.exp(-terms.rate * max(terms.years, 0.0))
    return max(forward if terms.call else -forward, 0.0)


def _d1(terms: Terms, volatility: float) -> float:
    drift = (terms.rate + volatility * volatility / 2) * terms.years
    spread = volatility * math.sqrt(terms.years)
    return (math.log(terms.underlying / terms.strike) + drift) / spread


def price(terms: Terms, volatility: float) -> float:
    if terms.years <= 0 or volatility < LOWEST_VOLATILITY:
        return intrinsic(terms)
    d1 = _d1(terms, volatility)
    d2 = d1 - volatility * math.sqrt(terms.years)
    discounted = terms.strike * math.exp(-terms.rate * terms.years)
    if terms.call:
        return terms.underlying * _cumulative(d1) - discounted * _cumulative(d2)
    return discounted * _cumulative(-d2) - terms.underlying * _cumulative(-d1)


def computation(terms: Terms, volatility: float) -> Computation:
    """Value and greeks; an expired option has its intrinsic value and no greeks."""
    value = price(terms, volatility)
    if terms.years <= 0 or volatility < LOWEST_VOLATILITY:
        return _without_greeks(terms, value)
    d1 = _d1(terms, volatility)
    root = math.sqrt(terms.years)
    d2 = d1 - volatility * root
    discounted = terms.strike * math.exp(-terms.rate * terms.years)
    sign = 1.0 if terms.call else -1.0
    decay = -terms.underlying * _density(d1) * volatility / (2 * root)
    carry = -sign * terms.rate * discounted * _cumulative(sign * d2)
    return Computation(
        implied_volatility=volatility,
        delta=sign * _cumulative(sign * d1),
        option_price=value,
        dividends_pv=0.0,
        gamma=_density(d1) / (terms.underlying * volatility * root),
        vega=terms.underlying * _density(d1) * root / 100,
        theta=(decay + carry) / 365,
        underlying_price=terms.underlying,
    )


def _without_greeks(terms: Terms, value: float | None) -> Computation:
    return Computation(
        implied_volatility=None,
        delta=None,
        option_price=value,
        dividends_pv=None,
        gamma=None,
        vega=None,
        theta=None,
        underlying_price=terms.underlying,
    )


def implied_volatility(terms: Terms, target: float) -> float | None:
    """The volatility that gives `target`; None below the intrinsic value or out of range."""
    if terms.years <= 0 or target <= intrinsic(terms) or target > price(terms, HIGHEST_VOLATILITY):
        return None
    low, high = LOWEST_VOLATILITY, HIGHEST_VOLATILITY
    guess = 0.3
    for _ in range(60):
        difference = price(terms, guess) - target
        if abs(difference) < 1e-9:
            break
        low, high = (low, guess) if difference > 0 else (guess, high)
        slope = terms.underlying * _density(_d1(terms, guess)) * math.sqrt(terms.years)
        newton = guess - difference / slope if slope > 1e-12 else low
        guess = newton if low < newton < high else (low + high) / 2
    return guess


def computation_at(terms: Terms, target: float | None) -> Computation:
    """Greeks at the volatility that a quoted price implies."""
    volatility = implied_volatility(terms, target) if target is not None else None
    if volatility is None:
        return _without_greeks(terms, target)
    return computation(terms, volatility)
