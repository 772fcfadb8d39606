"""The option formulas against identities that hold whatever the numbers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twsim.blackscholes import Terms, computation, implied_volatility, intrinsic, price

prices = st.floats(10, 1000)
years = st.floats(0.01, 3)
volatilities = st.floats(0.05, 1.5)


def terms(*, call: bool, underlying: float = 100, strike: float = 100, t: float = 1.0) -> Terms:
    return Terms(underlying=underlying, strike=strike, years=t, rate=0.04, call=call)


@given(prices, prices, years, volatilities)
def test_a_call_less_a_put_is_the_forward(
    underlying: float, strike: float, t: float, volatility: float
) -> None:
    call, put = (
        price(terms(call=kind, underlying=underlying, strike=strike, t=t), volatility)
        for kind in (True, False)
    )

    forward = underlying - strike * math.exp(-0.04 * t)
    assert call - put == pytest.approx(forward, abs=1e-7 * max(underlying, strike))


@given(st.booleans(), st.floats(0.7, 1.4), years, volatilities)
def test_the_price_at_an_implied_volatility_is_the_price_asked_for(
    call: bool,  # noqa: FBT001
    moneyness: float,
    t: float,
    volatility: float,
) -> None:
    given_terms = terms(call=call, strike=100 * moneyness, t=t)
    target = price(given_terms, volatility)

    found = implied_volatility(given_terms, target)

    if target - intrinsic(given_terms) > 1e-6:
        assert found is not None
        assert price(given_terms, found) == pytest.approx(target, abs=1e-6)


@given(st.booleans(), st.floats(0.8, 1.25), st.floats(0.1, 2), volatilities)
def test_greeks_are_the_slopes_of_the_price(
    call: bool,  # noqa: FBT001
    moneyness: float,
    t: float,
    volatility: float,
) -> None:
    strike = 100 * moneyness
    greeks = computation(terms(call=call, strike=strike, t=t), volatility)

    def at(underlying: float = 100, years: float = t, sigma: float = volatility) -> float:
        return price(terms(call=call, underlying=underlying, strike=strike, t=years), sigma)

    assert greeks.delta == pytest.approx((at(100.01) - at(99.99)) / 0.02, abs=1e-4)
    assert greeks.gamma == pytest.approx((at(100.01) - 2 * at() + at(99.99)) / 1e-4, abs=1e-3)
    per_point = (at(sigma=volatility + 5e-5) - at(sigma=volatility - 5e-5)) / 0.0001 / 100
    assert greeks.vega == pytest.approx(per_point, abs=1e-4)
    per_day = (at(years=t - 1e-5) - at(years=t + 1e-5)) / 2e-5 / 365
    assert greeks.theta == pytest.approx(per_day, abs=1e-4)


def test_an_expired_option_is_worth_its_intrinsic_value_and_has_no_greeks() -> None:
    expired = computation(terms(call=True, strike=90, t=0.0), 0.3)

    assert expired.option_price == pytest.approx(10)
    assert (expired.delta, expired.vega, expired.theta) == (None, None, None)


def test_no_volatility_explains_a_price_below_the_intrinsic_value() -> None:
    assert implied_volatility(terms(call=True, strike=50), 40.0) is None
