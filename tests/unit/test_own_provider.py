"""The provider that the documentation shows works, and the documentation names all built in."""

import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from apps.trading.providers import Close, Given, TooShort
from apps.trading.services.providing import provider_of

DOCS = Path(__file__).parents[2] / "docs"
DAY = date(2026, 11, 20)
MINE = {"trend_filter": "docs.examples.trend_filter.TrendFilter"}


def given(**prices: list[int]) -> Given:
    closes = {
        int(name[1:]): [
            Close(DAY - timedelta(days=len(row) - number), Decimal(price))
            for number, price in enumerate(row)
        ]
        for name, row in prices.items()
    }
    return Given(account_id=1, base_currency="USD", nlv=None, dated_on=DAY, closes=closes)


def test_the_documented_example_is_chosen_by_its_name_and_answers() -> None:
    with override_settings(STRATEGY_PROVIDERS=MINE):
        provider = provider_of("trend_filter", {"con_ids": [1, 2, 3], "days": 3})
    weights = provider.weights(given(c1=[1, 2, 3], c2=[3, 2, 1], c3=[2, 2, 2]))
    assert weights == {1: Decimal("0.3333"), 2: 0, 3: 0}
    with pytest.raises(TooShort):
        provider.weights(given(c1=[1, 2]))


def test_the_documentation_names_every_provider_built_in() -> None:
    text = (DOCS / "strategies.md").read_text(encoding="utf-8")
    table = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert table == {name for name in settings.STRATEGY_PROVIDERS if name not in MINE}
