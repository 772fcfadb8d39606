"""Trading in the admin: history is read, weights and schedules pass the services."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from apps.accounts.models import BrokerAccount
from apps.lib import clock
from apps.trading.models import DecisionSnapshot, Order, Schedule, Strategy
from apps.trading.selectors import schedule_next
from apps.trading.services.schedules import calendar_load
from tests.factories import make_account, make_connection, make_user
from tests.marketdata_pages import around_the_clock, client_of
from tests.trading_data import make_execution, make_order, make_strategy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]
MODELS = [model._meta.model_name for model in apps.get_app_config("trading").get_models()]
CODE = "DU1234567"


@pytest.fixture
def account() -> BrokerAccount:
    return make_account(make_connection(), CODE)


@pytest.fixture
def boss(account: BrokerAccount) -> User:
    return make_user("boss", account, is_staff=True, is_superuser=True)


def staff(name: str, account: BrokerAccount) -> Client:
    user = make_user(name, account, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="trading"))
    return client_of(User.objects.get(pk=user.pk))


def test_every_table_of_trading_is_in_the_admin() -> None:
    registered = {model._meta.model_name for model in admin.site._registry}

    assert set(MODELS) <= registered


@pytest.mark.parametrize("model", MODELS)
def test_every_list_opens_and_masks_accounts(
    model: str, boss: User, account: BrokerAccount
) -> None:
    order = make_order(account, around_the_clock(), reason=f"of {CODE}")
    make_execution(order, "1.1")
    response = client_of(boss).get(reverse(f"admin:trading_{model}_changelist"))

    assert response.status_code == 200
    assert CODE not in response.content.decode()


def test_an_order_is_read_and_never_changed(boss: User, account: BrokerAccount) -> None:
    order = make_order(account, around_the_clock(), reason=f"of {CODE}", lease_token="secret-7")
    client, address = client_of(boss), reverse("admin:trading_order_change", args=[order.pk])
    text = client.get(address).content.decode()

    assert "of DU****67" in text
    assert CODE not in text
    assert "secret-7" not in text
    assert client.post(address, {"quantity": "1"}).status_code == 403
    assert client.post(reverse("admin:trading_order_add"), {}).status_code == 403


def test_staff_see_only_what_is_of_their_accounts(account: BrokerAccount) -> None:
    order = make_order(account, around_the_clock())
    other = make_account(make_connection("other"), "DU7654321")
    bob = staff("bob", other)
    address = reverse("admin:trading_order_change", args=[order.pk])

    assert "AAPL" not in bob.get(reverse("admin:trading_order_changelist")).content.decode()
    assert bob.get(address).status_code == 302
    assert staff("alice", account).get(address).status_code == 200


def snapshot(strategy: Strategy, lines: str) -> dict[str, Any]:
    return {"strategy": strategy.pk, "dated_on": "2026-03-04", "note": "", "lines": lines}


def test_weights_pass_the_services_checks(boss: User, account: BrokerAccount) -> None:
    around_the_clock()
    strategy = make_strategy(account)
    client, address = client_of(boss), reverse("admin:trading_decisionsnapshot_add")

    wrong = client.post(address, snapshot(strategy, "symbol,weight\nAAPL,nan\n"))
    assert wrong.status_code == 200
    assert "finite" in wrong.content.decode()
    assert not DecisionSnapshot.objects.exists()

    right = client.post(address, snapshot(strategy, "symbol,weight\nAAPL,0.4\n"))
    assert right.status_code == 302, right.content.decode()
    found = DecisionSnapshot.objects.get()
    assert (found.origin, found.made_by) == ("admin", boss)
    assert (
        client.get(reverse("admin:trading_decisionsnapshot_change", args=[found.pk])).status_code
        == 200
    )


def test_a_schedule_passes_the_services_checks(boss: User, account: BrokerAccount) -> None:
    strategy = make_strategy(account)
    client, address = client_of(boss), reverse("admin:trading_schedule_add")
    fields = {"strategy": strategy.pk, "calendar": "XNYS", "session": "1", "anchor": "open"}
    fields |= {"minutes": "30", "missed": "skip", "late_minutes": "60", "enabled": "on"}

    wrong = client.post(address, fields | {"session": "9"})
    assert "first to the fifth" in wrong.content.decode()
    assert not Schedule.objects.exists()
    assert client.post(address, fields).status_code == 302
    made = Schedule.objects.get()
    assert (made.changed_by, made.minutes) == (boss, 30)

    change = reverse("admin:trading_schedule_change", args=[made.pk])
    assert client.post(change, fields | {"minutes": "45"}).status_code == 302
    made.refresh_from_db()
    assert made.minutes == 45

    assert "calendar is being read" in client.get(change).content.decode()
    calendar_load(name="XNYS", at=clock.now())
    told = client.get(change).content.decode()
    following = schedule_next(made, at=clock.now())
    assert len(following) == 5
    assert all(f"{run.due_at:%F %R} UTC" in told for run in following)


def test_a_strategy_is_made_and_switched_off(boss: User, account: BrokerAccount) -> None:
    client = client_of(boss)
    fields = {"account": account.pk, "name": "weekly", "provider": "", "params": "{}"}
    assert client.post(reverse("admin:trading_strategy_add"), fields).status_code == 302
    made = Strategy.objects.get()
    assert made.policies.count() == 1

    change = reverse("admin:trading_strategy_change", args=[made.pk])
    assert client.post(change, {"provider": "", "params": "{}"}).status_code == 302
    made.refresh_from_db()
    assert not made.enabled
    assert Order.objects.count() == 0
