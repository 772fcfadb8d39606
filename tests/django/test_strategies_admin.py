"""Strategies, policies and weights in the admin: the services judge, and history stays."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.accounts.models import BrokerAccount
from apps.trading import services
from apps.trading.models import DecisionSnapshot, Policy, Strategy
from apps.trading.services.strategies import POLICY_FIELDS
from tests.factories import NOON, make_account, make_connection, make_user, tell_values
from tests.marketdata_data import instrument

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]
RIGHTS = [f"{verb}_{model}" for verb in ("view", "add") for model in ("policy", "decisionsnapshot")]


@pytest.fixture
def account() -> BrokerAccount:
    made = make_account(make_connection())
    tell_values(made, [("NetLiquidation", "100000.00", "USD")])
    return made


@pytest.fixture
def weekly(account: BrokerAccount) -> Strategy:
    instrument(1, "AAPL")
    return services.strategy_create(user=None, account=account, name="weekly", at=NOON)


@pytest.fixture
def staff(account: BrokerAccount) -> User:
    user = make_user("staff", account, is_staff=True)
    names = ["add_strategy", "change_strategy", "upload_snapshot", *RIGHTS]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


def post(user: User, route: str, *args: Any, **body: Any) -> Any:
    client = Client()
    client.force_login(user)
    return client.post(reverse(f"admin:trading_{route}", args=args), body)


def errors(answer: Any) -> str:
    return str(answer.context["adminform"].form.errors)


def policy_body(strategy: Strategy, **changes: Any) -> dict[str, Any]:
    policy = Policy.objects.get(strategy=strategy)
    body = {name: getattr(policy, name) for name in POLICY_FIELDS}
    body = {name: value for name, value in body.items() if value is not False}
    return body | {"strategy": strategy.pk, "overrides": "{}"} | changes


def test_a_strategy_is_added_with_its_policy_and_changed(
    staff: User, account: BrokerAccount
) -> None:
    body = {"account": account.pk, "name": "monthly", "params": "{}", "provider": ""}
    assert post(staff, "strategy_add", **body, enabled="on").status_code == 302
    made = Strategy.objects.get(name="monthly")
    assert Policy.objects.filter(strategy=made).count() == 1
    assert post(staff, "strategy_change", made.pk, params="{}", provider="").status_code == 302
    made.refresh_from_db()
    assert made.enabled is False
    wrong = post(staff, "strategy_change", made.pk, params="{}", provider="magic")
    assert "One of: equal_weight" in errors(wrong)


def test_a_policy_is_added_as_the_next_version(staff: User, weekly: Strategy) -> None:
    answer = post(staff, "policy_add", **policy_body(weekly, cash_buffer="0.1"))
    assert answer.status_code == 302, errors(answer)
    assert Policy.objects.filter(strategy=weekly, version=2).exists()
    first = Policy.objects.get(strategy=weekly, version=1)
    assert post(staff, "policy_change", first.pk, cash_buffer="0.2").status_code == 403
    assert post(staff, "policy_delete", first.pk, post="yes").status_code == 403


def test_a_policy_that_makes_no_sense_is_told_at_its_field(staff: User, weekly: Strategy) -> None:
    body = policy_body(weekly) | {"turnover_cap": "-1"}
    assert "from 0 to 10" in errors(post(staff, "policy_add", **body))
    assert Policy.objects.count() == 1


def test_a_file_of_weights_is_added_or_told_by_line(staff: User, weekly: Strategy) -> None:
    def upload(content: bytes) -> Any:
        file = SimpleUploadedFile("weights.csv", content)
        body = {"strategy": weekly.pk, "dated_on": NOON.date(), "note": "", "file": file}
        return post(staff, "decisionsnapshot_add", **body)

    assert "line 2: “x” is not a number" in errors(upload(b"symbol,weight\nAAPL,x\n"))
    assert "103 %" in errors(upload(b"symbol,weight\nAAPL,1.03\n"))
    assert DecisionSnapshot.objects.count() == 0
    answer = upload(b"symbol,weight\nAAPL,0.5\n")
    assert answer.status_code == 302
    made = DecisionSnapshot.objects.get()
    assert (made.made_by, made.weights.count()) == (staff, 1)
    client = Client()
    client.force_login(staff)
    page = client.get(reverse("admin:trading_decisionsnapshot_change", args=[made.pk]))
    assert "AAPL" in page.content.decode()
    assert post(staff, "decisionsnapshot_change", made.pk, note="x").status_code == 403


def test_staff_see_only_the_accounts_they_hold_a_grant_for(staff: User) -> None:
    other = make_account(make_connection("other"), "DU7654321")
    theirs = services.strategy_create(user=None, account=other, name="theirs", at=NOON)
    client = Client()
    client.force_login(staff)
    page = client.get(reverse("admin:trading_strategy_changelist"))
    assert "theirs" not in page.content.decode()
    assert "valid choice" in errors(post(staff, "policy_add", **policy_body(theirs)))
