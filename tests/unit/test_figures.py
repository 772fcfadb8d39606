"""Figures, the book of positions and chart lines, as the pages use them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.book import class_of, detail_of, order_of, totals
from apps.accounts.chart import line
from apps.accounts.figures import figure, price_format, sign

FIGURES = [
    ("1234567.891", "money", "1,234,567.89"),
    ("-0.005", "money", "−0.01"),
    ("-0.004", "money", "0.00"),
    ("0.004", "signed", "0.00"),
    ("12", "signed", "+12.00"),
    ("-12.345", "signed", "−12.35"),
    ("9007199254740993.01", "money", "9,007,199,254,740,993.01"),
    ("187.125", "price", "187.13"),
    ("0.39755", "price", "0.3976"),
    ("0.5", "price", "0.50"),
    ("1.0514", "fx", "1.05140"),
    ("110.015625", "future", "110.015625"),
    ("5988.25", "future", "5,988.25"),
    ("25000", "quantity", "25,000"),
    ("-0.5", "quantity", "−0.5"),
    ("0.602172", "share", "60.2%"),
    ("-0.0345", "share", "−3.5%"),
    (None, "money", "–"),
    ("", "signed", "–"),
    ("0", "money", "0.00"),
]


@pytest.mark.parametrize(("value", "name", "shown"), FIGURES)
def test_figures_are_grouped_rounded_and_signed(value: str | None, name: str, shown: str) -> None:
    assert figure(value, name) == shown


@given(st.decimals(-(10**12), 10**12, places=4))
def test_a_signed_figure_carries_the_sign_of_what_it_shows(value: Decimal) -> None:
    shown = figure(value, "signed")
    digits = Decimal(shown.replace(",", "").replace("−", "-"))

    assert abs(digits - value) <= Decimal("0.005")
    assert sign(value) == ("up" if digits > 0 else "down" if digits < 0 else "flat")


def test_the_price_format_follows_the_instrument() -> None:
    assert [price_format(kind) for kind in ("STK", "CASH", "FUT")] == ["price", "fx", "future"]


def row(sec_type: str, currency: str = "USD", **more: Any) -> dict[str, Any]:
    return {"symbol": "XYZ", "sec_type": sec_type, "currency": currency, **more}


def test_options_are_listed_by_their_market() -> None:
    assert class_of(row("OPT")) == "us_options"
    assert class_of(row("OPT", "HKD")) == "hk_options"
    assert class_of(row("OPT", "EUR")) == "other"
    assert class_of(row("BOND")) == "other"


def test_the_detail_tells_neighbours_apart() -> None:
    option = row("OPT", expiry="2026-12-18", strike="240.50", right="C")

    assert detail_of(option) == "2026-12-18 240.5 C"
    assert detail_of(row("FUT", expiry="2026-12-18")) == "2026-12-18"
    assert detail_of(row("CASH", symbol="EUR")) == "EUR.USD"
    assert detail_of(row("STK", exchange="ARCA")) == "ARCA"


def test_rows_are_ordered_by_tab_name_date_and_strike() -> None:
    low = row("OPT", expiry="2026-12-18", strike="9", right="C")
    high = row("OPT", expiry="2026-12-18", strike="10", right="C")
    stock, future = row("STK"), row("FUT", expiry="2026-12-18")

    assert sorted([future, high, low, stock], key=order_of) == [stock, low, high, future]


def test_totals_state_what_they_cover_and_keep_money_apart() -> None:
    rows = [
        ("paper USD", row("STK", value_base="10.1", daily_pnl="1", market_price="5")),
        ("paper USD", row("STK", value_base="0.2")),
        ("live USD", row("STK")),
    ]

    live, usd = totals(["paper USD", "live USD", "paper USD"], rows)

    assert (usd.group, usd.value_base.amount, usd.value_base.complete) == (
        "paper USD",
        Decimal("10.3"),
        True,
    )
    assert (usd.daily_pnl.known, usd.daily_pnl.count, usd.priced) == (1, 2, 1)
    assert live.value_base.amount is None


def test_an_account_without_positions_still_has_its_total_line() -> None:
    assert [total.group for total in totals(["paper USD"], [])] == ["paper USD"]


START = datetime(2026, 1, 5, tzinfo=UTC)


def test_a_line_spans_its_box_from_low_to_high() -> None:
    points = [(START, Decimal(100)), (START + timedelta(minutes=1), Decimal(110))]

    drawn = line(points, width=100, height=20, margin=2)

    assert drawn is not None
    assert drawn.path == "M0.0,18.0 L100.0,2.0"
    assert (drawn.low, drawn.high, drawn.change) == (Decimal(100), Decimal(110), Decimal(10))


def test_a_flat_line_lies_in_the_middle() -> None:
    points = [(START, Decimal(100)), (START + timedelta(minutes=1), Decimal(100))]

    drawn = line(points, width=100, height=20)

    assert drawn is not None
    assert drawn.path == "M0.0,10.0 L100.0,10.0"


def test_one_point_is_no_line() -> None:
    assert line([(START, Decimal(1))], width=10, height=10) is None
