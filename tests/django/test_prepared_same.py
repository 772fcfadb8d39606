"""What is made of rows is the same object as long as the rows are the same, and no longer."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import BrokerAccount, Connection, Position
from apps.lib.prepared import Derived, Pick, Picked, Prepared, Raw, Same, Whole
from apps.lib.prepared.same import REMEMBERED
from tests.factories import NOON, hold, make_account, make_connection, stock

pytestmark = pytest.mark.django_db
HELD = Prepared(
    lambda account_id, since_at: (
        Position.objects.filter(account=account_id, updated_at__gte=since_at)
        .order_by("con_id")
        .values_list("con_id", "quantity")
    )
)


@pytest.fixture
def account() -> BrokerAccount:
    found = make_account(make_connection())
    hold(found, (stock(1, "AAPL"), "10", "90"), (stock(2, "IBM"), "20", "90"))
    return found


def test_rows_make_one_object_until_one_of_them_changes(account: BrokerAccount) -> None:
    total = Same(HELD, lambda rows: [sum(quantity for _, quantity in rows)])
    since_at = NOON - timedelta(days=9)
    first = total(account_id=account.pk, since_at=since_at)
    assert first == [Decimal(30)]
    assert total(account_id=account.pk, since_at=since_at - timedelta(days=1)) is first
    Position.objects.filter(con_id=2).update(quantity=Decimal(5))
    assert total(account_id=account.pk, since_at=since_at) == [Decimal(15)]
    Position.objects.all().delete()
    assert total(account_id=account.pk, since_at=since_at) == [0]


def test_a_moment_that_leaves_rows_out_is_heeded(account: BrokerAccount) -> None:
    count = Same(HELD, len)
    moments = (NOON - timedelta(days=9), NOON + timedelta(days=9), NOON - timedelta(days=9))
    assert [count(account_id=account.pk, since_at=at) for at in moments] == [2, 0, 2]


def test_accounts_do_not_share_what_was_made(account: BrokerAccount) -> None:
    other = make_account(account.connection, "DU7654321")
    count = Same(HELD, len)
    asked = (account.pk, other.pk, account.pk)
    assert [count(account_id=pk, since_at=NOON - timedelta(days=9)) for pk in asked] == [2, 0, 2]


def test_a_whole_row_is_the_same_instance_until_it_or_what_it_names_changes(
    account: BrokerAccount,
) -> None:
    query = Whole(
        BrokerAccount, lambda pk: BrokerAccount.objects.filter(pk=pk), connection=Connection
    )
    first = query.same(pk=account.pk)
    assert first == account
    assert query.same(pk=account.pk) is first
    Connection.objects.update(label="Another")
    again = query.same(pk=account.pk)
    assert again is not None
    assert again is not first
    assert again.connection.label == "Another"
    assert query.same(pk=account.pk + 1) is None


def test_only_values_that_are_picked_are_converted(account: BrokerAccount) -> None:
    made: list[Any] = []

    def make(row: Raw, value: Pick) -> Decimal:
        made.append(value(row, 0))
        return Decimal(value(row, 1))

    kept = Picked(
        Prepared(
            lambda account_id: (
                Position.objects.filter(account=account_id)
                .order_by("con_id")
                .values_list("con_id", "quantity", "updated_at")
            )
        ),
        make,
    )
    first = kept(account_id=account.pk)
    assert first == (Decimal(10), Decimal(20))
    assert all(type(quantity) is Decimal for quantity in first)
    assert kept(account_id=account.pk) is first
    Position.objects.filter(con_id=2).update(quantity=Decimal(5))
    assert kept(account_id=account.pk) == (Decimal(10), Decimal(5))
    assert made == [1, 2, 2]


def test_what_is_derived_holds_for_the_very_same_objects_alone() -> None:
    made: list[object] = []

    def make(one: list[int], other: list[int]) -> list[int]:
        made.append(one)
        return one + other

    derived, one, other = Derived(make), [1], [2]
    first = derived("a", one, other)
    assert derived("a", one, other) is first
    assert derived("a", [1], other) == first
    assert len(made) == 2
    assert derived("b", one, other) == first
    assert len(made) == 3


def test_what_is_kept_does_not_grow_for_ever() -> None:
    derived, one = Derived(list[int]), (1,)
    first = derived(0, one)
    for number in range(1, REMEMBERED + 1):
        derived(number, one)
    assert derived(0, one) is not first
