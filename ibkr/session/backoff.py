"""How long to wait before the next attempt to connect. Pure but for the dice."""

from random import SystemRandom

_dice = SystemRandom()


def delay(attempt: int, *, first: float, last: float) -> float:
    """Doubles from `first` to at most `last` seconds; a quarter of it is chance.

    So that several workers that lost the same gateway do not return in step.
    """
    full: float = min(last, first * 2.0 ** min(attempt, 30))
    return full * (0.75 + 0.25 * _dice.random())
