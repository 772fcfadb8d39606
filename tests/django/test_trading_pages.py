"""Blotter, order and run pages as a browser without scripts gets them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import BrokerAccount, Connection
from apps.lib import clock
from apps.trading import forms
from apps.trading.models import Order, OutageReport
from apps.trading.services import planning
from apps.trading.states import OrderState, RunState
from tests.django.test_pages import words_of
from tests.factories import make_account, make_connection, make_user
from tests.marketdata_pages import around_the_clock, client_of, page, post
from tests.risk_data import allow
from tests.trading_data import (
    add_run_event,
    make_execution,
    make_order,
    make_plan,
    make_run,
    make_snapshot,
    make_strategy,
)
from tests.unit.plans import planned as plan_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]
CODE = "DU1234567"
EVERYBODY = ("orders", "executions", "order-history", "runs", "schedule", "strategies", "outages")


@pytest.fixture
def paper() -> Connection:
    return make_connection("paper")


@pytest.fixture
def account(paper: Connection) -> BrokerAccount:
    return make_account(paper, CODE)


@pytest.fixture
def alice(account: BrokerAccount) -> User:
    """May trade, approve and upload."""
    return trader("alice", account)


@pytest.fixture
def bob() -> User:
    """The same permissions, on another account."""
    return trader("bob", make_account(make_connection("other"), "DU7654321"))


@pytest.fixture
def charlie(account: BrokerAccount) -> User:
    """May look at Alice's account and do nothing."""
    return make_user("charlie", account)


def trader(name: str, account: BrokerAccount) -> User:
    return allow(make_user(name, account), "trade", "approve_run", "upload_snapshot")


@pytest.fixture
def order(account: BrokerAccount) -> Order:
    return make_order(account, around_the_clock(), reason=f"Held for {CODE}")


@pytest.fixture
def planned(account: BrokerAccount) -> Any:
    """A run with two lines, one of them skipped, that waits for approval."""
    names = [around_the_clock(), around_the_clock(272093, "MSFT")]
    snapshot = make_snapshot(make_strategy(account), dict.fromkeys(names, "0.1"))
    run = make_run(snapshot)
    skipped = {"quantity": Decimal(0), "value": Decimal(0), "reason": "within_band"}
    make_plan(run, [{"instrument": names[0]}, {"instrument": names[1], **skipped}])
    add_run_event(run, "planned", before="planning")
    return run


@pytest.mark.parametrize("name", EVERYBODY)
def test_a_stranger_is_sent_to_the_login_page(name: str) -> None:
    response = Client().get(reverse(name))

    assert response.status_code == 302
    assert response["Location"].startswith("/login/")


@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
@pytest.mark.parametrize("name", EVERYBODY)
def test_every_page_opens_and_masks_the_account(
    name: str, language: str, alice: User, order: Order, planned: Any
) -> None:
    make_execution(order, "0001.01")
    response = page(alice, name, language=language)

    assert response.status_code == 200
    assert CODE not in response.content.decode()


def test_orders_have_their_usual_names_and_reasons_without_the_brokers_prefix(
    alice: User, account: BrokerAccount
) -> None:
    told = {"reason": "Order Canceled - reason:", "reason_code": "202", "state": "cancelled"}
    make_order(account, around_the_clock(), tif="OPG", **told)
    why = {"reason": "Order rejected - reason:No such luck", "reason_code": "201"}
    rejected = make_order(account, around_the_clock(), state="rejected", **why)

    for name in ("orders", "order-history"):
        text = words_of(page(alice, name))
        assert "LOO" in text
        assert "No such luck" in text
        assert "reason:" not in text
    assert "reason:" not in words_of(page(alice, "order", rejected.pk))


def test_the_blotter_shows_what_is_open_and_who_may_cancel_it(
    alice: User, charlie: User, bob: User, order: Order
) -> None:
    mine = page(alice, "orders").content.decode()

    assert "AAPL" in mine
    assert "99.50" in mine
    assert f'action="/orders/{order.pk}/cancel/"' in mine
    assert f"orders:{order.account_id}" in mine
    assert f'action="/orders/{order.pk}/cancel/"' not in page(charlie, "orders").content.decode()
    assert "AAPL" not in page(bob, "orders").content.decode()


