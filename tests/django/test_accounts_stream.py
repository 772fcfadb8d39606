"""The promise to a page: its snapshot and the events after it equal a fresh snapshot."""

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from channels.layers import get_channel_layer
from django.db import connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.accounts import ingest, selectors, services
from apps.accounts.models import BrokerAccount
from apps.accounts.patches import patched
from apps.accounts.topics import account_topic
from apps.lib.realtime import group_name, sequence
from ibkr.types import AccountPnL, AccountValue, PortfolioItem, Position, PositionPnL
from tests.factories import (
    NOON,
    USUAL_VALUES,
    hold,
    make_account,
    make_connection,
    option,
    publications,
    stock,
    tell_values,
)

Step = Callable[[BrokerAccount, datetime], None]

CONTRACTS = {
    1: stock(1, "AAPL"),
    2: stock(2, "700", "HKD"),
    3: option(3),
    4: option(4, date(2026, 3, 6), currency="HKD", multiplier=Decimal(500)),
}
contracts = st.sampled_from(sorted(CONTRACTS)).map(CONTRACTS.__getitem__)
numbers = st.floats(min_value=-1e7, max_value=1e7).map(lambda x: Decimal(repr(x)))
prices = st.floats(min_value=0, max_value=1e5).map(lambda x: Decimal(repr(x)))
told = st.none() | numbers
quantities = st.sampled_from([Decimal(q) for q in ("0", "-2", "100", "0.5", "12345.678901")])
tags = st.sampled_from(
    [("NetLiquidation", "USD"), ("CashBalance", "HKD"), ("CashBalance", "BASE"), ("Cushion", "")]
)
rates = st.sampled_from([("ExchangeRate", "HKD"), ("ExchangeRate", "EUR")])


@st.composite
def snapshots(draw: st.DrawFn) -> Step:
    rows = draw(st.dictionaries(st.sampled_from(sorted(CONTRACTS)), quantities))
    held = [(CONTRACTS[key], str(quantity), "10.5") for key, quantity in rows.items()]
    return lambda account, at: hold(account, *held, at=at)


@st.composite
def positions(draw: st.DrawFn) -> Step:
    parts = draw(contracts), draw(quantities), draw(numbers)

    def step(account: BrokerAccount, at: datetime) -> None:
        position = Position(account.code, *parts)
        ingest.on_figures(connection_id=account.connection_id, events=[position], at=at)

    return step


@st.composite
def portfolios(draw: st.DrawFn) -> Step:
    fields: dict[str, Any] = {
        "contract": draw(contracts),
        "quantity": draw(quantities),
        "average_cost": draw(numbers),
        "market_price": draw(st.none() | prices),
        "market_value": draw(told),
        "unrealized_pnl": draw(told),
        "realized_pnl": draw(told),
    }

    def step(account: BrokerAccount, at: datetime) -> None:
        item = PortfolioItem(account=account.code, **fields)
        ingest.on_figures(connection_id=account.connection_id, events=[item], at=at)

    return step


@st.composite
def pnls(draw: st.DrawFn) -> Step:
    of_account = [draw(told) for _ in range(3)]
    quantity = draw(quantities)
    of_position = [draw(told) for _ in range(4)]
    con_id = draw(contracts).con_id

    def step(account: BrokerAccount, at: datetime) -> None:
        key, code = account.connection_id, account.code
        total = AccountPnL(code, *of_account)
        single = PositionPnL(code, con_id, quantity, *of_position)
        ingest.on_figures(connection_id=key, events=[total], at=at)
        ingest.on_figures(connection_id=key, events=[single], at=at)

    return step


@st.composite
def values(draw: st.DrawFn) -> Step:
    tag, currency = draw(tags)
    rate, of = draw(rates)
    rows = [
        (tag, str(draw(numbers)), currency),
        (rate, draw(st.sampled_from(["0.128", "1.08431", "INVALID"])), of),
    ]
    return lambda account, at: tell_values(account, rows, at=at)


def renames() -> st.SearchStrategy[Step]:
    names = st.sampled_from(["", "Income book"])
    return names.map(
        lambda name: lambda account, _at: services.account_rename(account=account, alias=name)
    )


