"""A statement that is run again and again gives rows and errors as the framework does."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from apps.accounts.models import BrokerAccount, Position
from apps.lib import statements
from apps.lib.statements import Statement
from tests.factories import NOON, hold, make_account, make_connection, stock

pytestmark = pytest.mark.django_db(transaction=True)
POSTGRESQL = "postgresql"


@pytest.fixture
def account() -> BrokerAccount:
    found = make_account(make_connection())
    hold(found, (stock(1, "AAPL"), "10.5", "90"), (stock(2, "IBM"), "20", "90"))
    return found


def held() -> Statement:
    sql = (
        "SELECT con_id, symbol FROM accounts_position WHERE account_id = %s AND con_id >= %s "
        "AND symbol <> %s ORDER BY con_id"
    )
    return Statement(sql, [None, None, "X%Y"], [0, 1])


def test_rows_are_the_same_in_and_outside_of_a_transaction(account: BrokerAccount) -> None:
    statement = held()
    wanted = [(1, "AAPL"), (2, "IBM")]
    assert statement.run([account.pk, 1]) == wanted
    with transaction.atomic():
        assert statement.run([account.pk, 1]) == wanted
        assert statement.run([account.pk, 2]) == wanted[1:]
        with transaction.atomic():
            assert statement.run([account.pk, 3]) == []
    assert statement.run([account.pk, 1]) == wanted


def test_a_number_may_be_of_any_size(account: BrokerAccount) -> None:
    """The driver sends small, middle and large numbers as different types."""
    statement = held()
    for least, count in ((1, 2), (2**20, 0), (2**40, 0), (2, 1)):
        assert len(statement.run([account.pk, least])) == count


def test_what_it_writes_is_rolled_back_with_the_transaction(account: BrokerAccount) -> None:
    close = Statement(
        "UPDATE accounts_position SET quantity = %s WHERE con_id = %s", [None, None], [0, 1]
    )

    def undone() -> None:
        with transaction.atomic():
            assert close.run([Decimal(0), 1] if connection.vendor == POSTGRESQL else [0, 1]) == []
            assert Position.objects.get(con_id=1).quantity == 0
            raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            undone()
    assert Position.objects.get(con_id=1).quantity == Decimal("10.5")


def test_what_the_database_refuses_is_raised_and_the_next_one_runs(
    account: BrokerAccount,
) -> None:
    double = Statement("UPDATE accounts_position SET con_id = 1 WHERE account_id = %s", [None], [0])
    for _ in range(2):
        with pytest.raises(IntegrityError):
            double.run([account.pk])
        assert len(held().run([account.pk, 1])) == 2
    with transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic():
            double.run([account.pk])
        assert len(held().run([account.pk, 1])) == 2
    with pytest.raises(DatabaseError):
        Statement("SELECT nothing FROM nowhere").run([])


def test_the_oldest_is_forgotten_and_prepared_anew(
    account: BrokerAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "KEPT", 2)
    several = [held() for _ in range(4)]
    for statement in several * 2:
        assert len(statement.run([account.pk, 1])) == 2
    if connection.vendor == POSTGRESQL:
        named = Statement("SELECT name FROM pg_prepared_statements").run([])
        assert len([name for (name,) in named if name.startswith("ibportal_")]) <= 2


def test_a_connection_that_was_cut_says_so_and_the_next_one_works(
    account: BrokerAccount,
) -> None:
    statement = held()
    statement.run([account.pk, 1])
    if connection.vendor == POSTGRESQL:
        ((own,),) = Statement("SELECT pg_backend_pid()").run([])
        other: Any = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [own])
        other.close()
        with pytest.raises(OperationalError):
            statement.run([account.pk, 1])
        connection.close_if_unusable_or_obsolete()
    assert len(statement.run([account.pk, 1])) == 2


def test_moments_and_texts_go_as_they_are(account: BrokerAccount) -> None:
    later = Statement(
        "SELECT count(*) FROM accounts_position WHERE updated_at > %s AND symbol = %s",
        [None, None],
        [0, 1],
    )
    for at, count in ((NOON - timedelta(days=999), 1), (NOON + timedelta(days=9999), 0)):
        told = connection.ops.adapt_datetimefield_value(at)
        assert later.run([told, "IBM"]) == [(count,)]
