"""The promise to a page with orders or a run: snapshot and events equal a fresh snapshot."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.accounts.models import BrokerAccount
from apps.accounts.patches import patched
from apps.accounts.permissions import User
from apps.lib import clock
from apps.lib.errors import NotAllowed
from apps.trading import topics
from apps.trading.models import CommissionReport, Execution, Order, TradeRun
from apps.trading.states import ENDED, OrderState, RunState
from ibportal.topics import check, snapshot
from tests.factories import make_account, make_connection, make_user, publications
from tests.marketdata_data import instrument
from tests.trading_data import (
    add_run_event,
    make_execution,
    make_order,
    make_plan,
    make_run,
    make_snapshot,
    make_strategy,
)

pytestmark = pytest.mark.django_db
Step = Callable[[Any], None]
quiet = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

numbers = st.none() | st.sampled_from([Decimal(n) for n in ("0.01", "12.5", "99.123456")])
ages = st.sampled_from([timedelta(0), timedelta(hours=30)])


@st.composite
def placed(draw: st.DrawFn) -> Step:
    age, price = draw(ages), draw(numbers)

    def step(account: BrokerAccount) -> None:
        at = clock.now() - age
        topics.order_changed(make_order(account, instrument(1, "AAPL"), at=at, limit_price=price))

    return step


@st.composite
def moved(draw: st.DrawFn) -> Step:
    fields = {
        "state": draw(st.sampled_from(sorted(OrderState))),
        "average_price": draw(numbers),
        "commission": draw(numbers),
        "reason": draw(st.sampled_from(["", "refused for DU1234567"])),
    }
    age = draw(ages)

    def step(account: BrokerAccount) -> None:
        ended_at = clock.now() - age if fields["state"] in ENDED else None
        for order in account.orders.all()[:1]:
            Order.objects.filter(pk=order.pk).update(**fields, ended_at=ended_at)
            topics.order_changed(order)

    return step


@st.composite
def filled(draw: st.DrawFn) -> Step:
    base, revision = draw(st.sampled_from(["a.1", "b.2"])), draw(st.integers(1, 3))
    quantity, paid = draw(st.sampled_from(["0", "10"])), draw(st.booleans())

    def step(account: BrokerAccount) -> None:
        order = account.orders.first()
        told = Execution.objects.filter(exec_id=f"{base}.{revision:02}")
        if order is None or told.exists():
            return
        if paid:
            exec_id = f"{base}.{revision:02}"
            _commission(account, exec_id)
        topics.execution_changed(make_execution(order, base, revision, quantity=Decimal(quantity)))

    return step


def _commission(account: BrokerAccount, exec_id: str) -> None:
    CommissionReport.objects.create(
        connection=account.connection,
        exec_id=exec_id,
        amount=Decimal(1),
        currency="USD",
        recorded_at=clock.now(),
    )


@quiet
@given(steps=st.lists(st.one_of(placed(), moved(), filled()), max_size=10))
def test_orders_and_their_events_equal_a_fresh_snapshot(
    steps: list[Step], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with transaction.atomic(), publications() as events:
        account = make_account(make_connection())
        page = topics.orders_state(account.pk)
        for step in steps:
            with django_capture_on_commit_callbacks(execute=True):
                step(account)
            page = _heard(page, topics.orders_topic(account.pk), events)
            assert page == topics.orders_state(account.pk)
        transaction.set_rollback(True)


@st.composite
def run_steps(draw: st.DrawFn) -> Step:
    state, line = draw(st.sampled_from(sorted(RunState))), draw(st.integers(0, 1))
    kind = draw(st.sampled_from(["run", "event", "order"]))
    filled = draw(st.sampled_from([Decimal(0), Decimal(4), Decimal(10)]))

    def step(run: TradeRun) -> None:
        if kind == "order":
            plan_line = run.plan.lines.all()[line]
            fields = {"plan_line": plan_line, "filled": filled, "average_price": Decimal(99)}
            topics.order_changed(make_order(run.account, plan_line.instrument, **fields))
            return
        if kind == "event":
            add_run_event(run, "note", told=None, of={"account": "DU1234567", "none": None})
        TradeRun.objects.filter(pk=run.pk).update(state=state, code="halted" if line else "")
        topics.run_changed(run)

    return step


@quiet
@given(steps=st.lists(run_steps(), max_size=8))
def test_a_run_and_its_events_equal_a_fresh_snapshot(
    steps: list[Step], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with transaction.atomic(), publications() as events:
        run = _planned(make_account(make_connection()))
        page = topics.run_state(run)
        for step in steps:
            with django_capture_on_commit_callbacks(execute=True):
                step(run)
            page = _heard(page, topics.run_topic(run.pk), events)
            assert page == topics.run_state(TradeRun.objects.get(pk=run.pk))
        transaction.set_rollback(True)


def test_only_people_with_the_account_may_follow_its_orders_and_runs() -> None:
    account = make_account(make_connection())
    alice = make_user("alice", account)
    bob = make_user("bob", make_account(make_connection("other"), "DU7654321"))
    run = _planned(account)
    make_order(account, instrument(1, "AAPL"), reason="DU1234567 has no permission")
    names = (topics.orders_topic(account.pk), topics.run_topic(run.pk))

    for name in names:
        check(alice, name)
        assert "DU1234567" not in repr(snapshot(alice, name))
        _refused(bob, name)
    for odd in ("orders:", "orders:x", "runs:", "runs:99999999999999999999", "runs:²"):
        with pytest.raises(Exception, match=r"may not follow|no topic"):
            check(alice, odd)


def _refused(user: User, name: str) -> None:
    with pytest.raises(NotAllowed):
        check(user, name)


def _planned(account: BrokerAccount) -> TradeRun:
    names = [instrument(1, "AAPL"), instrument(2, "MSFT")]
    held = make_snapshot(make_strategy(account), dict.fromkeys(names, "0.1"))
    run = make_run(held)
    make_plan(run, [{"instrument": name} for name in names])
    return run


def _heard(page: dict[str, Any], topic: str, events: list[Any]) -> dict[str, Any]:
    for name, patch in events:
        if name == topic:
            page = patched(page, patch)
    events.clear()
    return page
