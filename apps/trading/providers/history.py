"""Providers that decide by past closes: inverse volatility and momentum rank; pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from apps.trading.providers.base import Given, Still, shared
from apps.trading.providers.params import Params

ZERO, ONE = Decimal(0), Decimal(1)


class InverseVolatility:
    """Weights in proportion to 1 / the deviation of daily returns.

    con_ids: [...]; days: 60 returns; total: "1" is what they share.
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        read = Params(params)
        self._con_ids = read.con_ids()
        self._days = read.whole("days", default=60, low=2, high=1000)
        self._total = read.fraction("total", default=ONE)
        read.finish()

    def con_ids(self) -> Sequence[int]:
        return self._con_ids

    def closes_needed(self) -> int:
        return self._days + 1

    def weights(self, given: Given) -> Mapping[int, Decimal]:
        """Raises TooShort, and Still for a price that never moved."""
        calm = {}
        for con_id in self._con_ids:
            spread = deviation(returns(given.prices(con_id, self._days + 1)))
            if not spread:
                raise Still(con_id)
            calm[con_id] = 1 / spread
        return shared(self._total, calm)


class MomentumRank:
    """Equal weights for the strongest, nothing for the rest.

    con_ids: [...]; top: 5 of them; days: 126 sessions of return that end `skip`: 21 sessions ago;
    rising_only: true leaves out what fell, and its share stays in cash; total: "1".
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        read = Params(params)
        self._con_ids = read.con_ids()
        self._top = read.whole("top", default=5, low=1, high=1000)
        self._days = read.whole("days", default=126, low=1, high=1000)
        self._skip = read.whole("skip", default=21, low=0, high=250)
        self._rising_only = read.flag("rising_only", default=False)
        self._total = read.fraction("total", default=ONE)
        read.finish()

    def con_ids(self) -> Sequence[int]:
        return self._con_ids

    def closes_needed(self) -> int:
        return self._days + self._skip + 1

    def weights(self, given: Given) -> Mapping[int, Decimal]:
        """Ties go to the smaller conId. Raises TooShort."""
        gains = {con_id: self._gain(given, con_id) for con_id in self._con_ids}
        ranked = sorted(gains, key=lambda con_id: (-gains[con_id], con_id))
        places = min(self._top, len(ranked))
        equal = shared(self._total, dict.fromkeys(ranked[:places], ONE))
        chosen = [c for c in equal if gains[c] > 0 or not self._rising_only]
        return dict.fromkeys(self._con_ids, ZERO) | {con_id: equal[con_id] for con_id in chosen}

    def _gain(self, given: Given, con_id: int) -> Decimal:
        prices = given.prices(con_id, self.closes_needed())
        return prices[self._days] / prices[0] - 1


def returns(prices: Sequence[Decimal]) -> list[Decimal]:
    """From each close to the next."""
    return [after / before - 1 for before, after in pairwise(prices)]


def deviation(values: Sequence[Decimal]) -> Decimal:
    """Of a sample, so divided by one less than their number."""
    mean = sum(values, ZERO) / len(values)
    return (sum(((value - mean) ** 2 for value in values), ZERO) / (len(values) - 1)).sqrt()
