"""What the gate keeps between two orders is never older than the rows; and how often it asks."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Permission
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import AccountValue, BrokerAccount, Connection, Position
from apps.lib import clock
from apps.marketdata.models import Instrument, MarketRule
from apps.risk.models import GuardState, KillSwitch, Lock, Restriction, RiskLimit
from apps.risk.services import gate_check
from apps.risk.types import OrderIntent
from apps.trading.models import Order
from tests.factories import NOON, later, make_account, make_connection, make_user
from tests.gate_data import AAPL, ready_to_trade
from tests.order_data import make_order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]
Change = Callable[[BrokerAccount], Any]
BEGIN_AND_COMMIT = 2


@pytest.fixture
def account(empty_redis: None) -> Iterator[BrokerAccount]:
    found = make_account(make_connection(), "DU1234567")
    with ready_to_trade(found):
        Instrument.objects.update(market_rule_ids=[26], valid_exchanges=["SMART"])
        yield found


def refused(account: BrokerAccount, **more: Any) -> set[str]:
    intent = OrderIntent(
        account_id=account.pk,
        con_id=AAPL,
        side="BUY",
        quantity=Decimal(50),
        order_type="LMT",
        tif="DAY",
        source="page",
        limit_price=Decimal("100.00"),
        **more,
    )
    return {str(row["code"]) for row in gate_check(intent=intent, at=NOON).refusals}


def _restrict(_account: BrokerAccount) -> None:
    Restriction.objects.create(
        issuer="aapl", reason="Earnings", added_by=make_user("officer"), added_at=NOON
    )


def _limit(_account: BrokerAccount) -> None:
    RiskLimit.objects.create(
        place="a", code="order_quantity", parameters={"quantity": "10"}, changed_at=NOON
    )


def _lock(account: BrokerAccount) -> None:
    Lock.objects.create(
        account=account, con_id=AAPL, kind="mismatch", opened_at=NOON, opened_by="guard"
    )


def _sale(account: BrokerAccount) -> None:
    make_order(
        account,
        instrument=Instrument.objects.get(pk=AAPL),
        side="SELL",
        limit_price=Decimal(99),
        state="submitted",
        accepted_at=later(seconds=-60),
    )


CHANGES: dict[str, Change] = {
    "kill": lambda _: KillSwitch.objects.create(scope="all", level=1, since_at=NOON),
    "order_quantity": _limit,
    "restricted": _restrict,
    "mismatch": _lock,
    "self_match": _sale,
    "position_cap": lambda _: Position.objects.update(quantity=Decimal(4000)),
    "concentration": lambda _: Position.objects.update(
        value_base=Decimal(900_000), pnl_quantity=Decimal(100)
    ),
    "order_notional": lambda _: AccountValue.objects.filter(tag="NetLiquidation").update(amount=9),
    "tick_lot": lambda _: MarketRule.objects.update(bands=[["0", "0.03"]]),
    "session": lambda _: Instrument.objects.update(
        liquid_hours=[[later(hours=1).isoformat(), later(hours=2).isoformat()]]
    ),
    "reduce_only": lambda _: GuardState.objects.update(state="reduce_only"),
    "guard_silent": lambda _: GuardState.objects.update(evaluated_at=NOON - timedelta(minutes=9)),
    "identity": lambda _: Connection.objects.update(mode="live"),
}


@pytest.mark.parametrize("code", CHANGES)
def test_what_has_changed_since_the_last_order_counts_for_the_next(
    account: BrokerAccount, code: str
) -> None:
    """Written straight to the tables: no service has to tell the gate of it."""
    assert refused(account) == refused(account, order_id=9) == set()
    CHANGES[code](account)
    assert code in refused(account)
    assert code in refused(account, order_id=9)


def test_a_lifted_limit_holds_no_longer(account: BrokerAccount) -> None:
    _limit(account)
    assert refused(account) == {"order_quantity"}
    RiskLimit.objects.update(parameters={"quantity": "50"})
    assert refused(account) == set()


@pytest.mark.parametrize(
    ("entry", "caught"),
    [
        ({"con_id": AAPL}, True),
        ({"con_id": 7}, True),  # what it is written on
        ({"con_id": 8}, False),
        ({"issuer": "AaPl"}, True),
        ({"issuer": "us0378331005"}, True),
        ({"issuer": "AAP"}, False),
        ({"con_id": 8, "issuer": ""}, False),  # an instrument without an ISIN is not "no issuer"
        ({"con_id": AAPL, "ended_at": NOON}, False),
        ({"con_id": AAPL, "ended_at": NOON + timedelta(seconds=1)}, True),
    ],
)
def test_an_entry_catches_what_it_names(
    account: BrokerAccount, entry: dict[str, Any], caught: object
) -> None:
    isin = "" if entry.get("issuer") == "" else "US0378331005"
    Instrument.objects.update(under_con_id=7, isin=isin)
    Restriction.objects.create(
        reason="Earnings", added_by=make_user("officer"), added_at=NOON, **entry
    )
    assert ("restricted" in refused(account)) is caught


def test_an_entry_for_another_account_catches_nothing(account: BrokerAccount) -> None:
    other = make_account(account.connection, "DU7654321")
    Restriction.objects.create(
        con_id=AAPL,
        account=other,
        reason="Earnings",
        added_by=make_user("officer"),
        added_at=NOON,
    )
    assert refused(account) == set()
    assert "restricted" in refused(other)


def test_an_account_is_not_judged_by_anothers_rows(account: BrokerAccount) -> None:
    assert refused(account) == set()
    other = make_account(account.connection, "DU7654321")
    assert "position_cap" in refused(other)
    assert refused(account) == set()


@pytest.mark.parametrize("look", ["first", "before the wire"])
def test_the_door_is_one_statement_that_reads_and_one_that_writes(
    account: BrokerAccount, look: str
) -> None:
    for number in range(30):
        make_order(
            account,
            instrument=Instrument.objects.get(pk=AAPL),
            ref=f"ibp-{number}",
            ib_order_id=100 + number,
        )
    more: dict[str, Any] = {"order_id": Order.objects.all()[0].pk} if look != "first" else {}
    refused(account, **more)
    with CaptureQueriesContext(database) as statements:
        refused(account, **more)
    assert len(statements) == 2


def test_a_look_is_one_trip_to_redis(
    account: BrokerAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    send: Any = redis.Connection.send_packed_command

    def counted(self: Any, command: Any, *rest: Any, **more: Any) -> None:
        sent.append(command)
        send(self, command, *rest, **more)

    refused(account)
    monkeypatch.setattr(redis.Connection, "send_packed_command", counted)
    refused(account)
    assert len(sent) == 1


def test_a_post_of_an_order_asks_as_little_as_it_can(
    account: BrokerAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Session, user, account, instrument, permissions, grant, price step, key, gate; then the
    decision, the order, its event and the audit with its head; then the row for the browsers."""
    monkeypatch.setattr(clock, "now", lambda: NOON)
    user = make_user("alice", account)
    user.user_permissions.add(Permission.objects.get(codename="trade"))
    client = Client()
    client.force_login(user)
    _post(client, account, "first")
    with CaptureQueriesContext(database) as statements:
        _post(client, account, "second")
    told = [row["sql"] for row in statements if "SAVEPOINT" not in row["sql"]]
    assert len(told) <= 15 + BEGIN_AND_COMMIT, "\n".join(text[:150] for text in told)


def _post(client: Client, account: BrokerAccount, key: str) -> None:
    body = {"account": account.pk, "con_id": AAPL, "side": "BUY", "quantity": "10"}
    answer = client.post(
        "/api/v1/orders/",
        body | {"order_type": "LMT", "limit_price": "99.5"},
        content_type="application/json",
        headers={"Idempotency-Key": key},
    )
    assert answer.status_code == 201, answer.content
