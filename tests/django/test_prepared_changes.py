"""Statements made once change and add rows as the framework's own would."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError, transaction
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import BrokerAccount, LinkEvent, Position
from apps.lib.prepared import Whole, insert_all, insert_once, update, update_all
from apps.risk.models import GuardState
from tests.factories import NOON, hold, make_account, make_connection, stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> BrokerAccount:
    return make_account(make_connection())


def _changed(rows: list[Position]) -> None:
    for number, row in enumerate(rows):
        row.symbol = f"半'%s\"{number}"
        row.daily_pnl = None if number == 1 else Decimal("-12.5") * number
        row.days_to_expiry = number - 1
        row.expiry = NOON.date() if number else None
        row.updated_at = NOON + timedelta(microseconds=number)
        row.quantity = Decimal(77)


NAMES = ("symbol", "daily_pnl", "days_to_expiry", "expiry", "updated_at")


@pytest.mark.parametrize("count", [1, 2, 3])
def test_rows_are_changed_in_the_fields_that_are_named_and_no_others(
    account: BrokerAccount, count: int
) -> None:
    hold(account, *((stock(n, f"S{n}"), "10.5", "90") for n in (1, 2, 3, 4)))
    rows = list(Position.objects.order_by("con_id"))
    _changed(rows[:count])
    with CaptureQueriesContext(database) as statements:
        update_all(rows[:count], NAMES)
    assert len(statements) == 1
    stored = list(Position.objects.order_by("con_id"))
    for row, told in zip(stored[:count], rows, strict=False):
        assert [getattr(row, n) for n in NAMES] == [getattr(told, n) for n in NAMES]
    assert {row.quantity for row in stored} == {Decimal("10.5")}
    assert [row.symbol for row in stored[count:]] == [f"S{n}" for n in (1, 2, 3, 4)][count:]


def test_a_changed_row_keeps_json_and_references(account: BrokerAccount) -> None:
    state = GuardState.objects.create(account=account, since_at=NOON)
    other = make_account(account.connection, "DU2")
    state.latches, state.account = {"a": [1, None, '"%s"']}, other
    update(state, ["latches", "account_id"])
    found = GuardState.objects.get()
    assert (found.latches, found.account) == (state.latches, other)


def test_what_is_too_long_for_its_column_is_refused_or_kept_whole_never_cut(
    account: BrokerAccount,
) -> None:
    hold(account, (stock(1, "A"), "1", "1"), (stock(2, "B"), "1", "1"))
    rows = list(Position.objects.order_by("con_id"))
    for row in rows:
        row.symbol = "x" * 41
    with suppress(DataError), transaction.atomic():
        update_all(rows, ["symbol"])
    stored = list(Position.objects.order_by("con_id").values_list("symbol", flat=True))
    refuses = database.vendor == "postgresql"
    assert stored == (["A", "B"] if refuses else ["x" * 41] * 2)


def test_a_row_is_stored_once(account: BrokerAccount) -> None:
    first = GuardState(account=account, since_at=NOON)
    assert insert_once(first)
    second = GuardState(account=account, since_at=NOON + timedelta(hours=1))
    assert not insert_once(second)
    found = GuardState.objects.get()
    assert (found, found.since_at) == (first, NOON)
    assert second.pk is None


@pytest.mark.parametrize("count", [0, 1, 3])
def test_rows_are_stored_in_one_statement(account: BrokerAccount, count: int) -> None:
    fields: dict[str, Any] = {"connection": account.connection, "state": "ready", "at": NOON}
    with CaptureQueriesContext(database) as statements:
        insert_all([LinkEvent(code=str(n), **fields) for n in range(count)])
    assert len(statements) == min(count, 1)
    codes = LinkEvent.objects.order_by("code").values_list("code", flat=True)
    assert list(codes) == [str(n) for n in range(count)]


def test_whole_rows_come_in_the_order_of_the_query(account: BrokerAccount) -> None:
    hold(account, *((stock(n, f"S{n}"), "10", "90") for n in (1, 2, 3)))
    query = Whole(
        Position,
        lambda account_id: Position.objects.filter(account=account_id).order_by("-con_id"),
        account=BrokerAccount,
    )
    found = query.rows(account_id=account.pk)
    assert found == list(Position.objects.order_by("-con_id"))
    assert {row.account for row in found} == {account}
