"""What the positions add up to: gross, net, by issuer, leverage and greeks; pure."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from apps.risk.guard.judge import above, share
from apps.risk.guard.types import Figure, GuardLimits, Holding, Picture

HUNDREDTH = 0.01
NO_ISSUER = {"CASH", "FUT"}


def worth(held: Holding) -> Decimal | None:
    """Signed exposure in base: options by delta, all others by their value at the price.

    None without a price or a rate; an option without delta counts as its whole underlying.
    """
    if held.fx is None:
        return None
    units = held.quantity * held.multiplier * held.fx
    if not held.is_option:
        return None if held.price is None else units * held.price
    under = held.underlying if held.underlying is not None else held.strike
    if under is None:
        return None
    delta = held.delta
    if delta is None:
        delta = -1.0 if held.right == "P" else 1.0
    return units * Decimal(repr(delta * under))


def exposure(picture: Picture, limits: GuardLimits) -> list[Figure]:
    worths = [(held, worth(held)) for held in picture.holdings]
    known = [(held, value) for held, value in worths if value is not None]
    missing, net, warn = len(worths) - len(known), picture.liquidity.net, limits.warn_share
    gross = sum((abs(value) for _, value in known), Decimal(0))
    total = sum((value for _, value in known), Decimal(0))
    return [
        above("gross_exposure", share(gross, net), limits.gross, warn, uncovered=missing),
        above("net_exposure", share(abs(total), net), limits.net, warn, uncovered=missing),
        _concentration(known, picture, limits, missing),
        *_leverage(picture, limits),
    ]


def _concentration(
    known: list[tuple[Holding, Decimal]], picture: Picture, limits: GuardLimits, missing: int
) -> Figure:
    """Of single issuers and funds the one that has used more of its limit."""
    figures = []
    for fund, limit in ((False, limits.concentration), (True, limits.concentration_fund)):
        issuer, weight = heaviest((held, value) for held, value in known if held.fund is fund)
        value = share(weight, picture.liquidity.net)
        figures.append(
            above(
                "concentration",
                value,
                limit,
                limits.warn_share,
                subject=issuer,
                uncovered=missing,
            )
        )
    return max(figures, key=_used)


def _used(figure: Figure) -> Decimal:
    return (figure.value or Decimal(0)) / figure.limit if figure.limit else Decimal(0)


def heaviest(known: Iterable[tuple[Holding, Decimal]]) -> tuple[str, Decimal]:
    """The issuer with the largest net exposure; currencies and futures have none (the gate gives
    them limits of their own)."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for held, value in known:
        if held.sec_type not in NO_ISSUER:
            sums[held.issuer] += value
    if not sums:
        return "", Decimal(0)
    name = max(sums, key=lambda issuer: abs(sums[issuer]))
    return name, abs(sums[name])


def _leverage(picture: Picture, limits: GuardLimits) -> list[Figure]:
    told = picture.liquidity
    value = None if told.gross is None else share(told.gross, told.net)
    return [above("leverage", value, limits.leverage, limits.warn_share)]


def greeks(picture: Picture, limits: GuardLimits) -> list[Figure]:
    """Only for accounts that hold options. Theta and vega are losses: their size is judged."""
    options = [held for held in picture.holdings if held.is_option]
    if not options:
        return []
    delta = sum((value for held in picture.holdings if (value := worth(held))), Decimal(0))
    sums = {"gamma": 0.0, "vega": 0.0, "theta": 0.0}
    missing = 0
    for held in options:
        missing += not _add(held, sums)
    net, warn = picture.liquidity.net, limits.warn_share
    wanted = {"gamma": limits.gamma, "vega": limits.vega, "theta": limits.theta}
    return [
        above("delta", share(abs(delta), net), limits.delta, warn),
        *(
            above(name, share(abs(_money(sums[name])), net), limit, warn, uncovered=missing)
            for name, limit in wanted.items()
        ),
    ]


def _add(held: Holding, sums: dict[str, float]) -> bool:
    parts = held.gamma, held.vega, held.theta, held.underlying, held.fx
    if None in parts:
        return False
    gamma, vega, theta, under, fx = (float(part or 0) for part in parts)
    units = float(held.quantity * held.multiplier) * fx
    sums["gamma"] += units * gamma * under * under * HUNDREDTH
    sums["vega"] += units * vega
    sums["theta"] += units * theta
    return True


def _money(value: float) -> Decimal:
    return Decimal(repr(round(value, 6)))
