"""Strategy providers against the statistics module and against what a person reckons."""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import stdev
from typing import Any

import pytest

from apps.trading.providers import (
    Close,
    EqualWeight,
    Fixed,
    Given,
    InverseVolatility,
    MomentumRank,
    Provider,
    Still,
    TooShort,
    WrongParams,
)

DAY = date(2026, 11, 20)


def given(**prices: Sequence[object]) -> Given:
    """Closes by conId as c1=[...], the last one of yesterday."""
    closes = {
        int(name[1:]): [
            Close(DAY - timedelta(days=len(row) - number), Decimal(str(price)))
            for number, price in enumerate(row)
        ]
        for name, row in prices.items()
    }
    return Given(account_id=1, base_currency="USD", nlv=None, dated_on=DAY, closes=closes)


def walk(seed: int, count: int, size: float) -> list[float]:
    """Moves that look like chance and are the same every time."""
    prices = [100.0]
    for step in range(count - 1):
        move = math.sin(seed * 12.9898 + step * 78.233) * size
        prices.append(round(prices[-1] * (1 + move), 4))
    return prices


def test_fixed_weights_are_as_given() -> None:
    assert Fixed({"weights": {"1": "0.6", "2": 0.25, "3": 0}}).weights(given()) == {
        1: Decimal("0.6"),
        2: Decimal("0.25"),
        3: 0,
    }


def test_equal_weights_share_the_total_and_never_exceed_it() -> None:
    weights = EqualWeight({"con_ids": [1, 2, 3], "total": "0.9"}).weights(given())
    assert set(weights.values()) == {Decimal("0.3")}
    thirds = EqualWeight({"con_ids": [1, 2, 3]}).weights(given())
    assert 0 < 1 - sum(thirds.values()) < Decimal("1e-9")


def test_inverse_volatility_agrees_with_the_statistics_module() -> None:
    prices = {"c1": walk(1, 70, 0.01), "c2": walk(2, 61, 0.03), "c3": walk(3, 61, 0.005)}
    provider = InverseVolatility({"con_ids": [1, 2, 3], "days": 60})
    weights = provider.weights(given(**prices))
    spreads = {
        int(name[1:]): stdev(after / before - 1 for before, after in pairwise(row[-61:]))
        for name, row in prices.items()
    }
    whole = sum(1 / spread for spread in spreads.values())
    for con_id, spread in spreads.items():
        assert float(weights[con_id]) == pytest.approx(1 / spread / whole, abs=1e-9)
    assert sum(weights.values()) <= 1


def test_twice_as_wild_is_half_the_weight() -> None:
    calm, wild = ["100", "101", "100"], ["100", "102", "100"]
    weights = InverseVolatility({"con_ids": [1, 2], "days": 2}).weights(given(c1=calm, c2=wild))
    assert float(weights[1] / weights[2]) == pytest.approx(2, rel=0.01)


def test_a_price_that_never_moves_has_no_volatility() -> None:
    with pytest.raises(Still, match="1 did not move"):
        InverseVolatility({"con_ids": [1], "days": 2}).weights(given(c1=[5, 5, 5]))


def test_momentum_takes_the_strongest_and_sells_the_rest() -> None:
    prices: dict[str, list[float]] = {
        "c1": [10, 11, 99],
        "c2": [10, 14, 0.1],
        "c3": [10, 12, 50],
        "c4": [10, 9, 90],
    }
    params = {"con_ids": [1, 2, 3, 4], "top": 2, "days": 1, "skip": 1, "total": "0.8"}
    weights = MomentumRank(params).weights(given(**prices))
    assert weights == {1: 0, 2: Decimal("0.4"), 3: Decimal("0.4"), 4: 0}


def test_momentum_ranks_as_a_plain_sort_does() -> None:
    prices = {f"c{n}": walk(n, 148, 0.02) for n in range(1, 21)}
    weights = MomentumRank({"con_ids": list(range(1, 21)), "top": 5}).weights(given(**prices))
    gains = {int(name[1:]): row[-22] / row[-148] for name, row in prices.items()}
    best = sorted(gains, key=gains.__getitem__, reverse=True)[:5]
    assert {con_id for con_id, weight in weights.items() if weight} == set(best)


def test_what_fell_stays_in_cash_where_only_rising_names_are_wanted() -> None:
    params = {"con_ids": [1, 2], "top": 2, "days": 1, "skip": 0, "rising_only": True}
    weights = MomentumRank(params).weights(given(c1=[10, 11], c2=[10, 9]))
    assert weights == {1: Decimal("0.5"), 2: 0}


def test_equal_momentum_goes_to_the_smaller_con_id() -> None:
    params = {"con_ids": [2, 1], "top": 1, "days": 1, "skip": 0}
    assert MomentumRank(params).weights(given(c1=[1, 2], c2=[2, 4])) == {2: 0, 1: 1}


@pytest.mark.parametrize(
    "provider",
    [
        InverseVolatility({"con_ids": [1], "days": 3}),
        MomentumRank({"con_ids": [1], "days": 2, "skip": 1}),
    ],
)
def test_too_little_history_says_how_much_is_there(provider: Provider) -> None:
    assert provider.closes_needed() == 4
    with pytest.raises(TooShort, match="1 has 3 daily closes, 4 are needed"):
        provider.weights(given(c1=[1, 2, 3]))
    with pytest.raises(TooShort, match="1 has 0 daily closes"):
        provider.weights(given())


@pytest.mark.parametrize(
    ("kind", "params", "told"),
    [
        (EqualWeight, {}, "list of conIds"),
        (EqualWeight, {"con_ids": []}, "list of conIds"),
        (EqualWeight, {"con_ids": "12"}, "list of conIds"),
        (EqualWeight, {"con_ids": [1, "1"]}, "twice"),
        (EqualWeight, {"con_ids": ["AAPL"]}, "“AAPL” is not a conId"),
        (EqualWeight, {"con_ids": [True]}, "not a conId"),
        (EqualWeight, {"con_ids": [1], "totl": 1}, "no parameter “totl”"),
        (EqualWeight, {"con_ids": [1], "total": "1.1"}, "at most 1"),
        (EqualWeight, {"con_ids": [1], "total": "nan"}, "not a fraction"),
        (InverseVolatility, {"con_ids": [1], "days": 1}, "from 2 to 1000"),
        (InverseVolatility, {"con_ids": [1], "days": "60"}, "whole number"),
        (MomentumRank, {"con_ids": [1], "rising_only": "yes"}, "true or false"),
        (Fixed, {}, "a weight for each"),
        (Fixed, {"weights": {"1": "a lot"}}, "not a fraction"),
        (Fixed, {"weights": {"-1": "1"}}, "not a conId"),
    ],
)
def test_parameters_that_make_no_sense_are_named(
    kind: type[Any], params: dict[str, Any], told: str
) -> None:
    with pytest.raises(WrongParams, match=told):
        kind(params)
