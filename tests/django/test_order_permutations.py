"""The broker's recorded messages of one order, shuffled and repeated: the same final row always."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from pytest_django import Settings

from apps.trading.models import CommissionReport, Order
from apps.trading.states import OrderState as S
from ibportal.gateway import order_writers
from tests.order_data import (
    Message,
    ask_change,
    error,
    filled,
    make_order,
    opened,
    paid,
    status,
    tell,
    tell_together,
)

pytestmark = pytest.mark.django_db

MARKET: dict[str, Any] = {"order_type": "MKT", "limit_price": None}
NEW = {"quantity": Decimal(7), "limit_price": Decimal(101)}
SHAPES: dict[str, tuple[S, dict[str, Any], list[Message]]] = {
    "market fill": (
        S.FILLED,
        MARKET,
        [
            opened("PreSubmitted", **MARKET),
            status("PreSubmitted"),
            filled("a.01.01", 10, 100),
            opened("Filled", **MARKET),
            status("Filled", 10),
            paid("a.01.01"),
        ],
    ),
    "partial fills": (
        S.FILLED,
        {},
        [
            opened("Submitted"),
            status("Submitted"),
            filled("a.01.01", 3, 99),
            status("Submitted", 3),
            paid("a.01.01", "0.35"),
            filled("a.02.01", 7, 100),
            status("Filled", 10),
            paid("a.02.01", "0.70"),
        ],
    ),
    "cancel after a partial fill": (
        S.CANCELLED,
        {},
        [
            opened("Submitted"),
            filled("a.01.01", 3, 99),
            status("PendingCancel", 3),
            opened("PendingCancel"),
            status("Cancelled", 3),
            error(202),
            error(161),
            paid("a.01.01"),
        ],
    ),
    "filled while the cancel was on its way": (
        S.FILLED,
        {},
        [
            opened("Submitted"),
            opened("PendingCancel"),
            status("PendingCancel"),
            status("Cancelled", 4),
            error(202),
            filled("a.01.01", 4),
            filled("a.02.01", 6),
            error(10148),
        ],
    ),
    "reject": (
        S.REJECTED,
        {},
        [opened("PreSubmitted"), error(201, "No luck"), opened("Inactive"), status("Inactive")],
    ),
    "reject that says cancelled": (
        S.REJECTED,
        {},
        [opened("PreSubmitted"), error(201, "No luck"), status("Cancelled")],
    ),
    "change": (
        S.SUBMITTED,
        {},
        [
            opened("PreSubmitted"),
            opened("Submitted"),
            status("Submitted"),
            opened("Submitted", **NEW),
            filled("a.01.01", 2),
            opened("Submitted", **NEW),
        ],
    ),
    "refused change": (
        S.SUBMITTED,
        {},
        [opened("Submitted"), status("Submitted"), error(105), filled("a.01.01", 2)],
    ),
    "stop": (
        S.FILLED,
        {"order_type": "STP", "limit_price": None, "stop_price": Decimal(105)},
        [
            opened("PreSubmitted", order_type="STP", limit_price=None, stop_price=Decimal(105)),
            status("PreSubmitted", why_held="child,trigger"),
            status("PreSubmitted", why_held="trigger"),
            error(399, "Waits for the open"),
            status("Submitted"),
            filled("a.01.01", 10, 105),
            status("Filled", 10),
        ],
    ),
    "immediate or cancel": (
        S.CANCELLED,
        {"tif": "IOC"},
        [
            opened("Submitted", tif="IOC"),
            filled("a.01.01", 4),
            status("PendingCancel", 4),
            status("Cancelled", 4),
        ],
    ),
    "fill or kill": (
        S.CANCELLED,
        {"tif": "FOK"},
        [opened("PreSubmitted", tif="FOK"), opened("Inactive", tif="FOK"), status("Inactive")],
    ),
    "10349": (S.SUBMITTED, {}, [opened("Submitted"), status("Cancelled"), error(10349)]),
    "10349, then a real cancel": (
        S.CANCELLED,
        {},
        [
            opened("Submitted"),
            status("Cancelled"),
            error(10349),
            status("PendingCancel"),
            error(202),
        ],
    ),
    "correction and bust": (
        S.SUBMITTED,
        {},
        [
            opened("Submitted"),
            filled("a.01.01", 4, 100),
            paid("a.01.01"),
            filled("a.01.02", 4, 102),
            paid("a.01.02", "1.10"),
            filled("a.02.01", 6, 100),
            filled("a.02.02", 0, 100),
            paid("a.02.01"),
        ],
    ),
}


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def final(name: str, messages: list[Message], told: Callable[..., None] = tell) -> dict[str, Any]:
    """Everything of the row that is not a time, with its change and its fills."""
    _state, fields, _life = SHAPES[name]
    with undone():
        order = make_order(**fields)
        if "change" in name:
            ask_change(order, **NEW)
        told(order.connection_id, *messages)
        return projection(order)


def projection(order: Order) -> dict[str, Any]:
    order.refresh_from_db()
    names = (
        "state",
        "broker_status",
        "why_held",
        "reason_code",
        "reason",
        "filled",
        "average_price",
        "commission",
        "commission_currency",
        "quantity",
        "limit_price",
        "stop_price",
        "perm_id",
        "evidence",
    )
    row = {name: getattr(order, name) for name in names}
    row["ended"] = order.ended_at is not None
    row["changes"] = list(order.changes.values_list("state", "reason"))
    row["fills"] = sorted(order.executions.values_list("exec_id", "quantity", "price"))
    return row


@pytest.mark.parametrize("name", SHAPES)
def test_a_life_as_recorded_ends_where_it_should(name: str) -> None:
    state, _fields, life = SHAPES[name]
    assert final(name, life)["state"] == state


@pytest.mark.parametrize("name", SHAPES)
@limits(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_shuffled_and_repeated_it_ends_there_too(name: str, data: st.DataObject) -> None:
    life = SHAPES[name][2]
    again = data.draw(st.lists(st.sampled_from(life), max_size=4))
    shuffled = data.draw(st.permutations(life + again))
    assert final(name, shuffled) == final(name, life)


@pytest.mark.parametrize("name", SHAPES)
@limits(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_written_together_in_any_batches_it_ends_there_too(name: str, data: st.DataObject) -> None:
    life = SHAPES[name][2]
    again = data.draw(st.lists(st.sampled_from(life), max_size=4))
    shuffled = data.draw(st.permutations(life + again))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(shuffled)), max_size=3)))

    def in_batches(connection_id: int, *messages: Message) -> None:
        for start, end in pairwise([0, *cuts, len(messages)]):
            tell_together(connection_id, *messages[start:end])

    assert final(name, shuffled, in_batches) == final(name, life)


def test_what_comes_together_is_written_once_with_an_event_for_each_message() -> None:
    life = SHAPES["partial fills"][2]
    order = make_order()
    with CaptureQueriesContext(connection) as queries:
        tell_together(order.connection_id, *life)
    events = list(order.events.order_by("number"))
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert [event.kind for event in events].count("fill") == 2
    assert [event.kind for event in events].count("commission") == 2
    assert all(one.after == two.before for one, two in pairwise(events))
    updates = [q["sql"] for q in queries if q["sql"].startswith('UPDATE "trading_order" ')]
    assert len(updates) == 1


def test_a_commission_that_comes_by_itself_is_counted_for_its_fill() -> None:
    *life, commission = SHAPES["market fill"][2]
    order = make_order(**MARKET)
    tell_together(order.connection_id, *life)
    assert projection(order)["commission"] is None
    tell_together(order.connection_id, commission, commission)
    assert projection(order)["commission"] == Decimal("1.05")


def test_where_tests_may_end_the_process_a_fill_is_committed_before_its_commission(
    settings: Settings,
) -> None:
    settings.CHAOS = True
    order = make_order(**MARKET)
    seen: list[tuple[str, int, int]] = []

    def passed(name: str) -> None:
        seen.append((name, order.executions.count(), CommissionReport.objects.count()))

    with patch.object(order_writers, "reach", passed):
        tell_together(order.connection_id, *SHAPES["market fill"][2])
    assert ("between_fill_and_commission", 1, 0) in seen
    assert projection(order)["commission"] == Decimal("1.05")
