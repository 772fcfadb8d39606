"""Which fields an order of each kind needs, and which way its prices are rounded."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.trading.shapes import Shape, normal, problems, rounded, stepped

AT = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
CENT = Decimal("0.01")


def shape(**fields: Any) -> Shape:
    told: dict[str, Any] = {
        "side": "BUY",
        "quantity": Decimal(10),
        "order_type": "MKT",
        "tif": "DAY",
    }
    return Shape(**(told | fields))


def wrong(**fields: Any) -> set[str]:
    return set(problems(shape(**fields), at=AT))


PRICE, LATER = Decimal(100), AT + timedelta(days=1)

GOOD: list[dict[str, Any]] = [
    {},
    {"order_type": "LMT", "limit_price": PRICE},
    {"order_type": "LMT", "limit_price": PRICE, "tif": "GTD", "good_till_at": LATER},
    {"order_type": "LMT", "limit_price": PRICE, "tif": "IOC"},
    {"order_type": "LMT", "limit_price": PRICE, "tif": "FOK"},
    {"order_type": "LMT", "limit_price": PRICE, "tif": "GTC", "outside_rth": True},
    {"order_type": "STP", "stop_price": PRICE, "tif": "GTC"},
    {"order_type": "STP LMT", "stop_price": PRICE, "limit_price": PRICE},
    {"order_type": "TRAIL", "stop_price": Decimal(2)},
    {"order_type": "TRAIL", "trailing_percent": Decimal(5), "trail_stop_price": PRICE},
    {"order_type": "MOC"},
    {"order_type": "LOC", "limit_price": PRICE},
    {"tif": "OPG"},
    {"order_type": "LMT", "limit_price": PRICE, "tif": "OPG"},
    {"order_type": "MTL"},
    {"algo_strategy": "Adaptive", "algo_params": (("adaptivePriority", "Urgent"),)},
    {
        "algo_strategy": "Twap",
        "order_type": "LMT",
        "limit_price": PRICE,
        "algo_params": (("strategyType", "Marketable"), ("allowPastEndTime", "1")),
    },
    {"algo_strategy": "Vwap", "algo_params": (("maxPctVol", "0.1"), ("noTakeLiq", "1"))},
    {"oca_group": "exits", "oca_type": 1},
]

BAD: list[tuple[dict[str, Any], str]] = [
    ({"side": "SHORT"}, "side"),
    ({"quantity": Decimal(0)}, "quantity"),
    ({"quantity": Decimal("nan")}, "quantity"),
    ({"quantity": Decimal("1.5")}, "quantity"),
    ({"order_type": "PEG MID"}, "order_type"),
    ({"order_type": "LMT"}, "limit_price"),
    ({"limit_price": PRICE}, "limit_price"),
    ({"order_type": "LMT", "limit_price": Decimal(-1)}, "limit_price"),
    ({"order_type": "LMT", "limit_price": Decimal("inf")}, "limit_price"),
    ({"order_type": "STP"}, "stop_price"),
    ({"order_type": "STP LMT", "limit_price": PRICE}, "stop_price"),
    ({"order_type": "TRAIL"}, "stop_price"),
    (
        {"order_type": "TRAIL", "stop_price": Decimal(1), "trailing_percent": Decimal(1)},
        "stop_price",
    ),
    ({"order_type": "TRAIL", "trailing_percent": Decimal(100)}, "trailing_percent"),
    ({"trailing_percent": Decimal(1)}, "trailing_percent"),
    ({"order_type": "MOC", "tif": "GTC"}, "tif"),
    ({"order_type": "STP", "stop_price": PRICE, "tif": "OPG"}, "tif"),
    ({"tif": "GTD"}, "good_till_at"),
    ({"tif": "GTD", "good_till_at": AT}, "good_till_at"),
    ({"good_till_at": LATER}, "good_till_at"),
    ({"tif": "OPG", "outside_rth": True}, "outside_rth"),
    ({"algo_strategy": "Sniper"}, "algo_strategy"),
    ({"algo_strategy": "Adaptive", "tif": "GTC"}, "algo_strategy"),
    ({"algo_strategy": "Adaptive", "algo_params": (("adaptivePriority", "Fast"),)}, "algo_params"),
    ({"algo_strategy": "Vwap", "algo_params": (("maxPctVol", "0.9"),)}, "algo_params"),
    ({"oca_group": "exits"}, "oca_type"),
    ({"oca_type": 1}, "oca_type"),
]


@pytest.mark.parametrize("fields", GOOD)
def test_every_offered_kind_of_order_has_a_shape(fields: dict[str, Any]) -> None:
    assert wrong(**fields) == set()


@pytest.mark.parametrize(("fields", "field"), BAD)
def test_a_wrong_shape_names_its_field(fields: dict[str, Any], field: str) -> None:
    assert field in wrong(**fields)


def test_opening_orders_are_market_and_limit_orders_with_opg() -> None:
    assert normal(shape(order_type="MOO")).tif == "OPG"
    assert normal(shape(order_type="LOO", limit_price=PRICE)).order_type == "LMT"


def test_adaptive_without_a_priority_is_normal() -> None:
    assert normal(shape(algo_strategy="Adaptive")).algo_params == (("adaptivePriority", "Normal"),)


def test_a_future_may_have_a_negative_price_and_a_stock_may_not() -> None:
    negative = shape(order_type="LMT", limit_price=Decimal(-5))
    assert problems(negative, at=AT, sec_type="FUT") == {}
    assert "limit_price" in problems(negative, at=AT)


def test_a_lot_is_kept() -> None:
    assert problems(shape(quantity=Decimal(400)), at=AT, lot=Decimal(400)) == {}
    assert "quantity" in problems(shape(quantity=Decimal(500)), at=AT, lot=Decimal(400))


def test_an_order_is_not_below_the_smallest() -> None:
    lot, least = Decimal(100), Decimal(300)
    assert problems(shape(quantity=least), at=AT, lot=lot, least=least) == {}
    assert "quantity" in problems(shape(quantity=least - lot), at=AT, lot=lot, least=least)


def test_a_purchase_is_rounded_down_and_a_sale_up() -> None:
    wanted = shape(order_type="LMT", limit_price=Decimal("100.017"))
    assert rounded(wanted, lambda _price: CENT).limit_price == Decimal("100.01")
    sale = rounded(replace(wanted, side="SELL"), lambda _price: CENT)
    assert sale.limit_price == Decimal("100.02")


def test_a_trailing_amount_never_becomes_nothing() -> None:
    wanted = shape(order_type="TRAIL", stop_price=Decimal("0.001"))
    assert rounded(wanted, lambda _price: CENT).stop_price == CENT


@given(
    price=st.decimals(min_value=Decimal("0.01"), max_value=Decimal(100_000), places=6),
    step=st.sampled_from([Decimal("0.0001"), CENT, Decimal("0.05"), Decimal("0.25"), Decimal(1)]),
    side=st.sampled_from(["BUY", "SELL"]),
)
def test_a_rounded_price_is_on_a_step_and_never_worse(
    price: Decimal, step: Decimal, side: str
) -> None:
    found = stepped(price, step, side)
    assert found % step == 0
    assert abs(found - price) < step
    assert found <= price if side == "BUY" else found >= price
