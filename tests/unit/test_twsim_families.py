"""Brackets and one-cancels-all groups."""

from typing import Any

import pytest

from tests.twsim_desk import Desk, open_desk
from twsim.domain.events import OrderChanged


def bracket(desk: Desk, entry: float = 250.0, quantity: float = 10) -> tuple[int, int, int]:
    parent = desk.place("BUY", quantity, "LMT", limit_price=entry, transmit=False)
    profit = desk.place(
        "SELL", quantity, "LMT", limit_price=280.0, parent_id=parent, transmit=False
    )
    loss = desk.place("SELL", quantity, "STP", aux_price=240.0, parent_id=parent)
    return parent, profit, loss


def test_a_bracket_is_silent_until_its_last_part_and_then_whole() -> None:
    desk = open_desk()
    desk.place("BUY", 10, "LMT", limit_price=250.0, transmit=False)
    assert desk.events == []

    desk = open_desk()
    ids = bracket(desk)
    desk.steps(1)
    first = [event.order.order_id for event in desk.of(OrderChanged)]
    assert list(dict.fromkeys(first)) == list(ids)
    assert [desk.status(n) for n in ids] == ["Submitted", "PreSubmitted", "PreSubmitted"]
    held = {order.order_id: order.why_held for order in desk.sim.working()}
    assert held == {ids[0]: "", ids[1]: "child", ids[2]: "child,trigger"}


def test_children_wake_when_the_parent_is_filled() -> None:
    desk = open_desk()
    parent, profit, loss = bracket(desk)
    desk.steps(1)
    desk.sim.set_price("AAPL", 281.0)
    desk.steps(2)
    assert desk.filled(profit) == 0

    desk.sim.set_price("AAPL", 249.0)
    desk.steps(2)
    assert desk.status(parent) == "Filled"
    assert (desk.status(profit), desk.status(loss)) == ("Submitted", "PreSubmitted")
    held = {order.order_id: order.why_held for order in desk.sim.working()}
    assert held == {profit: "", loss: "trigger"}


def test_the_profit_taken_cancels_the_stop() -> None:
    desk = open_desk()
    _, profit, loss = bracket(desk, entry=263.0)
    desk.steps(2)
    desk.sim.set_price("AAPL", 281.0)
    desk.steps(2)

    assert (desk.status(profit), desk.status(loss)) == ("Filled", "Cancelled")
    assert desk.held(265598) == 300


def test_the_stop_taken_cancels_the_profit() -> None:
    desk = open_desk()
    _, profit, loss = bracket(desk, entry=263.0)
    desk.steps(2)
    desk.sim.set_price("AAPL", 239.0)
    desk.steps(2)

    assert (desk.status(profit), desk.status(loss)) == ("Cancelled", "Filled")
    assert desk.held(265598) == 300


def test_a_cancelled_parent_takes_its_children_with_it() -> None:
    desk = open_desk()
    parent, profit, loss = bracket(desk)
    desk.steps(1)
    desk.sim.cancel(7, parent)
    desk.steps(1)

    assert {desk.status(n) for n in (parent, profit, loss)} == {"Cancelled"}
    assert desk.sim.working() == ()


def test_children_protect_the_part_that_was_filled() -> None:
    desk = open_desk()
    parent, profit, loss = bracket(desk, entry=262.50, quantity=4000)
    desk.steps(1)
    bought = desk.filled(parent)
    assert 0 < bought < 4000
    desk.sim.cancel(7, parent)
    desk.steps(2)

    quantities = {order.order_id: order.order.quantity for order in desk.sim.working()}
    assert quantities == {profit: bought, loss: bought}
    assert desk.status(profit) == "Submitted"


def test_a_rejected_parent_rejects_its_children() -> None:
    desk = open_desk()
    desk.sim.fault("reject_next")
    ids = bracket(desk)
    desk.steps(1)

    assert {desk.status(n) for n in ids} == {"Inactive"}
    assert desk.sim.working() == ()


@pytest.mark.parametrize("oca_type", [1, 2, 3])
def test_one_fill_cancels_the_others_of_its_group(oca_type: int) -> None:
    desk = open_desk()
    group: dict[str, Any] = {"oca_group": "either", "oca_type": oca_type}
    low = desk.place("BUY", 10, "LMT", limit_price=250.0, **group)
    high = desk.place("BUY", 10, "STP", aux_price=270.0, **group)
    other = desk.place("BUY", 10, "LMT", limit_price=240.0, oca_group="another")
    desk.steps(1)
    desk.sim.set_price("AAPL", 249.0)
    desk.steps(2)

    assert [desk.status(n) for n in (low, high, other)] == ["Filled", "Cancelled", "Submitted"]


def test_a_part_fill_shrinks_the_others_when_the_group_reduces() -> None:
    desk = open_desk()
    group: dict[str, Any] = {"oca_group": "both", "oca_type": 3}
    large = desk.place("BUY", 4000, "LMT", limit_price=250.0, **group)
    other = desk.place("BUY", 4000, "LMT", limit_price=240.0, **group)
    desk.steps(1)
    desk.sim.set_price("AAPL", 249.0)
    desk.steps(1)

    rest = {order.order_id: order.remaining for order in desk.sim.working()}
    assert rest[large] == rest[other] == 4000 - desk.filled(large)
    told = [e.order for e in desk.of(OrderChanged) if e.order.order_id == other][-1]
    assert told.remaining == rest[other]
    desk.steps(9)
    assert (desk.status(large), desk.status(other)) == ("Filled", "Cancelled")
