"""Queries that are compiled once say what their querysets say."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Q

from apps.accounts.models import BrokerAccount, Connection, Position
from apps.lib.prepared import Kept, Prepared, Whole
from tests.factories import NOON, hold, make_account, make_connection, stock

pytestmark = pytest.mark.django_db
COLUMNS = ("con_id", "symbol", "quantity", "updated_at")


@pytest.fixture
def account() -> BrokerAccount:
    return make_account(make_connection())


def held(account_id: int, symbol: str, since_at: Any) -> Any:
    rows = Position.objects.filter(account=account_id, updated_at__gte=since_at)
    return rows.filter(~Q(symbol=symbol)).order_by("con_id").values_list(*COLUMNS)


def test_a_prepared_query_answers_as_its_queryset_each_time(account: BrokerAccount) -> None:
    symbols = ("AAPL", "MSFT", "IBM")
    hold(account, *((stock(n + 1, symbol), "10.5", "90") for n, symbol in enumerate(symbols)))
    query = Prepared(held)
    for symbol in ("AAPL", "IBM"):
        for since_at in (NOON - timedelta(days=9), NOON + timedelta(days=9)):
            given: dict[str, Any] = {
                "account_id": account.pk,
                "symbol": symbol,
                "since_at": since_at,
            }
            assert query.rows(**given) == list(held(**given))
    assert query.rows(account_id=account.pk + 1, symbol="", since_at=NOON) == []


def test_what_does_not_reach_the_database_as_it_is_cannot_be_prepared() -> None:
    query = Prepared(lambda symbol: Position.objects.filter(symbol=symbol.lower() + "%"))
    with pytest.raises(ValueError, match="symbol"):
        query.rows(symbol="AAPL")


def test_only_rows_that_changed_are_made_again(account: BrokerAccount) -> None:
    hold(account, *((stock(n, f"S{n}"), "10", "90") for n in (1, 2, 3)))
    made: list[int] = []

    def make(row: tuple[Any, ...]) -> tuple[int, Decimal]:
        made.append(row[0])
        return row[0], row[1]

    rows = Position.objects.order_by("con_id").values_list("con_id", "quantity")
    kept = Kept(Prepared(lambda account_id: rows.filter(account=account_id)), make)
    first = kept(account_id=account.pk)
    assert made == [1, 2, 3]
    Position.objects.filter(con_id=2).update(quantity=Decimal(4))
    Position.objects.filter(con_id=3).delete()
    assert kept(account_id=account.pk) == [first[0], (2, Decimal(4))]
    assert made == [1, 2, 3, 2]


def test_whole_rows_come_with_what_they_name(account: BrokerAccount) -> None:
    query = Whole(
        BrokerAccount,
        lambda code: BrokerAccount.objects.filter(code=code),
        connection=Connection,
    )
    found = query.first(code=account.code)
    assert found == account
    assert found is not None
    assert found.connection == account.connection
    assert query.first(code="DU0") is None
