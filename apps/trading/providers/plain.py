"""Providers that need no prices: fixed weights and equal weights; pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from apps.trading.providers.base import STEP, Given, shared
from apps.trading.providers.params import Params

ONE = Decimal(1)


class Fixed:
    """weights: {"265598": "0.6", "756733": "0.4"}."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        read = Params(params)
        self._weights = {con_id: w.quantize(STEP) for con_id, w in read.weights().items()}
        read.finish()

    def con_ids(self) -> Sequence[int]:
        return tuple(self._weights)

    def closes_needed(self) -> int:
        return 0

    def weights(self, given: Given) -> Mapping[int, Decimal]:
        del given
        return self._weights


class EqualWeight:
    """con_ids: [265598, 756733]; total: "1" is what they share."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        read = Params(params)
        self._con_ids = read.con_ids()
        self._total = read.fraction("total", default=ONE)
        read.finish()

    def con_ids(self) -> Sequence[int]:
        return self._con_ids

    def closes_needed(self) -> int:
        return 0

    def weights(self, given: Given) -> Mapping[int, Decimal]:
        del given
        return shared(self._total, dict.fromkeys(self._con_ids, ONE))
