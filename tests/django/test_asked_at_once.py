"""Orders and cancels as one statement where the database can: whole or not at all, and told in
the right order; where it cannot, with the same outcome."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection, transaction

from apps.accounts.models import AuditEvent, BrokerAccount
from apps.accounts.selectors import audit_verified
from apps.accounts.services import audit_append, chaining
from apps.lib import realtime
from apps.lib import redis as store
from apps.marketdata.models import Instrument
from apps.risk.models import GateDecision
from apps.trading import services
from apps.trading.models import Order
from apps.trading.services import asked_at_once, cancels, orders
from apps.trading.states import OrderState as S
from tests.factories import NOON, make_account, make_connection, make_user
from tests.gate_data import AAPL, ready_to_trade

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_redis")]
LATER = NOON + timedelta(seconds=1)
SLUG = "paper"


@pytest.fixture
def account(empty_redis: None) -> Iterator[BrokerAccount]:
    audit_append(actor=None, action="test.began", subject="the chain", at=NOON)
    found = make_account(make_connection(SLUG), "DU1234567")
    with ready_to_trade(found):
        yield found


@pytest.fixture
def alice(account: BrokerAccount) -> User:
    user = make_user("alice", account)
    user.user_permissions.add(Permission.objects.get(codename="trade"))
    return User.objects.get(pk=user.pk)


def place(account: BrokerAccount, user: User, **fields: Any) -> Order:
    told: dict[str, Any] = {
        "user": user,
        "account": account,
        "instrument": Instrument.objects.get(con_id=AAPL),
        "source": "api",
        "side": "BUY",
        "quantity": Decimal(10),
        "order_type": "LMT",
        "tif": "DAY",
        "limit_price": Decimal("99.50"),
        "idempotency_key": "k1",
        "at": NOON,
    }
    return services.order_place(**(told | fields))


def working(order: Order) -> Order:
    Order.objects.filter(pk=order.pk).update(state=S.SUBMITTED, ib_order_id=7, client_id=1)
    return Order.objects.get(pk=order.pk)


def cancel(order: Order, user: User) -> Order:
    return services.order_cancel(user=user, order=order, at=LATER, source="api")


def waiting(kind: str) -> int:
    return int(store.client().llen(store.ERRANDS.format(slug=SLUG, kind=kind)))


def stored() -> dict[str, Any]:
    """All that one order leaves, without keys and hashes."""
    row = Order.objects.select_related("decision").get()
    assert row.decision is not None
    audit = AuditEvent.objects.get(action="order.place")
    assert (audit.data["decision"], audit.subject) == (row.decision_id, f"order {row.pk}")
    return {
        "order": (
            row.quantity,
            row.limit_price,
            row.state,
            row.filled,
            row.evidence,
            row.placed_by,
        ),
        "decision": (row.decision.passed, row.decision.at, len(row.decision.verdicts)),
        "intent": row.decision.intent,
        "events": list(row.events.values_list("number", "kind", "before", "after", "origin", "at")),
        "audit": (audit.actor, audit.account_id, audit.at, audit.data["quantity"]),
    }


def test_one_statement_stores_what_the_steps_store(
    account: BrokerAccount, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(account, alice)
    at_once = stored()
    Order.objects.get().events.all().delete()
    Order.objects.all().delete()
    monkeypatch.setattr(orders, "possible", lambda: False)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_auditevent WHERE action = 'order.place'")
    place(account, alice)
    assert stored() == at_once
    assert waiting("send") == 2


def test_the_chain_of_the_audit_stays_whole(account: BrokerAccount, alice: User) -> None:
    cancel(working(place(account, alice)), alice)
    audit_append(actor=None, action="test.ended", subject="the chain", at=LATER)
    actions = AuditEvent.objects.order_by("sequence").values_list("action", flat=True)
    assert list(actions) == ["test.began", "order.place", "order.cancel", "test.ended"]
    assert audit_verified().whole


def test_an_audit_that_moved_meanwhile_costs_more_tries_and_doubles_nothing(
    account: BrokerAccount, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def moved(read: Any) -> Any:
        def seen() -> Any:
            found = read()
            audit_append(actor=None, action="test.between", subject="the chain", at=NOON)
            return found

        return seen

    monkeypatch.setattr(orders, "keys_taken", moved(asked_at_once.keys_taken))
    monkeypatch.setattr(cancels, "head_seen", moved(chaining.head_seen))
    order = cancel(working(place(account, alice)), alice)
    assert (Order.objects.count(), GateDecision.objects.count()) == (1, 1)
    assert list(order.events.values_list("number", "kind")) == [
        (1, "accepted"),
        (2, "cancel_asked"),
    ]
    assert AuditEvent.objects.filter(action__startswith="order.").count() == 2
    assert (waiting("send"), waiting("cancel")) == (1, 1)
    assert audit_verified().whole
    between = AuditEvent.objects.filter(action="test.between").count()
    tries = orders.TRIES + 1 if connection.vendor == "postgresql" else 0
    assert between == tries, "of an order and of a cancel"


def test_the_same_key_at_the_same_moment_gives_the_first_order(
    account: BrokerAccount, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = place(account, alice)
    monkeypatch.setattr(orders, "_known", lambda *_: None)
    assert place(account, alice).pk == first.pk
    assert (Order.objects.count(), waiting("send")) == (1, 1)
    assert AuditEvent.objects.filter(action="order.place").count() == 1
    assert GateDecision.objects.count() == 2, "the gate's answers are kept"


def test_inside_a_transaction_nothing_is_told_before_its_end(
    account: BrokerAccount, alice: User
) -> None:
    with transaction.atomic():
        order = working(place(account, alice))
        cancel(order, alice)
        assert (waiting("send"), waiting("cancel")) == (0, 0)
    assert (waiting("send"), waiting("cancel")) == (1, 1)


def test_the_worker_hears_of_orders_and_cancels_before_browsers_do(
    account: BrokerAccount, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[int, int]] = []
    monkeypatch.setattr(
        realtime, "_send", lambda *_: heard.append((waiting("send"), waiting("cancel")))
    )
    order = place(account, alice)
    assert heard == [(1, 0)]
    cancel(working(order), alice)
    assert heard == [(1, 0), (1, 1)]


@pytest.mark.parametrize("state", [S.FILLED, S.CANCELLED])
def test_a_cancel_of_what_ended_meanwhile_is_neither_noted_nor_sent(
    account: BrokerAccount, alice: User, state: S
) -> None:
    order = working(place(account, alice))
    Order.objects.filter(pk=order.pk).update(state=state)
    told = cancel(order, alice)
    assert (told.state, told.cancel_asked_at) == (state, None)
    assert (waiting("cancel"), told.events.count()) == (0, 1)
    assert not AuditEvent.objects.filter(action="order.cancel").exists()


def test_an_event_written_at_the_same_moment_does_not_lose_the_cancel(
    account: BrokerAccount, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = working(place(account, alice))
    calls: list[int] = []

    def taken(*_: Any, **__: Any) -> bool:
        calls.append(1)
        return False

    monkeypatch.setattr(cancels, "possible", lambda: True)
    monkeypatch.setattr(cancels, "cancel_asked_at_once", taken)
    assert cancel(order, alice).cancel_asked_at == LATER
    assert (calls, waiting("cancel")) == ([1], 1)
