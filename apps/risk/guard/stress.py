"""The stress grid: every position at moved underlyings and volatilities, by Black-Scholes; pure.

Rates and dividends are left at zero: the grid asks for differences between scenarios, and over
them both cancel almost wholly. Source: Black and Scholes (1973), The Pricing of Options.
"""

from decimal import Decimal
from math import erf, log, sqrt

from apps.risk.guard.judge import above, share
from apps.risk.guard.types import Figure, GuardLimits, Holding, Picture

MOVES = (-0.20, -0.10, -0.05, 0.0, 0.05, 0.10, 0.20)
"""Shares of the underlying's price."""
VOLATILITIES = (-0.10, 0.0, 0.10)
"""Points of volatility, added."""
GRID = tuple((move, points) for move in MOVES for points in VOLATILITIES)
LEAST_VOLATILITY = 0.01
ASSUMED_VOLATILITY = 0.5
"""For options whose implied volatility nobody tells."""
ROOT_HALF = sqrt(0.5)
NOT_MOVED = frozenset({"CASH", "BOND", "BILL"})


def option_value(
    under: float, strike: float, years: float, volatility: float, *, call: bool
) -> float:
    """Undiscounted Black-Scholes with zero rates; intrinsic value at expiry."""
    if years <= 0 or under <= 0 or strike <= 0:
        return max(under - strike, 0.0) if call else max(strike - under, 0.0)
    spread = volatility * sqrt(years)
    d1 = log(under / strike) / spread + spread / 2
    value = (under * (1 + erf(d1 * ROOT_HALF)) - strike * (1 + erf((d1 - spread) * ROOT_HALF))) / 2
    return value if call else value - under + strike


def stress(picture: Picture, limits: GuardLimits) -> list[Figure]:
    """The worst cell of the grid; all underlyings move together."""
    totals, uncovered = grid(picture.holdings)
    if not picture.holdings:
        return []
    worst = min(range(len(GRID)), key=totals.__getitem__)
    move, points = GRID[worst]
    loss = Decimal(repr(round(max(-totals[worst], 0.0), 4)))
    return [
        above(
            "stress",
            share(loss, picture.liquidity.net),
            limits.stress,
            limits.warn_share,
            subject=f"{move:+.0%} / {points * 100:+.0f}",
            uncovered=uncovered,
        )
    ]


def grid(holdings: tuple[Holding, ...]) -> tuple[list[float], int]:
    """Gain or loss in base for each cell of GRID, and how many positions are not in it."""
    totals = [0.0] * len(GRID)
    linear, uncovered = 0.0, 0
    for held in holdings:
        if held.is_option:
            uncovered += not _add_option(held, totals)
        elif held.price is None or held.fx is None:
            uncovered += 1
        elif held.sec_type not in NOT_MOVED:
            linear += float(held.quantity * held.multiplier * held.price * held.fx)
    for cell, (move, _points) in enumerate(GRID):
        totals[cell] += linear * move
    return totals, uncovered


def _add_option(held: Holding, totals: list[float]) -> bool:
    if held.underlying is None or held.strike is None or held.fx is None:
        return False
    call, units = held.right != "P", float(held.quantity * held.multiplier * held.fx)
    under, strike, years = held.underlying, held.strike, held.years
    flat = held.volatility or ASSUMED_VOLATILITY
    volatilities = [max(flat + points, LEAST_VOLATILITY) for points in VOLATILITIES]
    now = option_value(under, strike, years, flat, call=call)
    cell = 0
    for move in MOVES:
        moved = under * (1 + move)
        for volatility in volatilities:
            value = option_value(moved, strike, years, volatility, call=call)
            totals[cell] += units * (value - now)
            cell += 1
    return True
