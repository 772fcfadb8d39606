"""Positions and cash from trades: nothing appears, nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twsim_desk import open_desk
from twsim.books.position import Position, Trade, fold
from twsim.instruments import Instrument

UNIVERSE = open_desk().sim.universe
AAPL, MES, EURUSD = (UNIVERSE.by_name(name) for name in ("AAPL", "MES", "EUR.USD"))
sizes = st.integers(-500, 500).filter(bool)
fills = st.lists(st.tuples(sizes, st.floats(1, 1000), st.floats(0, 20)), max_size=25)


def trade(number: int, quantity: float, price: float, fee: float = 0.0, at: float = 1.0) -> Trade:
    return Trade(exec_id=str(number), con_id=1, quantity=quantity, price=price, fee=fee, at=at)


def folded(
    instrument: Instrument, *trades: Trade, opening: tuple[float, float] = (0.0, 0.0)
) -> Position:
    return fold(instrument, opening, trades, since=0.0)


@given(fills, st.floats(1, 1000))
def test_profit_realised_and_open_is_all_the_money_there_is(
    given_fills: list[tuple[int, float, float]], price: float
) -> None:
    """What was paid and what is held add up to realised plus unrealised, for any trades."""
    trades = [trade(n, *fill) for n, fill in enumerate(given_fills)]
    for instrument in (AAPL, MES):
        state = folded(instrument, *trades)
        value = state.quantity * price * instrument.multiplier
        paid = sum(t.quantity * t.price * instrument.multiplier + t.fee for t in trades)
        unrealized = value - state.quantity * state.average_cost

        assert state.quantity == sum(t.quantity for t in trades)
        assert state.day_cost == pytest.approx(paid, abs=1e-6)
        assert state.realized + unrealized == pytest.approx(value - paid, abs=1e-4)


@given(fills, st.floats(1, 1000))
def test_equity_changes_by_fees_and_price_alone(
    given_fills: list[tuple[int, float, float]], price: float
) -> None:
    """A trade at the price that values the position costs its fee and nothing else."""
    trades = [trade(n, size, price, fee) for n, (size, _, fee) in enumerate(given_fills)]
    fees = sum(t.fee for t in trades)
    stock, future = folded(AAPL, *trades), folded(MES, *trades)

    cash = stock.flows.get("USD", 0.0)
    assert cash + stock.quantity * price == pytest.approx(-fees, abs=1e-4)
    open_profit = future.quantity * (price * 5 - future.average_price)
    assert future.flows.get("USD", 0.0) + open_profit == pytest.approx(-fees, abs=1e-4)


@given(fills)
def test_a_currency_pair_moves_both_currencies(
    given_fills: list[tuple[int, float, float]],
) -> None:
    trades = [trade(n, *fill) for n, fill in enumerate(given_fills)]
    state = folded(EURUSD, *trades)

    assert state.flows.get("EUR", 0.0) == pytest.approx(sum(t.quantity for t in trades))
    paid = sum(t.quantity * t.price + t.fee for t in trades)
    assert state.flows.get("USD", 0.0) == pytest.approx(-paid, abs=1e-6)


def test_two_fills_average() -> None:
    state = folded(AAPL, trade(1, 1, 100.0), trade(2, 1, 110.0))

    assert (state.quantity, state.average_cost) == (2, 105.0)


def test_a_futures_round_trip_realises_its_move_less_both_fees() -> None:
    """The numbers of a recorded MES trade."""
    state = folded(MES, trade(1, 1, 7039.5, 0.62), trade(2, -1, 7039.25, 0.62))

    assert state.quantity == 0
    assert state.realized_by == {"2": pytest.approx(-2.49)}
    assert state.flows["USD"] == pytest.approx(-2.49)


def test_average_cost_of_a_future_contains_the_multiplier() -> None:
    assert folded(MES, trade(1, 2, 7000.0)).average_cost == 35_000.0


def test_selling_through_zero_realises_the_old_and_opens_the_new() -> None:
    state = folded(AAPL, trade(1, -15, 120.0, 3.0), opening=(10.0, 100.0))

    assert state.quantity == -5
    assert state.realized == pytest.approx(10 * 20 - 2.0)
    assert state.average_cost == pytest.approx(120 - 1.0 / 5)
    assert state.opened_with == 10


def test_yesterdays_trades_do_not_count_as_todays_profit() -> None:
    trades = [trade(1, 10, 100.0, at=1.0), trade(2, -4, 130.0, at=2.0), trade(3, -4, 90.0, at=9.0)]
    state = fold(AAPL, (0.0, 0.0), trades, since=5.0)

    assert state.opened_with == 6
    assert state.realized == pytest.approx(-40)
    assert state.day_cost == pytest.approx(-360)
