"""Which orders a run makes of its style, and what its report says of the fills."""

from decimal import Decimal

import pytest

from apps.trading.pricing import Touch, again, crossing, first
from apps.trading.reporting import Facts, report

D = Decimal
TOUCH = Touch(price=D(100), bid=D("99.9"), ask=D("100.1"), arrival=D(100))
COLLAR = D("0.01")


@pytest.mark.parametrize(
    ("style", "side", "limit", "algo"),
    [
        ("adaptive", "BUY", "101.00", "Adaptive"),
        ("adaptive", "SELL", "99.00", "Adaptive"),
        ("market", "BUY", "101.00", ""),
        ("market", "SELL", "99.00", ""),
        ("midpoint", "BUY", "100", ""),
        ("twap", "BUY", "101.00", "Twap"),
        ("vwap", "SELL", "99.00", "Vwap"),
    ],
)
def test_every_style_but_on_close_is_a_limit_within_the_collar(
    style: str, side: str, limit: str, algo: str
) -> None:
    order = first(style, side, TOUCH, COLLAR)
    assert (order.order_type, order.tif) == ("LMT", "DAY")
    assert (order.limit_price, order.algo_strategy) == (D(limit), algo)


def test_on_close_has_no_limit() -> None:
    order = first("moc", "BUY", TOUCH, COLLAR)
    assert (order.order_type, order.limit_price, order.algo_params) == ("MOC", None, ())


def test_the_collar_is_measured_from_arrival_not_from_the_price_of_now() -> None:
    away = Touch(price=D(105), bid=D(104), ask=D(106), arrival=D(100))
    assert again("BUY", away, COLLAR) == crossing("BUY", away, COLLAR) == D(101)
    assert again("SELL", away, COLLAR) == D(105)
    assert crossing("SELL", away, COLLAR) == D(104)
    blind = Touch(price=D("100.5"), bid=None, ask=None, arrival=D(100))
    assert crossing("BUY", blind, COLLAR) == D("100.5")


def facts(**fields: object) -> Facts:
    told: dict[str, object] = {
        "number": 1,
        "name": "700",
        "con_id": 7,
        "target_weight": D("0.10"),
        "before": D(0),
        "intended": D(100),
        "filled": D(100),
        "price": D(100),
        "average_price": D("100.20"),
        "arrival_price": D(100),
        "unit": D("0.128"),
        "commission": D("2.30"),
        "reason": "",
        "investable": D(12800),
    }
    return Facts(**(told | fields))  # type: ignore[arg-type]


def test_slippage_is_a_cost_in_base_currency_on_both_sides() -> None:
    (bought,) = report([facts()]).lines
    assert (bought.slippage_bps, bought.slippage) == (D("20.00"), D("2.56"))
    (sold,) = report([facts(intended=D(-100), filled=D(-100), before=D(100))]).lines
    assert (sold.slippage_bps, sold.slippage) == (D("-20.00"), D("-2.56"))
    assert (sold.side, sold.filled) == ("SELL", D(100))


def test_the_residual_is_what_the_fills_left_of_the_target() -> None:
    whole, half = report([facts(), facts(filled=D(50))]).lines
    assert whole.residual == 0
    assert half.residual == D("-0.05")


def test_what_is_not_known_is_left_out_and_not_zero() -> None:
    lines = report([facts(arrival_price=None, commission=None), facts(unit=None)]).lines
    assert (lines[0].slippage, lines[0].commission) == (None, None)
    assert (lines[1].traded, lines[1].weight, lines[1].residual) == (None, None, None)


def test_totals_weigh_slippage_by_value() -> None:
    skipped = facts(intended=D(0), filled=D(0), average_price=None, commission=None)
    totals = report([facts(), facts(filled=D(50), average_price=D(100)), skipped]).totals
    assert (totals.lines, totals.traded_lines, totals.full_lines) == (3, 2, 1)
    assert totals.traded == D("1282.56") + D("640.00")
    assert totals.slippage == D("2.56")
    assert totals.slippage_bps == (D("2.56") / D("1922.56") * 10000).quantize(D("0.01"))
    assert report([]).totals.slippage_bps is None
