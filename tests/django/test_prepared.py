"""Queries that are compiled once say what their querysets say."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db import connection as database
from django.db.models import BinaryField, Exists, ExpressionWrapper, F, OuterRef, Q, Sum, Value
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import AuditEvent, BrokerAccount, Connection, Position
from apps.lib.prepared import Kept, Prepared, Whole, insert, together
from apps.risk.models import GateDecision, GuardState
from tests.factories import NOON, hold, make_account, make_connection, stock

pytestmark = pytest.mark.django_db
RAW = ExpressionWrapper(Value(b""), output_field=BinaryField())
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
    again = kept(account_id=account.pk)
    assert again == (first[0], (2, Decimal(4)))
    assert made == [1, 2, 3, 2]
    assert kept(account_id=account.pk) is again


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


def test_values_of_every_kind_come_as_the_queryset_gives_them(account: BrokerAccount) -> None:
    """Money to its last place, moments to the microsecond, texts that look like JSON and SQL."""
    hold(account, (stock(1, 'O\'Neil "A" %s 半导体'), "12345.0123456789", "0.0000000001"))
    Position.objects.update(
        value_base=Decimal("98765432.10"),
        updated_at=NOON + timedelta(microseconds=7),
        expiry=NOON.date(),
        right="",
    )
    told = {"drawdown": {"state": "halted", "value": "0.16", "words": ['"%s"', None, 1.5]}}
    GuardState.objects.create(account=account, since_at=NOON, latches=told)
    names = [field.attname for field in Position._meta.concrete_fields]
    same = Position.objects.filter(con_id=OuterRef("con_id"), quantity__lt=0)

    def rows(account_id: int) -> Any:
        found = Position.objects.filter(account=account_id).order_by("pk")
        worth = Sum(F("quantity") * F("value_base"))
        return found.annotate(short=Exists(same), worth=worth).values_list(
            *names, "short", "worth", "account__guard_state__latches"
        )

    (row,) = Prepared(rows).rows(account_id=account.pk)
    (wanted,) = rows(account.pk)
    assert row == wanted
    assert [type(value) for value in row] == [type(value) for value in wanted]


def test_a_type_that_json_lacks_is_refused() -> None:
    query = Prepared(lambda: AuditEvent.objects.annotate(raw=RAW).values_list("raw"))
    with pytest.raises(TypeError, match="BinaryField"):
        query.rows()


def test_several_queries_are_one_statement_and_each_answer_is_given_once(
    account: BrokerAccount,
) -> None:
    hold(account, (stock(1, "AAPL"), "10", "90"))
    whole = Whole(BrokerAccount, lambda code: BrokerAccount.objects.filter(code=code))
    query, nothing = Prepared(held), Prepared(held)
    given: dict[str, Any] = {"account_id": account.pk, "symbol": "IBM", "since_at": NOON}
    asked = [
        whole.asked(code=account.code),
        query.asked(**given),
        nothing.asked(**given | {"account_id": 0}),
    ]
    with CaptureQueriesContext(database) as statements, together(asked):
        assert whole.first(code=account.code) == account
        assert query.rows(**given) == list(held(**given)) != []
        assert nothing.rows(**given | {"account_id": 0}) == []
        Position.objects.update(symbol="IBM")
        assert query.rows(**given) == []
    assert len(statements) == 4
    assert query.rows(**given) == []


def test_answers_that_nobody_took_end_with_their_block(account: BrokerAccount) -> None:
    query = Prepared(lambda account_id: Position.objects.filter(account=account_id).values_list())
    with together([query.asked(account_id=account.pk)]):
        pass
    hold(account, (stock(1, "AAPL"), "10", "90"))
    assert len(query.rows(account_id=account.pk)) == 1


def test_an_inserted_row_is_the_one_that_save_would_store(account: BrokerAccount) -> None:
    told = {"words": ['"%s"', "半导体", None, 1.5], "deep": {"a": [1, True]}}
    fields: dict[str, Any] = {
        "account": account,
        "con_id": 2**40,
        "source": "page",
        "passed": True,
        "intent": told,
        "verdicts": [told],
        "policy_version": "v",
        "at": NOON + timedelta(microseconds=7),
    }
    row = GateDecision(**fields)
    insert(row)
    saved = GateDecision.objects.create(**fields)
    names = ["con_id", "source", "passed", "intent", "verdicts", "at", "account_id", "before_wire"]
    first, second = GateDecision.objects.order_by("pk").values(*names)
    assert first == second
    assert saved.pk == row.pk + 1
    row.policy_version = "w"
    row.save()
    assert GateDecision.objects.get(pk=row.pk).policy_version == "w"


def test_what_the_database_refuses_is_raised_as_ever(account: BrokerAccount) -> None:
    state = GuardState(account=account, since_at=NOON)
    insert(state)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(GuardState(account=account, since_at=NOON))
    assert GuardState.objects.get() == state


def test_a_row_names_a_row_that_is_stored_after_it_was_made(account: BrokerAccount) -> None:
    other = BrokerAccount(
        connection=account.connection, code="DU2", first_seen_at=NOON, last_seen_at=NOON
    )
    state = GuardState(account=other, since_at=NOON)
    with pytest.raises(ValueError, match="unsaved"):
        insert(state)
    insert(other)
    insert(state)
    assert GuardState.objects.get().account == other


def test_rows_further_away_hang_on_the_ones_between(account: BrokerAccount) -> None:
    state = GuardState.objects.create(account=account, since_at=NOON)
    query = Whole(
        GuardState,
        lambda pk: GuardState.objects.filter(pk=pk),
        account=BrokerAccount,
        account__connection=Connection,
    )
    with CaptureQueriesContext(database) as statements:
        found = query.first(pk=state.pk)
        assert found is not None
        assert found.account.connection.slug == "paper"
    assert len(statements) == 1
