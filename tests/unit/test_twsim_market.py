"""Set prices, options that follow, exchange rates and permissions."""

from itertools import pairwise

import pytest

from tests.twsim_desk import open_desk
from twsim.broker import SimError
from twsim.domain.contracts import Contract


def test_a_set_price_is_quoted_and_reported_as_moved() -> None:
    desk = open_desk()
    desk.sim.quote(265598)
    desk.sim.set_price("AAPL", 100.0)

    assert 265598 in desk.sim.step()
    quote = desk.sim.quote(265598)
    assert (quote.bid, quote.last, quote.ask) == (99.99, 100.0, 100.01)
    assert quote.low == 100.0


def test_a_moving_market_goes_on_from_a_set_price_and_so_do_its_bars() -> None:
    desk = open_desk("demo")
    desk.sim.quote(265598)
    desk.steps(3, seconds=10)
    desk.sim.set_price("AAPL", 100.0)
    desk.steps(60, seconds=10)
    last = desk.sim.quote(265598).last
    bars = desk.sim.bars(
        265598, end=desk.clock.at, seconds=1800, bar_seconds=60, what="TRADES", rth=True
    )

    assert last == pytest.approx(100.0, rel=0.02)
    assert last != 100.0
    assert bars[-1].close == last
    assert bars[0].close > 200


@pytest.mark.parametrize("name", ["AAPL", "KO", "TLT", "700", "EUR.USD"])
def test_in_the_demo_what_is_much_traded_moves_about_every_second(name: str) -> None:
    desk = open_desk("demo")
    con_id = desk.sim.universe.by_name(name).con_id
    seen = []
    for _ in range(60):
        desk.steps(4)
        seen.append(desk.sim.quote(con_id).bid)

    assert sum(now != before for before, now in pairwise(seen)) > 45


def test_an_option_moves_with_its_underlying() -> None:
    desk = open_desk()
    call = next(o for o in desk.sim.universe.options_on(265598) if o.contract.right == "C")
    before = desk.sim.quote(call.con_id).last or 0.0
    desk.sim.set_price("AAPL", 300.0)
    moved = desk.sim.step()

    assert call.con_id in moved
    assert (desk.sim.quote(call.con_id).last or 0.0) > before + 20


def test_an_options_price_can_be_set_and_its_greeks_follow() -> None:
    desk = open_desk()
    middle = min(
        (o for o in desk.sim.universe.options_on(265598) if o.contract.right == "P"),
        key=lambda option: abs(option.contract.strike - 260),
    )
    desk.sim.set_price(middle.con_id, 12.34)
    model = desk.sim.computations(middle.con_id)["model"]

    assert model.option_price == pytest.approx(12.34, abs=1e-6)
    assert model.delta is not None
    assert -1 < model.delta < 0
    assert model.underlying_price == pytest.approx(262.40)


def test_bid_and_ask_of_an_option_imply_volatilities_around_the_models() -> None:
    desk = open_desk()
    option = min(
        desk.sim.universe.options_on(756733), key=lambda found: abs(found.contract.strike - 670)
    )
    greeks = desk.sim.computations(option.con_id)
    bid, model, ask = (greeks[side].implied_volatility for side in ("bid", "model", "ask"))

    assert bid is not None
    assert model is not None
    assert ask is not None
    assert bid < model < ask
    assert desk.sim.computations(265598) == {}


def test_volatility_and_price_of_an_option_are_each_others_inverse() -> None:
    desk = open_desk()
    option = min(
        desk.sim.universe.options_on(265598), key=lambda found: abs(found.contract.strike - 270)
    )
    valued = desk.sim.option_price(option.con_id, 0.31, 270.0)
    assert valued.option_price is not None
    back = desk.sim.implied_volatility(option.con_id, valued.option_price, 270.0)

    assert back.implied_volatility == pytest.approx(0.31)
    assert back.underlying_price == 270.0


def test_a_price_that_cannot_be_is_refused() -> None:
    desk = open_desk()
    for price in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="price is positive"):
            desk.sim.set_price("AAPL", price)
    with pytest.raises(SimError) as error:
        desk.sim.set_price("NOSUCH", 1.0)
    assert error.value.code == 200


def test_crosses_agree_with_their_legs() -> None:
    desk = open_desk("demo")
    desk.steps(3, seconds=100)
    rate = desk.sim.market.rate

    cross = desk.sim.market.price_at(900000063, desk.sim.market.at)
    assert cross == pytest.approx(rate("EUR", "HKD"), rel=2e-4)
    assert rate("EUR", "USD") * rate("USD", "EUR") == pytest.approx(1)


def test_permissions_follow_symbol_then_currency_then_the_default() -> None:
    desk = open_desk("bad_day")
    universe = desk.sim.universe
    found = {
        name: desk.sim.data_permission(universe.by_name(name).con_id)
        for name in ("AAPL", "700", "XOM", "GLD")
    }

    assert found == {"AAPL": "live", "700": "delayed", "XOM": "delayed", "GLD": "none"}
    option = desk.sim.universe.options_on(900000011)[0]
    assert desk.sim.data_permission(option.con_id) == "delayed"


def test_a_future_carries_its_index_to_expiry() -> None:
    desk = open_desk()
    query = Contract(symbol="ES", sec_type="FUT", exchange="CME", currency="USD")
    futures = [desk.sim.quote(found.contract.con_id) for found in desk.sim.find(query)]
    index = desk.sim.quote(416904).last

    lasts = [quote.last or 0.0 for quote in futures]
    assert index == 6754.20
    assert index < lasts[0] < lasts[1] < lasts[2]
    assert all(last % 0.25 == 0 for last in lasts)
