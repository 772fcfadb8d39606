"""What people do on pages: log in and out, refresh, change the language, meet errors."""

import pytest
from django.contrib.staticfiles import finders
from django.core.signals import got_request_exception
from django.test import Client

from apps.accounts import services
from apps.accounts.models import BrokerAccount
from apps.lib import redis as store
from tests import desk_data

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]


@pytest.fixture
def account() -> BrokerAccount:
    return desk_data.make_account(desk_data.make_connection())


@pytest.fixture
def alice(account: BrokerAccount) -> Client:
    user = desk_data.make_user("alice")
    services.grant_give(user=user, account=account)
    client = Client()
    client.force_login(user)
    return client


def test_the_right_password_opens_the_desk(account: BrokerAccount) -> None:
    desk_data.make_user("alice")

    form = {"username": "alice", "password": desk_data.PASSWORD}
    response = Client().post("/login/", form)

    assert response.status_code == 302
    assert response["Location"] == "/"


def test_a_wrong_password_is_answered_in_words() -> None:
    desk_data.make_user("alice")

    response = Client().post("/login/", {"username": "alice", "password": "guess"})

    assert response.status_code == 200
    assert "Please enter a correct username and password" in response.content.decode()


def test_login_never_leads_to_another_site() -> None:
    desk_data.make_user("alice")

    form = {"username": "alice", "password": desk_data.PASSWORD, "next": "https://evil.example/"}
    response = Client().post("/login/", form)

    assert response["Location"] == "/"


def test_logging_out_needs_a_post_and_ends_the_session(alice: Client) -> None:
    assert alice.get("/logout/").status_code == 405
    assert alice.post("/logout/")["Location"] == "/login/"
    assert alice.get("/").status_code == 302


def test_refresh_without_a_worker_says_so_in_a_sentence(alice: Client) -> None:
    response = alice.post("/refresh/", headers={"HX-Request": "true"})

    text = response.content.decode()
    assert response.status_code == 200
    assert "Simulated TWS: The gateway worker of this connection is not running." in text
    assert "Start the gateway worker" in text
    assert "<html" not in text


def test_refresh_without_scripts_shows_the_sentence_on_the_desk(alice: Client) -> None:
    response = alice.post("/refresh/", follow=True)

    assert "is not running" in response.content.decode()


@pytest.mark.django_db(transaction=True)
def test_refresh_with_a_worker_puts_the_request_on_its_queue(
    account: BrokerAccount, alice: Client
) -> None:
    desk_data.link_up(account.connection)

    response = alice.post("/refresh/", headers={"HX-Request": "true"})

    assert "has been asked for everything anew" in response.content.decode()
    assert store.client().llen("gateway.demo") == 1


def test_refresh_by_someone_without_accounts_asks_nobody(account: BrokerAccount) -> None:
    desk_data.link_up(account.connection)
    bob = Client()
    bob.force_login(desk_data.make_user("bob"))

    response = bob.post("/refresh/", headers={"HX-Request": "true"})

    assert "There is no account to refresh yet." in response.content.decode()
    assert store.client().llen("gateway.demo") == 0


def test_refresh_needs_the_forms_token(account: BrokerAccount) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(desk_data.make_user("root", superuser=True))

    response = strict.post("/refresh/")

    assert response.status_code == 403
    assert "This form has expired" in response.content.decode()


@pytest.mark.parametrize(
    ("language", "word"),
    [("zh-hans", "净清算值"), ("zh-hant", "淨清算值"), ("en", "Net liquidation")],
)
def test_the_language_can_be_changed(alice: Client, language: str, word: str) -> None:
    response = alice.post("/i18n/setlang/", {"language": language, "next": "/"}, follow=True)

    content = response.content.decode()
    assert word in content
    assert f'<html lang="{language}"' in content


def test_the_chosen_theme_is_painted_by_the_server(alice: Client) -> None:
    alice.cookies["theme"] = "dark"

    assert 'data-theme="dark"' in alice.get("/").content.decode()


def test_a_made_up_theme_is_ignored(alice: Client) -> None:
    alice.cookies["theme"] = '"><script>'

    content = alice.get("/").content.decode()
    assert "data-theme=" not in content
    assert '"><script>' not in content


def test_a_page_that_does_not_exist_is_said_in_words(alice: Client) -> None:
    response = alice.get("/nowhere/")

    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()


def test_an_error_of_ours_is_said_in_words(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    alice.raise_request_exception = False

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("apps.accounts.views.pages.accounts_whole", broken)
    seen: list[object] = []
    got_request_exception.connect(
        lambda **kwargs: seen.append(kwargs), weak=False, dispatch_uid="x"
    )
    response = alice.get("/")
    got_request_exception.disconnect(dispatch_uid="x")

    assert response.status_code == 500
    assert "Something went wrong on our side" in response.content.decode()
    assert seen


@pytest.mark.parametrize("page", ["/", "/findings/", "/connections/", "/login/"])
def test_no_page_holds_an_inline_script_or_style(alice: Client, page: str) -> None:
    content = alice.get(page, follow=True).content.decode()

    scripts = [part.split(">")[0] for part in content.split("<script")[1:]]
    assert all("src=" in tag or "application/json" in tag for tag in scripts)
    assert " style=" not in content
    assert " onclick=" not in content


def test_the_browser_code_is_found_where_pages_look_for_it() -> None:
    assert finders.find("js/main.js")
    assert finders.find("django_htmx/htmx-2.min.js")
