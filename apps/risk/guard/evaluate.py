"""All figures of one picture, in the order they are shown; pure."""

from collections.abc import Callable

from apps.risk.guard import exposure, health, losses, stress
from apps.risk.guard.types import Figure, GuardLimits, Picture

Part = Callable[[Picture, GuardLimits], list[Figure]]

PARTS: tuple[Part, ...] = (
    losses.daily_loss,
    losses.drawdown,
    losses.liquidity,
    exposure.exposure,
    exposure.greeks,
    stress.stress,
    health.stream,
    health.link,
    health.orders,
)


def evaluate(picture: Picture, limits: GuardLimits) -> tuple[Figure, ...]:
    return tuple(figure for part in PARTS for figure in part(picture, limits))
