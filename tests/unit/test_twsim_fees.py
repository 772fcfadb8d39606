"""Commission tables: rates, minimums, caps, and charging by parts."""

import pytest

from tests.twsim_desk import open_desk
from twsim.books.fees import commission
from twsim.domain.events import Commissioned

UNIVERSE = open_desk().sim.universe
US_OPTION = UNIVERSE.options_on(265598)[0].con_id
HK_OPTION = UNIVERSE.options_on(900000011)[0].con_id


@pytest.mark.parametrize(
    ("name", "quantity", "value", "fee"),
    [
        ("AAPL", 10, 2600, 1.00),
        ("AAPL", 1000, 260_000, 5.00),
        ("AAPL", 1, 20, 0.20),
        ("700", 100, 61_000, 48.80),
        ("700", 100, 1_000, 18.00),
        ("SIE", 10, 2_280, 3.00),
        ("VOD", 10_000, 9_280, 4.64),
        ("7203", 100, 310_500, 248.40),
        (US_OPTION, 1, 300, 1.00),
        (US_OPTION, 10, 3_000, 6.50),
        (HK_OPTION, 1, 3_000, 18.00),
        (HK_OPTION, 20, 60_000, 120.00),
        ("MES", 2, 67_000, 1.24),
        ("EUR.USD", 20_000, 23_156, 2.00),
        ("EUR.USD", 1_000_000, 1_157_800, 23.156),
        ("USD.HKD", 20_000, 155_524, 15.5524),
        ("AAPL", 0, 0, 0.0),
    ],
)
def test_an_order_costs_what_the_table_says(
    name: str | int, quantity: float, value: float, fee: float
) -> None:
    assert commission(UNIVERSE.by_name(name), quantity, value) == pytest.approx(fee)


def test_the_minimum_is_charged_once_for_an_order_that_fills_in_parts() -> None:
    desk = open_desk()
    desk.place("BUY", 3000)
    desk.steps(9)

    fees = [event.commission.amount for event in desk.of(Commissioned)]
    assert len(fees) > 1
    assert sum(fees) == pytest.approx(3000 * 0.005)
    assert all(fee > 0 for fee in fees)
