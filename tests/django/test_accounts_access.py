"""Alice has a grant, Bob has none, Charlie is a superuser: who sees what, and how it is shown."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from apps.accounts import selectors, services
from apps.accounts.models import BrokerAccount, LinkEvent
from apps.accounts.topics import TOPICS
from apps.lib.errors import NotFound
from apps.lib.realtime import Topic
from tests.factories import (
    NOON,
    USUAL_VALUES,
    hold,
    later,
    make_account,
    make_connection,
    make_user,
    option,
    stock,
    tell_values,
    worker_says,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]
ACCOUNT_PATHS = ["", "values/", "positions/", "equity/", "findings/"]


@pytest.fixture
def account() -> BrokerAccount:
    account = make_account(make_connection())
    tell_values(account, USUAL_VALUES)
    hold(account, (stock(), "100", "200"), (option(), "-2", "300"))
    services.findings_refresh(account=account, at=NOON)
    return account


@pytest.fixture
def alice(account: BrokerAccount) -> User:
    return make_user("alice", account)


@pytest.fixture
def bob(account: BrokerAccount) -> User:
    return make_user("bob")


@pytest.fixture
def charlie(account: BrokerAccount) -> User:
    return make_user("charlie", is_staff=True, is_superuser=True)


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _get(user: User, path: str, **query: str) -> Any:
    return _client(user).get(f"/api/v1/{path}", query)


def _topic(prefix: str) -> Topic:
    return next(topic for topic in TOPICS if topic.prefix == prefix)


def test_a_grant_decides_who_sees_an_account(
    account: BrokerAccount, alice: User, bob: User, charlie: User
) -> None:
    assert selectors.account_get(alice, account.pk) == account
    assert selectors.account_get(charlie, str(account.pk)) == account
    with pytest.raises(NotFound):
        selectors.account_get(bob, account.pk)
    assert list(selectors.findings_open(bob)) == []
    assert {f.account for f in selectors.findings_open(alice)} == {account}


def test_a_revoked_grant_and_a_switched_off_user_see_nothing(
    account: BrokerAccount, alice: User, charlie: User
) -> None:
    services.grant_revoke(user=alice, account=account)
    charlie.is_active = False
    for user in (alice, charlie, AnonymousUser()):
        assert not selectors.accounts_visible(user).exists()


@pytest.mark.parametrize("key", ["", "x", "-1", "1e3", "٣", "9" * 30])
def test_a_key_that_is_no_number_is_not_found(charlie: User, key: str) -> None:
    with pytest.raises(NotFound):
        selectors.account_get(charlie, key)


def test_topics_follow_the_same_grants(account: BrokerAccount, alice: User, bob: User) -> None:
    topic = _topic("accounts")
    assert topic.allowed(alice, str(account.pk))
    assert not topic.allowed(bob, str(account.pk))
    assert not topic.allowed(AnonymousUser(), str(account.pk))
    assert topic.snapshot(alice, str(account.pk))["card"]["code"] == "DU****67"
    with pytest.raises(NotFound):
        topic.snapshot(bob, str(account.pk))


def test_link_states_are_for_everyone_who_is_logged_in(bob: User) -> None:
    topic = _topic("connections")
    assert topic.allowed(bob, "")
    assert not topic.allowed(bob, "paper")
    assert not topic.allowed(AnonymousUser(), "")
    assert topic.snapshot(bob, "")["paper"]["worker"] is False


def test_whole_account_ids_need_a_permission_that_is_given_by_name(
    account: BrokerAccount, alice: User, charlie: User
) -> None:
    assert _get(alice, f"accounts/{account.pk}/").json()["card"]["code"] == "DU****67"
    assert _get(charlie, f"accounts/{account.pk}/").json()["card"]["code"] == "DU****67"
    for user in (alice, charlie):
        user.user_permissions.add(Permission.objects.get(codename="unmask_account"))
        fresh = type(user).objects.get(pk=user.pk)
        assert _get(fresh, f"accounts/{account.pk}/").json()["card"]["name"] == "DU1234567"


def test_no_answer_of_the_api_shows_a_masked_users_account_id(
    account: BrokerAccount, alice: User
) -> None:
    tell_values(account, [("Note", "see DU1234567", "")], at=later(minutes=1))
    paths = [f"accounts/{account.pk}/{part}" for part in ACCOUNT_PATHS]
    for path in [*paths, "accounts/", "findings/", "connections/", "status"]:
        response = _get(alice, path)
        assert response.status_code == 200
        assert b"1234567" not in response.content.replace(b'"con_id":', b"")


@pytest.mark.parametrize("part", ACCOUNT_PATHS)
def test_the_api_hides_accounts_of_others(account: BrokerAccount, bob: User, part: str) -> None:
    response = _get(bob, f"accounts/{account.pk}/{part}")
    assert response.status_code == 404
    assert set(response.json()) == {"code", "message", "remedy"}
    assert response.json()["code"] == "not_found"


def test_the_api_wants_a_login() -> None:
    response = Client().get("/api/v1/accounts/")
    assert response.status_code == 403
    assert response.json()["code"] == "not_authenticated"


def test_lists_show_only_ones_own(account: BrokerAccount, alice: User, bob: User) -> None:
    assert [card["id"] for card in _get(alice, "accounts/").json()["results"]] == [account.pk]
    assert _get(bob, "accounts/").json()["results"] == []
    assert _get(bob, "status").json()["accounts"] == 0


def test_the_api_filters_and_pages(account: BrokerAccount, alice: User) -> None:
    rows = _get(alice, f"accounts/{account.pk}/positions/", sec_type="OPT").json()
    assert [row["con_id"] for row in rows["results"]] == [700001]
    rows = _get(alice, f"accounts/{account.pk}/values/", limit="1", tag="CashBalance").json()
    assert (rows["count"], len(rows["results"])) == (3, 1)
    assert _get(alice, "accounts/", connection="other").json()["count"] == 0


def test_amounts_are_strings_without_exponent(account: BrokerAccount, alice: User) -> None:
    tell_values(account, [("Tiny", "0.00000001", "USD")])
    row = _get(alice, f"accounts/{account.pk}/values/", tag="Tiny").json()["results"][0]
    assert row["amount"] == "0.00000001"


def test_the_api_is_described_without_gaps(tmp_path: Path) -> None:
    target = tmp_path / "schema.yml"
    call_command("spectacular", file=str(target), validate=True, fail_on_warn=True)
    assert "/api/v1/accounts/{id}/positions/" in target.read_text(encoding="utf-8")


def test_a_bad_query_names_its_field(account: BrokerAccount, alice: User) -> None:
    response = _get(alice, f"accounts/{account.pk}/equity/", since_at="yesterday")
    assert response.status_code == 400
    assert response.json()["code"] == "invalid"
    assert "since_at" in response.json()["fields"]


def test_equity_comes_with_its_performance(account: BrokerAccount, alice: User) -> None:
    path = f"accounts/{account.pk}/equity/"
    assert _get(alice, path).json() == {"points": [], "performance": None}
    row = selectors.account_get(alice, account.pk)
    with worker_says(row.connection):
        services.equity_snapshot(account=row, at=NOON)
    answer = _get(alice, path, since_at=NOON.isoformat()).json()
    assert answer["points"] == [{"at": "2026-03-04T17:00:00+00:00", "value": "100000.0000"}]
    assert answer["performance"]["total_return"] == "0.00000000"


def test_a_refresh_is_a_post_with_the_right_answers(alice: User, bob: User) -> None:
    path = "/api/v1/connections/paper/refresh/"
    without = _client(alice).post(path)
    assert (without.status_code, without.json()["code"]) == (503, "unavailable")
    with worker_says(selectors.connections_enabled()[0]):
        assert _client(alice).post(path).status_code == 202
        assert _client(bob).post(path).status_code == 403
        assert _client(alice).get(path).status_code == 405
    assert _client(alice).post("/api/v1/connections/none/refresh/").status_code == 404


def test_a_connection_shows_its_effective_link(alice: User) -> None:
    assert _get(alice, "connections/paper/").json()["code"] == "worker_gone"
    with worker_says(selectors.connections_enabled()[0]):
        shown = _get(alice, "connections/paper/").json()
    assert (shown["state"], shown["worker"]) == ("ready", True)


def test_the_cost_of_the_account_list_does_not_grow_with_accounts(
    alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    connection = selectors.connections_enabled()[0]
    for number in range(8):
        other = make_account(connection, f"DU700000{number}")
        tell_values(other, USUAL_VALUES)
        services.grant_give(user=alice, account=other)
    client = _client(alice)
    # Session, user, the user's and the groups' permissions, count, accounts, values.
    with django_assert_max_num_queries(7):
        assert len(client.get("/api/v1/accounts/").json()["results"]) == 9


def test_a_snapshot_costs_few_queries(
    account: BrokerAccount, alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    # Account, the user's and the groups' permissions, values, positions.
    with django_assert_max_num_queries(5):
        _topic("accounts").snapshot(alice, str(account.pk))


def _staff(alice: User, *codenames: str) -> Client:
    alice.is_staff = True
    alice.save()
    alice.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return _client(alice)


def test_the_admin_shows_history_and_changes_none(account: BrokerAccount, charlie: User) -> None:
    client = _client(charlie)
    for model in ("linkevent", "equitypoint", "finding", "accountvalue", "position"):
        assert client.get(f"/admin/accounts/{model}/").status_code == 200
        assert client.get(f"/admin/accounts/{model}/add/").status_code == 403
    row = account.positions.first()
    assert row is not None
    page = client.get(f"/admin/accounts/position/{row.pk}/change/")
    assert page.status_code == 200
    assert b"_save" not in page.content
    assert client.post(f"/admin/accounts/position/{row.pk}/delete/").status_code == 403


def test_the_admin_masks_account_ids_without_the_permission(
    account: BrokerAccount, alice: User
) -> None:
    services.connection_update(account.connection, pinned_accounts="DU1234567")
    models = ("brokeraccount", "connection", "accountvalue")
    client = _staff(alice, *(f"{verb}_{m}" for m in models for verb in ("view", "change")))
    pages = [f"/admin/accounts/{model}/" for model in models]
    pages += [f"{pages[0]}{account.pk}/change/", f"{pages[1]}{account.connection_id}/change/"]
    for page in pages:
        response = client.get(page)
        assert response.status_code == 200
        assert b"1234567" not in response.content, page


@pytest.mark.parametrize("query", ["q=1234567", "code__startswith=DU1", "code=DU1234567"])
def test_hidden_ids_cannot_be_guessed_digit_by_digit(
    account: BrokerAccount, alice: User, query: str
) -> None:
    client = _staff(alice, "view_brokeraccount")
    assert b"DU****67" in client.get("/admin/accounts/brokeraccount/").content
    found = client.get(f"/admin/accounts/brokeraccount/?{query}")
    assert b"DU****67" not in found.content


def test_pinned_ids_cannot_be_guessed_digit_by_digit(account: BrokerAccount, alice: User) -> None:
    services.connection_update(account.connection, pinned_accounts="DU1234567")
    client = _staff(alice, "view_connection")
    found = client.get("/admin/accounts/connection/?pinned_accounts__startswith=DU1")
    assert found.status_code == 400


def test_the_admin_shows_staff_only_their_accounts(account: BrokerAccount, bob: User) -> None:
    client = _staff(bob, "view_brokeraccount", "view_position")
    assert b"DU****67" not in client.get("/admin/accounts/brokeraccount/").content
    assert b"AAPL" not in client.get("/admin/accounts/position/").content
    response = client.get(f"/admin/accounts/brokeraccount/{account.pk}/change/")
    assert response.status_code == 302


def test_the_admin_saves_a_connection_with_a_hint_and_refuses_a_wrong_one(charlie: User) -> None:
    client = _client(charlie)
    form = {
        "label": "Desk two",
        "slug": "desk-two",
        "mode": "paper",
        "enabled": "on",
        "host": "127.0.0.1",
        "port": "4001",
        "client_id": "18",
        "pinned_accounts": "",
        "market_data_type": "1",
        "time_zone": "America/New_York",
        "restart_minutes": "10",
        "no_orders_minutes": "5",
    }
    refused = client.post("/admin/accounts/connection/add/", form | {"time_zone": "Mars"})
    assert "There is no such zone" in refused.content.decode()
    saved = client.post("/admin/accounts/connection/add/", form, follow=True)
    assert "usually 4002" in saved.content.decode()
    assert [c.slug for c in selectors.connections_enabled()] == ["desk-two", "paper"]


def test_the_admin_renames_an_account(account: BrokerAccount, charlie: User) -> None:
    page = f"/admin/accounts/brokeraccount/{account.pk}/change/"
    _client(charlie).post(page, {"alias": "Income book"})
    account.refresh_from_db()
    assert str(account) == "Income book"


def test_link_history_is_listed_once_for_several_accounts(charlie: User) -> None:
    connection = selectors.connections_enabled()[0]
    make_account(connection, "DU7000001")
    LinkEvent.objects.create(connection=connection, state="ready", sentence="Fine.", at=NOON)
    response = _client(charlie).get("/admin/accounts/linkevent/")
    assert response.content.count(b"Fine.") == 1
