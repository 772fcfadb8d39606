"""A strategy provider of one's own: equal weights for what stands above its moving average."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from apps.trading.providers import Given
from apps.trading.providers.params import Params


class TrendFilter:
    """con_ids: [265598, 756733]; days: 200 closes make the average.

    What stands below its average gets weight 0, which sells it; its share stays in cash.
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        read = Params(params)
        self._con_ids = read.con_ids()
        self._days = read.whole("days", default=200, low=2, high=1000)
        read.finish()

    def con_ids(self) -> Sequence[int]:
        return self._con_ids

    def closes_needed(self) -> int:
        return self._days

    def weights(self, given: Given) -> Mapping[int, Decimal]:
        share = (1 / Decimal(len(self._con_ids))).quantize(Decimal("0.0001"), "ROUND_DOWN")
        return {
            con_id: share if self._rising(given, con_id) else Decimal(0) for con_id in self._con_ids
        }

    def _rising(self, given: Given, con_id: int) -> bool:
        prices = given.prices(con_id, self._days)
        return prices[-1] > sum(prices) / len(prices)
