"""What happens to a plan after it was made: its digest, and its buys sized again."""

from dataclasses import replace
from decimal import Decimal

from apps.trading.rebalance import Reason, resize_buys
from apps.trading.rebalance.digest import canonical, digest
from tests.unit.plans import planned, quoted, seen


def test_the_digest_is_of_the_content_and_not_of_its_form() -> None:
    one = planned({1: "0.5", 2: "0.1"}, {1: 10, 2: 20})
    same = planned({2: "0.10", 1: "0.50"}, {2: "20.00", 1: "1e1"})
    other = planned({1: "0.5", 2: "0.1"}, {1: 10, 2: "20.01"})
    assert one.digest == same.digest
    assert one.digest != other.digest
    assert len(one.digest) == 64


def test_the_canonical_form_keeps_every_digit() -> None:
    assert canonical([Decimal("1E+3"), Decimal("-0.0"), Decimal("1.2300")]) == '["1000","0","1.23"]'
    assert digest({2: "b", 1: None}) == digest({1: None, 2: "b"})


def test_buys_are_cut_to_the_funds_that_the_sells_left() -> None:
    result = planned({1: "0.5", 2: "0.3"}, {1: 10, 2: 10})
    first, second = resize_buys(result, Decimal(6000), {1: quoted(10), 2: quoted(10)})
    assert seen(first.quantity, first.reason) == (500, "")
    assert seen(second.quantity, second.reason) == (99, Reason.NO_CASH)


def test_with_enough_funds_buys_stay_as_planned() -> None:
    result = planned({1: "0.5"}, {1: 10})
    assert resize_buys(result, Decimal(10_000), {1: quoted(10)}) == result.buys


def test_a_higher_price_buys_less_and_a_lower_one_never_more() -> None:
    result = planned({1: "0.98"}, {1: 10})
    (dearer,) = resize_buys(result, Decimal(10_000), {1: quoted(20)})
    (cheaper,) = resize_buys(result, Decimal(10_000), {1: quoted(5)})
    assert seen(dearer.quantity, dearer.price) == (499, 20)
    assert cheaper.quantity == 980


def test_a_buy_whose_price_is_gone_is_not_sent() -> None:
    result = planned({1: "0.5"}, {1: 10})
    (line,) = resize_buys(result, Decimal(10_000), {})
    assert seen(line.quantity, line.reason) == (0, Reason.PRICE_MISSING)


def test_a_rest_below_the_minimum_is_not_sent() -> None:
    result = planned({1: "0.5"}, {1: 10}, minimum_trade=Decimal(200))
    (line,) = resize_buys(result, Decimal(150), {1: quoted(10)})
    assert seen(line.quantity, line.value, line.cost) == (0, 0, 0)


def test_a_rest_that_the_market_would_not_take_is_not_sent() -> None:
    few = quoted(10, least=Decimal(20))
    result = planned({1: "0.5"}, {1: few})
    (line,) = resize_buys(result, Decimal(195), {1: few})
    assert seen(line.quantity, line.reason) == (0, Reason.NO_CASH)


def test_a_reserve_for_worse_prices_is_kept_back() -> None:
    result = planned({1: "0.9"}, {1: 10})
    careful = replace(result, rules=replace(result.rules, price_reserve=Decimal("0.02")))
    (line,) = resize_buys(careful, Decimal(9000), {1: quoted(10)})
    assert line.value * Decimal("1.02") + line.cost <= 9000
