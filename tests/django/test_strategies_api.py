"""Strategies, policies and target weights over REST: who sees what, and errors by line."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.accounts.models import BrokerAccount
from apps.lib import clock
from apps.trading import services
from apps.trading.models import DecisionSnapshot, Policy, Strategy
from tests.factories import NOON, make_account, make_connection, make_user, tell_values
from tests.marketdata_data import instrument

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]


@pytest.fixture
def account() -> BrokerAccount:
    made = make_account(make_connection())
    tell_values(made, [("NetLiquidation", "100000.00", "USD")])
    return made


@pytest.fixture
def alice(account: BrokerAccount) -> User:
    user = make_user("alice", account)
    for name in ("upload_snapshot", "change_strategy"):
        user.user_permissions.add(Permission.objects.get(codename=name))
    return user


@pytest.fixture
def bob() -> User:
    """May do everything, on another account."""
    user = make_user("bob", make_account(make_connection("other"), "DU7654321"))
    for name in ("upload_snapshot", "change_strategy"):
        user.user_permissions.add(Permission.objects.get(codename=name))
    return user


@pytest.fixture
def weekly(account: BrokerAccount) -> Strategy:
    for con_id, symbol in ((1, "AAPL"), (2, "MSFT")):
        instrument(con_id, symbol)
    return services.strategy_create(user=None, account=account, name="weekly", at=NOON)


def client(user: User) -> Client:
    made = Client()
    made.force_login(user)
    return made


def get(user: User, route: str, *args: Any, **query: Any) -> Any:
    return client(user).get(reverse(f"trading-api:{route}", args=args), query)


def send(user: User, method: str, route: str, *args: Any, **body: Any) -> Any:
    address = reverse(f"trading-api:{route}", args=args)
    return getattr(client(user), method)(address, body, content_type="application/json")


def upload(user: User, strategy: Strategy, content: bytes, **fields: Any) -> Any:
    address = reverse("trading-api:snapshot-upload", args=[strategy.pk])
    file = SimpleUploadedFile("weights.csv", content, content_type="text/csv")
    return client(user).post(address, {"file": file} | fields)


def test_a_strategy_is_made_listed_and_switched_off(alice: User, account: BrokerAccount) -> None:
    body = {"account": account.pk, "name": "weekly", "policy": {"cash_buffer": "0.05"}}
    made = send(alice, "post", "strategies", **body)
    assert made.status_code == 201
    assert get(alice, "strategies").json()["results"] == [made.json()]
    pk = made.json()["id"]
    assert get(alice, "policies", pk).json()["results"][0]["cash_buffer"] == "0.05"
    assert send(alice, "patch", "strategy", pk, enabled=False).json()["enabled"] is False
    assert get(alice, "strategy", pk).json()["enabled"] is False


def test_a_policy_changes_as_a_new_version(alice: User, weekly: Strategy) -> None:
    changed = send(alice, "post", "policies", weekly.pk, changes={"turnover_cap": "0.2"})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    wrong = send(alice, "post", "policies", weekly.pk, changes={"turnover_cap": "-1"})
    assert wrong.status_code == 400
    assert list(wrong.json()["fields"]) == ["turnover_cap"]
    assert Policy.objects.filter(strategy=weekly).count() == 2


def test_weights_are_sent_and_read_again(alice: User, weekly: Strategy) -> None:
    rows = [{"con_id": 1, "weight": "0.25"}, {"symbol": "MSFT", "weight": "50%"}]
    made = send(alice, "post", "snapshots", weekly.pk, weights=rows, note="by hand")
    assert made.status_code == 201
    body = made.json()
    assert [(w["symbol"], w["weight"]) for w in body["weights"]] == [
        ("MSFT", "0.5"),
        ("AAPL", "0.25"),
    ]
    assert (body["dated_on"], body["made_by"]) == (clock.now().date().isoformat(), "alice")
    assert get(alice, "snapshot", body["id"]).json() == body
    listed = get(alice, "snapshots", weekly.pk).json()["results"]
    assert [row["digest"] for row in listed] == [body["digest"]]


def test_wrong_weights_are_told_by_line(alice: User, weekly: Strategy) -> None:
    rows = [{"con_id": 1, "weight": "0.7"}, {"con_id": 2, "weight": "inf"}, {"weight": "1"}]
    answer = send(alice, "post", "snapshots", weekly.pk, weights=rows)
    assert (answer.status_code, answer.json()["code"]) == (400, "weight_not_finite")
    assert list(answer.json()["fields"]) == ["line 2", "line 3"]
    over = send(
        alice, "post", "snapshots", weekly.pk, weights=[rows[0], {"con_id": 2, "weight": "0.33"}]
    )
    assert over.json()["code"] == "weights_over_one"
    assert "103 %" in over.json()["fields"]["weights"][0]


def test_the_template_is_downloaded_and_a_file_uploaded(alice: User, weekly: Strategy) -> None:
    template = get(alice, "snapshot-template")
    assert template["Content-Disposition"] == 'attachment; filename="weights.csv"'
    assert template.content.startswith(b"symbol,weight,")
    made = upload(alice, weekly, b"\xef\xbb\xbfsymbol;weight\r\nAAPL;0,25\r\n", note="Excel")
    assert (made.status_code, made.json()["origin"]) == (201, "csv")
    wrong = upload(alice, weekly, b"symbol,weight\nAAPL,x\n")
    assert wrong.json()["fields"] == {"line 2": ["“x” is not a number. Write 0.25 or 25%."]}
    huge = upload(alice, weekly, b"x" * 2_000_000)
    assert "larger than 1 MB" in huge.json()["fields"]["file"][0]


def test_a_provider_is_asked(alice: User, weekly: Strategy) -> None:
    assert "momentum_rank" in get(alice, "providers").json()
    nothing = send(alice, "post", "snapshot-provider", weekly.pk)
    assert (nothing.status_code, nothing.json()["code"]) == (409, "unknown_provider")
    params = {"con_ids": [1, 2], "total": "0.9"}
    send(alice, "patch", "strategy", weekly.pk, provider="equal_weight", params=params)
    made = send(alice, "post", "snapshot-provider", weekly.pk)
    assert made.status_code == 201
    assert {row["weight"] for row in made.json()["weights"]} == {"0.45"}


def test_strangers_find_nothing(alice: User, bob: User, weekly: Strategy) -> None:
    made = send(alice, "post", "snapshots", weekly.pk, weights=[{"con_id": 1, "weight": "1"}])
    assert get(bob, "strategies").json()["results"] == []
    for route, pk in (
        ("strategy", weekly.pk),
        ("policies", weekly.pk),
        ("snapshots", weekly.pk),
        ("snapshot", made.json()["id"]),
    ):
        assert get(bob, route, pk).status_code == 404
    rows = [{"con_id": 1, "weight": "1"}]
    assert send(bob, "post", "snapshots", weekly.pk, weights=rows).status_code == 404
    assert upload(bob, weekly, b"symbol,weight\nAAPL,1\n").status_code == 404
    assert send(bob, "post", "snapshot-provider", weekly.pk).status_code == 404
    body = {"account": weekly.account_id, "name": "mine"}
    assert send(bob, "post", "strategies", **body).status_code == 404
    assert DecisionSnapshot.objects.count() == 1


def test_who_only_looks_changes_nothing(account: BrokerAccount, weekly: Strategy) -> None:
    viewer = make_user("viewer", account)
    assert get(viewer, "strategy", weekly.pk).status_code == 200
    rows = [{"con_id": 1, "weight": "1"}]
    assert send(viewer, "post", "snapshots", weekly.pk, weights=rows).status_code == 403
    assert send(viewer, "post", "snapshot-provider", weekly.pk).status_code == 403
    assert send(viewer, "post", "policies", weekly.pk, changes={}).status_code == 403