def new_days() -> st.SearchStrategy[Step]:
    days = st.integers(min_value=0, max_value=30)
    return days.map(lambda n: lambda _account, at: services.days_roll(at=at + timedelta(days=n)))


steps = st.lists(
    st.one_of(snapshots(), positions(), portfolios(), pnls(), values(), renames(), new_days()),
    max_size=12,
)


@pytest.mark.django_db
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=steps)
def test_snapshot_and_events_equal_a_fresh_snapshot(
    steps: list[Step],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with transaction.atomic(), publications() as events:
        account = make_account(make_connection())
        page = _fresh(account)
        for number, step in enumerate(steps):
            with django_capture_on_commit_callbacks(execute=True):
                step(account, NOON + timedelta(seconds=number))
            for topic, patch in events:
                if topic == account_topic(account.pk):
                    page = patched(page, patch)
            events.clear()
            account.refresh_from_db()
            assert page == _fresh(account)
        transaction.set_rollback(True)


codes = st.just("DU1234567")
figures = st.lists(
    st.one_of(
        st.builds(Position, codes, contracts, quantities, numbers),
        st.builds(AccountPnL, codes, told, told, told),
        st.builds(
            PositionPnL,
            codes,
            st.sampled_from(sorted(CONTRACTS)),
            quantities,
            told,
            told,
            told,
            told,
        ),
        tags.flatmap(
            lambda tag: st.builds(
                AccountValue,
                st.just("DU1234567"),
                st.just(tag[0]),
                numbers.map(str),
                st.just(tag[1]),
            )
        ),
        rates.map(lambda rate: AccountValue("DU1234567", rate[0], "0.128", rate[1])),
    ),
    max_size=12,
)


@pytest.mark.django_db
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(events=figures, cut=st.integers(0, 12))
def test_figures_written_in_one_batch_are_those_written_one_by_one(
    events: list[Any], cut: int
) -> None:
    states = []
    for batches in ([[event] for event in events], [events[:cut], events[cut:]]):
        with transaction.atomic():
            account = make_account(make_connection())
            hold(account, (CONTRACTS[1], "100", "10.5"), (CONTRACTS[2], "-2", "10.5"))
            tell_values(account, USUAL_VALUES)
            for batch in batches:
                ingest.on_figures(connection_id=account.connection_id, events=batch, at=NOON)
            state = _fresh(account)
            del state["card"]["id"]
            states.append(state)
            transaction.set_rollback(True)
    assert states[0] == states[1]


def _fresh(account: BrokerAccount) -> dict[str, Any]:
    row = BrokerAccount.objects.select_related("connection").get(pk=account.pk)
    return selectors.account_state(row, unmask=False)


@pytest.mark.django_db
def test_what_is_told_again_is_not_published_again(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    account = make_account(make_connection())
    hold(account, (stock(), "100", "200.5"))
    tell_values(account, USUAL_VALUES)
    with publications() as events, django_capture_on_commit_callbacks(execute=True):
        hold(account, (stock(), "100", "200.5"))
        tell_values(account, USUAL_VALUES)
    assert events == []


@pytest.mark.django_db
def test_nothing_is_published_when_the_transaction_fails(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    account = make_account(make_connection())

    def fail_at_the_end() -> None:
        with transaction.atomic():
            services.account_rename(account=account, alias="Income book")
            raise RuntimeError("something failed later")

    with (
        publications() as events,
        django_capture_on_commit_callbacks(execute=True),
        pytest.raises(RuntimeError, match="later"),
    ):
        fail_at_the_end()
    assert events == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("empty_redis")
def test_an_event_reaches_the_topics_group_through_redis() -> None:
    account = make_account(make_connection())
    topic = account_topic(account.pk)

    def rename() -> None:
        services.account_rename(account=account, alias="Income book")
        connections.close_all()  # this thread's own

    async def listen() -> dict[str, Any]:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(group_name(topic), channel)
        await asyncio.to_thread(rename)
        message: dict[str, Any] = await asyncio.wait_for(layer.receive(channel), timeout=5)
        return message

    message = asyncio.run(listen())
    assert message["data"] == {"card": {"name": "Income book"}}
    assert message["seq"] == sequence(topic) == 1
