"""The risk pages and API: what they show, what they ask for, and whom they let act."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.accounts.models import BrokerAccount
from apps.accounts.patches import patched
from apps.lib import clock
from apps.risk import selectors, services, topics
from apps.risk.models import KillEvent, Lock
from tests.factories import make_user, publications
from tests.risk_data import make_held, make_officer, tell_equity

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]


@pytest.fixture
def account() -> BrokerAccount:
    return make_held()


@pytest.fixture
def officer(account: BrokerAccount) -> User:
    return make_officer("olivia", account)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def look(account: BrokerAccount) -> None:
    account.refresh_from_db()
    services.guard_evaluate(account=account, at=clock.now())


def page(client: Client, path: str, language: str = "en") -> str:
    response = client.get(path, headers={"accept-language": language})
    assert response.status_code == 200
    return str(response.content.decode())


def test_the_page_shows_numbers_against_limits(account: BrokerAccount, officer: User) -> None:
    look(account)
    tell_equity(account, "97500", at=clock.now())
    look(account)

    shown = page(client_of(officer), f"/risk/accounts/{account.pk}/")

    assert "Loss today, first limit" in shown
    assert 'value="1.250"' in shown  # the bar is full
    assert "Reduce only" in shown
    assert "latched; a person must lift it" in shown
    assert account.code not in shown


def test_the_page_speaks_chinese(account: BrokerAccount, officer: User) -> None:
    look(account)

    shown = page(client_of(officer), "/risk/", "zh-hans")

    assert "风险" in shown
    assert "Loss today" not in shown


@pytest.mark.parametrize(("language", "loss"), [("zh-hans", "今日亏损"), ("zh-hant", "今日虧損")])
def test_what_the_guard_and_flattening_say_is_in_the_readers_language(
    account: BrokerAccount, officer: User, language: str, loss: str
) -> None:
    look(account)
    tell_equity(account, "96000", at=clock.now())
    look(account)
    services.kill_set(user=officer, account=account, level=4, reason="my words", at=clock.now())
    services.kill_lift(user=officer, account=account, reason="enough", at=clock.now())

    overview = page(client_of(officer), "/risk/", language)
    mine = page(client_of(officer), f"/risk/accounts/{account.pk}/", language)

    assert loss in overview
    assert "my words" in overview
    for shown in (overview, mine):
        assert "Loss today" not in shown
        assert "before it was proven flat" not in shown
    assert "olivia" in mine


def kill(client: Client, account: BrokerAccount | None, **fields: Any) -> Any:
    body = {
        "account": "" if account is None else account.pk,
        "level": 2,
        "reason": "prices look wrong",
        "confirmation": "STOP",
    }
    return client.post("/risk/kill/", body | fields, follow=True)


def test_the_kill_switch_wants_its_word_and_a_reason(account: BrokerAccount, officer: User) -> None:
    client = client_of(officer)

    assert "not typed" in kill(client, account, confirmation="").content.decode()
    assert "not typed" in kill(client, account, level=4).content.decode()
    assert "reason" in kill(client, account, reason="").content.decode()
    assert selectors.kill_level(account.pk) == 0

    answer = kill(client, account, page=account.pk).content.decode()
    assert "Kill level 2 is set" in answer
    assert KillEvent.objects.get().by == "olivia"


def test_lifting_says_what_it_does_and_wants_word_reason_and_permission(
    account: BrokerAccount, officer: User
) -> None:
    kill(client_of(officer), account)
    body = {"account": account.pk, "reason": "all clear", "confirmation": "LIFT"}

    assert "closed positions are not opened" in page(
        client_of(officer), f"/risk/accounts/{account.pk}/"
    )
    viewer = client_of(make_user("vera", account))
    assert "data-kill-form" not in page(viewer, f"/risk/accounts/{account.pk}/")
    assert "may not lift" in viewer.post("/risk/lift/", body, follow=True).content.decode()
    client_of(officer).post("/risk/lift/", body | {"confirmation": "lif"})
    assert selectors.kill_level(account.pk) == 2

    client_of(officer).post("/risk/lift/", body)
    assert selectors.kill_level(account.pk) == 0


def test_a_stranger_sees_nothing(account: BrokerAccount) -> None:
    stranger = client_of(make_user("sam"))

    assert stranger.get(f"/risk/accounts/{account.pk}/").status_code == 404
    assert stranger.get(f"/api/v1/risk/accounts/{account.pk}/").status_code == 404
    assert stranger.get("/api/v1/risk/").json()["accounts"] == []
    assert Client().get("/risk/").status_code == 302


def test_every_page_tells_of_a_level_and_of_alerts(account: BrokerAccount, officer: User) -> None:
    kill(client_of(officer), None)
    services.alert_raise(
        code="x", severity="critical", account=account, sentence="Look here.", at=clock.now()
    )

    shown = page(client_of(officer), "/findings/")

    assert "Kill level 2: Reduce only" in shown
    assert "Look here." in shown


def test_a_lock_is_made_and_explained_on_the_page(account: BrokerAccount, officer: User) -> None:
    client, path = client_of(officer), f"/risk/accounts/{account.pk}/locks/"

    client.post(path, {"con_id": 265598, "name": "AAPL", "reason": "split tomorrow"})
    lock = Lock.objects.get()
    assert "split tomorrow" in page(client, f"/risk/accounts/{account.pk}/")
    client.post(f"{path}{lock.pk}/close/", {"how": "explained", "note": "split is done"})

    lock.refresh_from_db()
    assert (lock.how, lock.closed_by) == ("explained", officer)


@pytest.mark.parametrize("con_id", ["", "0", "abc", "999999"])
def test_an_instrument_that_nobody_knows_is_not_locked(
    account: BrokerAccount, officer: User, con_id: str
) -> None:
    client, path = client_of(officer), f"/risk/accounts/{account.pk}/locks/"
    answer = client.post(
        path, {"con_id": con_id, "name": "", "reason": "typed wrongly"}, follow=True
    )
    assert "No instrument with this conId is known." in answer.content.decode()
    assert not Lock.objects.exists()


# API


def test_the_api_stops_and_lifts_with_one_error_shape(
    account: BrokerAccount, officer: User
) -> None:
    client = client_of(officer)
    body = {"account": account.pk, "level": 3, "reason": "by script"}

    answer = client.post("/api/v1/risk/kill/", body, "application/json")
    refused = client_of(make_user("vera", account)).post(
        "/api/v1/risk/lift/", body | {"level": 0}, "application/json"
    )
    nothing = client.post("/api/v1/risk/kill/", {"level": 9}, "application/json")
    lifted = client.post("/api/v1/risk/lift/", body | {"level": 0}, "application/json")

    assert (answer.status_code, answer.json()["level"]) == (200, 3)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert (nothing.status_code, sorted(nothing.json()["fields"])) == (400, ["level", "reason"])
    assert lifted.json()["level"] == 0


def test_the_api_tells_state_and_evaluations(account: BrokerAccount, officer: User) -> None:
    look(account)
    client = client_of(officer)

    state = client.get(f"/api/v1/risk/accounts/{account.pk}/").json()
    looks = client.get(f"/api/v1/risk/accounts/{account.pk}/evaluations/").json()

    assert state["guard"]["state"] == looks["results"][0]["state"]
    assert state["figures"] == looks["results"][0]["figures"]
    assert client.get("/api/v1/risk/").json()["accounts"][0]["name"] == str(account)


def test_events_on_a_snapshot_give_a_fresh_snapshot(
    account: BrokerAccount,
    officer: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    look(account)
    before = selectors.account_state(account)

    with publications() as events, django_capture_on_commit_callbacks(execute=True):
        tell_equity(account, "96500", at=clock.now())
        look(account)
        services.kill_lift(user=officer, account=account, reason="hedged", at=clock.now())
        lock = services.lock_open(
            user=officer, account=account, con_id=265598, name="X", reason="why not", at=clock.now()
        )
        services.lock_close(user=officer, lock=lock, how="explained", note="done", at=clock.now())

    topic = topics.risk_topic(account.pk)
    for name, data in events:
        if name == topic:
            before = patched(before, data)
    assert before == selectors.account_state(account)


# manage.py kill


def test_the_command_stops_without_a_person_and_lifts_only_with_one(
    account: BrokerAccount, officer: User
) -> None:
    call_command("kill", level=3, account=account.code, reason="console")
    assert KillEvent.objects.get().by == "command"

    with pytest.raises(CommandError, match="--user"):
        call_command("kill", level=0, account=account.code, reason="console")
    make_user("vera", account)
    with pytest.raises(CommandError, match="may not lift"):
        call_command("kill", level=0, account=account.code, reason="console", user="vera")
    call_command("kill", level=0, account=account.code, reason="console", user=officer.username)

    assert selectors.kill_level(account.pk) == 0


@pytest.mark.parametrize(
    "table",
    [
        "killswitch", "killevent", "gatewaycommand", "alert", "flatten", "guardstate",
        "guardevent", "lock", "ledgerbalance",
    ],
)  # fmt: skip
def test_the_admin_shows_history_and_changes_none(account: BrokerAccount, table: str) -> None:
    look(account)
    root = client_of(User.objects.create_superuser("root"))

    assert root.get(f"/admin/risk/{table}/").status_code == 200
    assert root.get(f"/admin/risk/{table}/add/").status_code == 403
