"""Orders over REST: keys, answers, filters, who sees what, and refusals with their reasons."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from rest_framework.test import APIClient

from apps.accounts.models import BrokerAccount
from apps.lib import clock
from apps.trading.models import Order
from apps.trading.states import OrderState as S
from tests.factories import NOON, make_account, make_connection, make_user
from tests.gate_data import AAPL, ready_to_trade

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_redis")]


@pytest.fixture
def account(empty_redis: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[BrokerAccount]:
    """At noon of a weekday: the gate knows when markets are open."""
    monkeypatch.setattr(clock, "now", lambda: NOON)
    found = make_account(make_connection(), "DU1234567")
    with ready_to_trade(found):
        yield found


@pytest.fixture
def alice(account: BrokerAccount) -> APIClient:
    return _client("alice", account)


def _client(name: str, *accounts: BrokerAccount) -> APIClient:
    user = make_user(name, *accounts)
    user.user_permissions.add(Permission.objects.get(codename="trade"))
    client = APIClient()
    client.force_authenticate(User.objects.get(pk=user.pk))
    return client


def _body(account: BrokerAccount, **fields: Any) -> dict[str, Any]:
    told = {
        "account": account.pk,
        "con_id": AAPL,
        "side": "BUY",
        "quantity": "10",
        "order_type": "LMT",
        "limit_price": "99.517",
    }
    return told | fields


def _post(client: APIClient, body: dict[str, Any], key: str = "k1") -> Any:
    return client.post("/api/v1/orders/", body, format="json", headers={"Idempotency-Key": key})


def test_a_post_with_a_key_places_one_order_however_often(
    alice: APIClient, account: BrokerAccount
) -> None:
    first = _post(alice, _body(account))
    again = _post(alice, _body(account))
    assert (first.status_code, again.status_code) == (201, 201), first.content
    assert first.json()["id"] == again.json()["id"]
    assert first.json()["limit_price"] == "99.51"
    assert Order.objects.count() == 1


def test_a_post_without_a_key_is_refused(alice: APIClient, account: BrokerAccount) -> None:
    answer = alice.post("/api/v1/orders/", _body(account), format="json")
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["fields"]


def test_another_order_under_the_same_key_is_refused(
    alice: APIClient, account: BrokerAccount
) -> None:
    _post(alice, _body(account))
    assert _post(alice, _body(account, quantity="11")).status_code == 400


def test_the_gates_refusal_is_409_with_its_code(alice: APIClient, account: BrokerAccount) -> None:
    answer = _post(alice, _body(account, quantity="1000000"))
    assert answer.status_code == 409
    assert answer.json()["code"]
    assert answer.json()["message"]


def test_a_wrong_shape_is_400_with_its_fields(alice: APIClient, account: BrokerAccount) -> None:
    answer = _post(alice, _body(account, order_type="MKT"))
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["limit_price"]


def test_a_bracket_answers_with_its_exits(alice: APIClient, account: BrokerAccount) -> None:
    answer = _post(alice, _body(account, take_profit="104", stop_loss="96"))
    assert answer.status_code == 201, answer.content
    assert [child["type"] for child in answer.json()["children"]] == ["LMT", "STP"]
    assert _post(alice, _body(account, take_profit="104"), "k2").status_code == 400


def test_lists_filter_and_page_and_details_tell_the_history(
    alice: APIClient, account: BrokerAccount
) -> None:
    pk = _post(alice, _body(account)).json()["id"]
    _post(alice, _body(account, quantity="12"), "k2")
    assert alice.get("/api/v1/orders/", {"open": "true", "limit": "1"}).json()["count"] == 2
    assert alice.get("/api/v1/orders/", {"state": "filled"}).json()["count"] == 0
    assert alice.get("/api/v1/orders/", {"con_id": str(AAPL), "side": "BUY"}).json()["count"] == 2
    detail = alice.get(f"/api/v1/orders/{pk}/").json()
    assert [event["kind"] for event in detail["events"]] == ["accepted"]
    assert alice.get("/api/v1/executions/", {"order": pk}).json()["count"] == 0


def test_a_cancel_ends_what_nobody_has_sent(alice: APIClient, account: BrokerAccount) -> None:
    pk = _post(alice, _body(account)).json()["id"]
    for _ in range(2):
        answer = alice.post(f"/api/v1/orders/{pk}/cancel/")
        assert (answer.status_code, answer.json()["state"]) == (202, S.NOT_SENT)


def test_a_change_needs_a_working_order(alice: APIClient, account: BrokerAccount) -> None:
    pk = _post(alice, _body(account)).json()["id"]
    assert alice.patch(f"/api/v1/orders/{pk}/", {"quantity": "9"}).status_code == 400
    Order.objects.filter(pk=pk).update(state=S.SUBMITTED, ib_order_id=5, client_id=1)
    answer = alice.patch(f"/api/v1/orders/{pk}/", {"quantity": "9"})
    assert (answer.status_code, answer.json()["quantity"]) == (202, "9.0000000000")


def test_cancel_all_counts_what_it_asked_for(alice: APIClient, account: BrokerAccount) -> None:
    _post(alice, _body(account))
    body = {"connection": "paper", "account": account.pk}
    answer = alice.post("/api/v1/orders/cancel-all/", body)
    assert (answer.status_code, answer.json()) == (202, {"asked": 1})


def test_a_global_cancel_wants_its_name_typed(alice: APIClient, account: BrokerAccount) -> None:
    body = {"connection": "paper", "confirm": "papers"}
    assert alice.post("/api/v1/orders/global-cancel/", body).status_code == 400


def test_orders_of_others_do_not_exist(alice: APIClient, account: BrokerAccount) -> None:
    pk = _post(alice, _body(account)).json()["id"]
    bob = _client("bob")
    assert bob.get("/api/v1/orders/").json()["count"] == 0
    assert bob.get(f"/api/v1/orders/{pk}/").status_code == 404
    assert bob.post(f"/api/v1/orders/{pk}/cancel/").status_code == 404
    assert _post(bob, _body(account), "k3").status_code == 404