@pytest.mark.parametrize("name", ["order", "order-cancel", "order-change", "order-settle"])
def test_other_peoples_orders_are_not_there(name: str, bob: User, order: Order) -> None:
    client = client_of(bob)
    address = reverse(name, args=[order.pk])
    response = client.get(address) if name == "order" else client.post(address)

    assert response.status_code in {302, 404}
    assert "AAPL" not in client.get("/orders/").content.decode()
    order.refresh_from_db()
    assert order.cancel_asked_at is None


def test_who_may_only_look_cannot_cancel(charlie: User, order: Order) -> None:
    response = client_of(charlie).post(
        reverse("order-cancel", args=[order.pk]), headers={"hx-request": "true"}
    )

    assert response.status_code == 403
    assert "permission to trade" in words_of(response)
    order.refresh_from_db()
    assert order.cancel_asked_at is None


def test_an_order_that_nobody_claimed_is_withdrawn(alice: User, order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(state=OrderState.ACCEPTED)
    response = post(alice, "order-cancel", order.pk)

    assert "is withdrawn" in words_of(response)
    order.refresh_from_db()
    assert order.state == OrderState.NOT_SENT


def test_a_working_order_is_asked_to_be_cancelled_once(alice: User, order: Order) -> None:
    for _round in range(2):
        response = post(alice, "order-cancel", order.pk)
        assert "asked to cancel" in words_of(response)

    assert order.events.filter(kind="cancel_asked").count() == 1


def test_an_order_placed_elsewhere_wants_a_clear_yes(alice: User, order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(
        source="external", client_id=order.connection.client_id, ib_order_id=7
    )
    assert "was not placed by the portal" in words_of(page(alice, "order", order.pk))
    assert "nothing was cancelled" in words_of(post(alice, "order-cancel", order.pk))
    order.refresh_from_db()
    assert order.cancel_asked_at is None

    assert "asked to cancel" in words_of(post(alice, "order-cancel", order.pk, sure="1"))


def test_an_order_page_tells_all_that_happened(alice: User, order: Order) -> None:
    make_execution(order, "0001.01", 2, price=Decimal("99.25"))
    text = words_of(page(alice, "order", order.pk))

    for words in ("accepted", "working", "99.25", "corrected", "Held for DU****67"):
        assert words in text
    assert CODE not in text


def test_an_unknown_order_is_settled_by_a_person_with_a_reason(alice: User, order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(state=OrderState.UNKNOWN)
    assert "Look into TWS" in words_of(page(alice, "order", order.pk))
    wrong = client_of(alice).post(reverse("order-settle", args=[order.pk]), {"outcome": "filled"})
    assert wrong.status_code == 400

    post(alice, "order-settle", order.pk, outcome="not_sent", reason="TWS does not list it")
    order.refresh_from_db()
    assert order.state == OrderState.NOT_SENT


@pytest.mark.parametrize(
    "query",
    [
        {"text": "aap", "state": "submitted", "side": "BUY", "source": "page"},
        {"since": "2020-01-01", "until": "2040-01-01"},
        {"page": "99"},
    ],
)
def test_the_history_is_filtered_and_paged(alice: User, order: Order, query: Any) -> None:
    assert "AAPL" in words_of(page(alice, "order-history", **query))


@pytest.mark.parametrize(
    "query", [{"state": "nonsense"}, {"since": "yesterday"}, {"account": "²"}, {"text": "x" * 99}]
)
def test_a_filter_that_cannot_be_read_is_said(alice: User, order: Order, query: Any) -> None:
    response = page(alice, "order-history", **query)

    assert response.status_code == 200
    assert "note error" in response.content.decode()


def test_the_global_cancel_wants_its_word(alice: User, order: Order) -> None:
    response = post(alice, "cancel-everything", connection="paper", confirmation="cancel")

    assert "Nothing was cancelled" in words_of(response)
    order.refresh_from_db()
    assert order.cancel_asked_at is None


def test_the_number_of_queries_does_not_grow_with_the_orders(
    alice: User, account: BrokerAccount, order: Order
) -> None:
    few = queries_of(alice, "/orders/")
    for _round in range(20):
        make_execution(make_order(account, order.instrument), f"{_round}.01")

    assert queries_of(alice, "/orders/") == few
    assert queries_of(alice, "/orders/history/") <= few + 3
    assert queries_of(alice, "/orders/executions/") <= few + 3


def queries_of(user: User, address: str) -> int:
    client = client_of(user)
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return len(captured)


def test_an_outage_is_told_to_those_whose_account_it_touched_until_it_is_read(
    alice: User, bob: User, account: BrokerAccount, order: Order
) -> None:
    now = clock.now()
    fact = {"order": order.pk, "account": account.pk, "name": "AAPL", "side": "BUY"}
    fact |= {"quantity": "10", "price": "99.5", "con_id": 265598}
    OutageReport.objects.create(
        connection=account.connection,
        from_at=now - timedelta(minutes=2),
        to_at=now,
        data={"fills": [fact]},
    )
    client = client_of(alice)

    assert "AAPL" in words_of(client.get("/orders/outages/"))
    assert "AAPL" not in words_of(page(bob, "outages"))
    client.post("/orders/outages/", headers={"hx-request": "true"})
    assert "AAPL" not in words_of(client.get("/orders/outages/"))


def test_a_plan_is_shown_with_weights_and_reasons_in_words(alice: User, planned: Any) -> None:
    response = page(alice, "run", planned.pk)
    text = words_of(response)

    # A run that waits for the link has to say so on its own page.
    assert f'data-link="{planned.connection.slug}"' in response.content.decode()
    for words in ("9.00%", "10.00%", "within the drift band", "37.50%", "Approve and execute"):
        assert words in text


def test_who_may_not_approve_is_told_who_can(charlie: User, planned: Any) -> None:
    assert "permission to approve" in words_of(page(charlie, "run", planned.pk))
    response = client_of(charlie).post(
        reverse("run-approve", args=[planned.pk]), {"digest": planned.plan.digest}
    )
    assert response.status_code == 403
    planned.refresh_from_db()
    assert planned.state == RunState.PLANNED


@pytest.mark.parametrize(
    "name", ["run", "run-approve", "run-cancel", "run-answer", "run-resume", "run-report"]
)
def test_other_peoples_runs_are_not_there(name: str, bob: User, planned: Any) -> None:
    client, address = client_of(bob), reverse(name, args=[planned.pk])
    response = client.get(address) if name in {"run", "run-report"} else client.post(address)

    assert response.status_code in {302, 404}
    planned.refresh_from_db()
    assert planned.state == RunState.PLANNED


def test_an_approval_of_another_plan_is_refused_with_a_sentence(alice: User, planned: Any) -> None:
    response = client_of(alice).post(
        reverse("run-approve", args=[planned.pk]), {"digest": "b" * 64}
    )

    assert response.status_code == 409
    assert "not the plan of the run" in words_of(response)


def test_a_run_is_cancelled_from_its_page(alice: User, planned: Any) -> None:
    post(alice, "run-cancel", planned.pk)

    planned.refresh_from_db()
    assert planned.state == RunState.CANCELLED


def test_the_report_is_a_file(alice: User, planned: Any) -> None:
    response = page(alice, "run-report", planned.pk)

    assert response["Content-Type"].startswith("text/csv")
    assert "attachment" in response["Content-Disposition"]
    assert response.content.decode().count("\r\n") == 3


def test_a_policy_beyond_reason_is_refused_beside_its_field(alice: User, planned: Any) -> None:
    address = reverse("policy", args=[planned.strategy_id])
    fields = {**forms.PolicyForm(instance=planned.policy).initial, "overrides": "{}"}

    response = client_of(alice).post(address, fields | {"cash_buffer": "2"})

    assert response.status_code == 400
    assert "less than or equal to 0.99" in words_of(response)
    assert "Constraint" not in words_of(response)


@pytest.mark.parametrize(
    ("language", "words"), [("zh-hans", "权重合计 103.00 %"), ("zh-hant", "權重合計 103.00 %")]
)
def test_why_a_run_was_refused_is_told_in_the_readers_language(
    language: str, words: str, alice: User, account: BrokerAccount
) -> None:
    refusals = planning._refusals(plan_of({1: "0.6", 2: "0.43"}, {1: 10, 2: 10}))
    run = make_run(make_snapshot(make_strategy(account), {around_the_clock(): "0.1"}))
    planning._refuse(run, refusals, clock.now())

    for name, pk in (("run", (run.pk,)), ("runs", ())):
        text = words_of(page(alice, name, *pk, language=language))
        assert words in text
        assert "The weights sum" not in text
    assert "The weights sum to 103.00 %" in words_of(page(alice, "run", run.pk))
    assert "The weights sum to 103.00 %" in run.sentence
