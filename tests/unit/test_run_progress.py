"""How far a run has come: each line of the plan counts alike, however many orders it took."""

from decimal import Decimal

from apps.trading.models import Order
from apps.trading.rows import progress_fields
from apps.trading.states import OrderState


def order(pk: int, line: int, quantity: int, filled: int, state: OrderState) -> Order:
    terms = {"quantity": Decimal(quantity), "filled": Decimal(filled)}
    return Order(pk=pk, plan_line_id=line, state=state, **terms)


def test_a_second_order_for_the_rest_of_a_line_does_not_make_the_line_longer() -> None:
    found = [order(1, 1, 10, 4, OrderState.CANCELLED), order(2, 1, 6, 6, OrderState.FILLED)]
    assert progress_fields(1, found)["filled_share"] == "1"


def test_lines_whose_turn_has_not_come_count_as_not_filled() -> None:
    assert progress_fields(4, [order(1, 1, 10, 5, OrderState.SUBMITTED)])["filled_share"] == "0.125"


def test_a_run_without_orders_has_no_share() -> None:
    assert progress_fields(4, [])["filled_share"] is None
