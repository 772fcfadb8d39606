"""Limits by API and admin: Alice is an officer, Bob only looks, Charlie sees nothing."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import BrokerAccount
from apps.risk.models import GateDecision, LimitChange, Restriction, RiskLimit
from tests.factories import make_account, make_connection, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> BrokerAccount:
    return make_account(make_connection())


def officer(name: str, *accounts: BrokerAccount, **fields: Any) -> User:
    user = make_user(name, *accounts, **fields)
    user.user_permissions.add(Permission.objects.get(codename="change_limits"))
    return user


def client(user: User) -> APIClient:
    found = APIClient()
    found.force_login(user)
    return found


def test_alice_sets_a_limit_and_everybody_with_access_reads_it(account: BrokerAccount) -> None:
    alice, bob = client(officer("alice", account)), client(make_user("bob", account))
    body = {
        "code": "order_quantity",
        "name": "quantity",
        "value": "75",
        "reason": "Start small",
        "account": account.pk,
    }
    answer = alice.post("/api/v1/risk/limits/", body, format="json")
    assert answer.status_code == 201
    assert answer.json()["state"] == "applied"
    controls = bob.get("/api/v1/risk/controls/", {"account": account.pk}).json()
    assert [row["code"] for row in controls][:2] == ["order_quantity", "order_notional"]
    assert controls[0]["parameters"][0]["value"] == "75"
    assert bob.get("/api/v1/risk/limits/").json()["count"] == 1
    history = bob.get("/api/v1/risk/limits/changes/").json()["results"]
    assert (history[0]["asked_by"], history[0]["reason"]) == ("alice", "Start small")
    assert bob.post("/api/v1/risk/limits/", body, format="json").status_code == 403


def test_charlie_neither_sees_nor_sets_limits_of_an_account_that_is_not_his(
    account: BrokerAccount,
) -> None:
    alice, charlie = client(officer("alice", account)), client(officer("charlie"))
    body = {
        "code": "drawdown",
        "name": "halt",
        "value": "0.1",
        "reason": "Calm",
        "account": account.pk,
    }
    alice.post("/api/v1/risk/limits/", body, format="json")
    assert charlie.get("/api/v1/risk/limits/").json()["count"] == 0
    assert charlie.post("/api/v1/risk/limits/", body, format="json").status_code == 404
    assert charlie.get(f"/api/v1/risk/accounts/{account.pk}/decisions/").status_code == 404


def test_a_wrong_number_is_answered_by_field(account: BrokerAccount) -> None:
    alice = client(officer("alice", account))
    body = {"code": "order_quantity", "name": "quantity", "value": "many", "reason": "x"}
    answer = alice.post("/api/v1/risk/limits/", body, format="json")
    assert answer.status_code == 400
    assert "value" in answer.json()["fields"]


def test_restrictions_come_and_go_with_a_reason(account: BrokerAccount) -> None:
    alice = client(officer("alice", account))
    added = alice.post(
        "/api/v1/risk/restrictions/", {"issuer": "AAPL", "reason": "Insider"}, format="json"
    ).json()
    assert alice.get("/api/v1/risk/restrictions/").json()["count"] == 1
    ended = alice.post(
        f"/api/v1/risk/restrictions/{added['id']}/end/", {"reason": "Over"}, format="json"
    )
    assert ended.status_code == 200
    assert Restriction.objects.get().ended_at is not None


def test_decisions_are_told_with_their_verdicts(account: BrokerAccount) -> None:
    verdict = {
        "code": "kill",
        "passed": False,
        "warning": False,
        "value": "2",
        "limit": "0",
        "unit": "level",
        "message": "Kill level 2 is set.",
        "template": "Kill level %(value)s is set.",
        "facts": {"value": "2", "limit": "0"},
    }
    GateDecision.objects.create(
        account=account,
        con_id=1,
        source="page",
        passed=False,
        intent={"side": "BUY"},
        verdicts=[verdict],
        policy_version="v",
        at=timezone.now(),
    )
    bob = client(make_user("bob", account))
    told = bob.get(f"/api/v1/risk/accounts/{account.pk}/decisions/").json()["results"][0]
    assert told["verdicts"][0]["message"] == "Kill level 2 is set."


def test_the_admin_changes_a_limit_through_the_same_service(account: BrokerAccount) -> None:
    officer("alice", account, is_staff=True)
    page = Client()
    page.login(username="alice", password="alice-password")
    form = {"parameter": "order_quantity.quantity", "value": "60", "reason": "Less", "sec_type": ""}
    url = "/admin/risk/limitchange/add/"
    assert page.get(url).status_code == 200
    assert page.post(url, form | {"reason": ""}).status_code == 200
    assert page.post(url, form | {"value": "many"}).status_code == 200
    assert LimitChange.objects.count() == 0
    assert page.post(url, form).status_code == 302
    assert RiskLimit.objects.get().parameters == {"quantity": "60"}
    assert page.get("/admin/risk/limitchange/").status_code == 200
    change = LimitChange.objects.get()
    assert page.post(f"/admin/risk/limitchange/{change.pk}/delete/").status_code == 403


@pytest.mark.parametrize("con_id", ["apple", "-3", "0"])
def test_what_is_no_con_id_never_becomes_a_limit_of_everything(
    account: BrokerAccount, con_id: str
) -> None:
    page = Client()
    page.force_login(officer("alice", account))
    form = {"page": "limits", "limit": "order_quantity.quantity", "value": "10", "reason": "Typed"}

    answer = page.post("/risk/limits/change/", form | {"account": account.pk, "con_id": con_id})

    assert answer.headers["Location"] == f"/risk/limits/?account={account.pk}"
    assert not RiskLimit.objects.exists()
    page.post("/risk/limits/change/", form | {"account": account.pk, "con_id": "265598"})
    assert RiskLimit.objects.get().con_id == 265598
