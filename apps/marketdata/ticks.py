"""Price increments from market rule bands; pure."""

from collections.abc import Sequence
from decimal import Decimal

from ibkr.types import PriceBand


def increment_at(bands: Sequence[PriceBand], price: Decimal) -> Decimal | None:
    """The step prices move in around `price`; None without a band that reaches it.

    Negative prices (spreads, some futures) have the bands of their absolute value.
    """
    found = None
    for band in sorted(bands, key=lambda band: band.low_edge):
        if band.low_edge <= abs(price):
            found = band.increment
    return found


def stored(bands: Sequence[PriceBand]) -> list[list[str]]:
    """As JSON keeps them: pairs of decimal texts."""
    return [[format(band.low_edge, "f"), format(band.increment, "f")] for band in bands]


def loaded(pairs: Sequence[Sequence[str]]) -> tuple[PriceBand, ...]:
    return tuple(PriceBand(Decimal(low), Decimal(step)) for low, step in pairs)
