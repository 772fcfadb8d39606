"""The pages as a browser without scripts gets them: who sees what, and what they say."""

import re
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from apps.accounts import services
from apps.accounts.models import BrokerAccount, Connection, Finding
from apps.lib import clock
from apps.lib import redis as store
from ibkr.errors import explain
from ibkr.types import BrokerError
from ibportal.gateway.notices import Notices
from tests import desk_data

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]
PAGES = ("/", "/findings/", "/connections/")


@pytest.fixture
def connection() -> Connection:
    return desk_data.make_connection()


@pytest.fixture
def account(connection: Connection) -> BrokerAccount:
    return desk_data.make_account(connection, alias="Income book")


def logged_in(
    name: str, *, account: BrokerAccount | None = None, superuser: bool = False
) -> Client:
    user = desk_data.make_user(name, superuser=superuser)
    if account is not None:
        services.grant_give(user=user, account=account)
    client = Client()
    client.force_login(user)
    return client


class Answer(Protocol):
    """What the test client gives back."""

    @property
    def content(self) -> bytes: ...


def words_of(response: Answer) -> str:
    """The page's text without tags, spaces folded."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.mark.parametrize("page", [*PAGES, "/accounts/1/", "/waiting/"])
def test_a_stranger_is_sent_to_the_login_page(page: str) -> None:
    response = Client().get(page)

    assert response.status_code == 302
    assert response["Location"] == f"/login/?next={page}"


def test_alice_sees_the_account_she_was_given(account: BrokerAccount) -> None:
    text = words_of(logged_in("alice", account=account).get("/"))

    assert "Income book" in text
    assert "412,358.27" in text
    assert "+1,228.72" in text
    assert "−402.15" in text
    assert "HKD 148,211.60" in text
    assert "60.2%" in text


def test_the_desk_lists_every_position_with_its_figures(account: BrokerAccount) -> None:
    page = logged_in("alice", account=account).get("/").content.decode()

    assert page.count("<tr data-row=") == len(desk_data.BOOK) + 1  # and the template of new rows
    assert "0.3975" in page
    assert "1.05142" in page
    assert "12 of 12 priced" in page


def test_bob_without_a_grant_sees_nothing_of_it(account: BrokerAccount) -> None:
    client = logged_in("bob")

    desk = client.get("/")
    page = client.get(f"/accounts/{account.pk}/")

    assert "No account is open to you" in words_of(desk)
    for response in (desk, page):
        assert "Income book" not in words_of(response)
        assert "412,358.27" not in words_of(response)
    assert page.status_code == 404
    assert "you have not been given access" in words_of(page)


def test_bob_is_not_subscribed_to_what_he_may_not_see(account: BrokerAccount) -> None:
    page = logged_in("bob").get("/").content.decode()

    assert 'data-topics="connections"' in page


def test_the_desk_subscribes_to_the_account_and_its_quotes(account: BrokerAccount) -> None:
    page = logged_in("alice", account=account).get("/").content.decode()

    topics = f"connections accounts:{account.pk} quotes:demo risk:{account.pk}"
    assert f'data-topics="{topics}"' in page


@pytest.mark.parametrize("page", ["/", "/accounts/{pk}/", "/findings/", "/connections/"])
def test_account_ids_are_masked_everywhere(connection: Connection, page: str) -> None:
    account = desk_data.make_account(connection)
    _find_something(account)

    content = logged_in("alice", account=account).get(page.format(pk=account.pk)).content.decode()

    assert desk_data.CODE not in content
    assert "DU****67" in content or page == "/connections/"


def test_the_permission_to_unmask_shows_the_whole_id(account: BrokerAccount) -> None:
    client = logged_in("alice", account=account)
    user = account.grants.get().user
    user.user_permissions.add(Permission.objects.get(codename="unmask_account"))

    assert desk_data.CODE in words_of(client.get("/"))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("superuser", [True, False])
def test_every_page_renders_on_an_empty_database(page: str, superuser: bool) -> None:  # noqa: FBT001
    response = logged_in("carol", superuser=superuser).get(page)

    assert response.status_code == 200


def test_an_empty_portal_says_what_to_do() -> None:
    assert "Add a connection" in words_of(logged_in("root", superuser=True).get("/"))
    assert "Ask an administrator" in words_of(logged_in("carol").get("/"))


def test_before_the_first_account_the_desk_waits_for_the_gateway(connection: Connection) -> None:
    client = logged_in("root", superuser=True)

    assert "Waiting for the gateway" in words_of(client.get("/"))
    assert client.get("/waiting/").status_code == 204
    assert "HX-Refresh" not in client.get("/waiting/").headers


def test_the_waiting_page_reloads_once_there_is_an_account(account: BrokerAccount) -> None:
    response = logged_in("alice", account=account).get("/waiting/")

    assert response.headers["HX-Refresh"] == "true"


def test_the_account_page_shows_every_value_by_tag_and_currency(account: BrokerAccount) -> None:
    text = words_of(logged_in("alice", account=account).get(f"/accounts/{account.pk}/"))

    assert "CashBalance EUR -5702.25" in text.replace("−", "-").replace(",", "")
    assert "Cushion – 0.602172" in text
    assert "Deepest drawdown" in text


def test_the_account_page_draws_the_equity_curve(account: BrokerAccount) -> None:
    page = logged_in("alice", account=account).get(f"/accounts/{account.pk}/").content.decode()

    assert 'aria-label="Net liquidation over time"' in page
    assert "412,342.00" in page


def test_an_account_without_history_says_when_the_curve_begins(account: BrokerAccount) -> None:
    account.equity.all().delete()

    text = words_of(logged_in("alice", account=account).get(f"/accounts/{account.pk}/"))

    assert "The equity curve starts with the second minute." in text


def test_findings_are_shown_to_those_who_may_see_the_account(account: BrokerAccount) -> None:
    _find_something(account)

    assert "AAPL has no price" in words_of(logged_in("alice", account=account).get("/findings/"))
    assert "AAPL has no price" not in words_of(logged_in("bob").get("/findings/"))


def test_the_connections_page_tells_states_and_events(account: BrokerAccount) -> None:
    desk_data.link_up(account.connection)

    text = words_of(logged_in("alice", account=account).get("/connections/"))

    assert "Simulated TWS" in text
    assert "Connected; positions and values are up to date." in text
    assert "127.0.0.1:4002" not in text


def test_only_those_who_manage_connections_see_their_addresses(account: BrokerAccount) -> None:
    assert "127.0.0.1:4002" in words_of(logged_in("root", superuser=True).get("/connections/"))


def test_a_live_connection_puts_a_banner_on_every_page() -> None:
    desk_data.make_connection("real", mode="live")
    client = logged_in("alice")

    for page in PAGES:
        assert '<div id="live-banner" class="banner live">' in client.get(page).content.decode()


def test_paper_connections_show_no_live_banner(connection: Connection) -> None:
    client = logged_in("alice")

    for page in PAGES:
        content = client.get(page).content.decode()
        assert '<div id="live-banner" class="banner live" hidden>' in content


def test_the_admin_warns_of_real_money_too() -> None:
    client = logged_in("root", superuser=True)
    assert "Real money" not in words_of(client.get("/admin/"))

    desk_data.make_connection("real", mode="live")

    assert "Real money" in words_of(client.get("/admin/"))


def test_totals_of_two_base_currencies_are_never_added(connection: Connection) -> None:
    desk_data.make_account(connection, code="DU1111111")
    desk_data.make_account(connection, code="DU2222222")
    BrokerAccount.objects.filter(code="DU2222222").update(base_currency="HKD")

    page = logged_in("root", superuser=True).get("/").content.decode()

    assert re.findall(r'<tr data-total="([^"]+)"', page) == ["paper HKD", "paper USD"]


def test_real_money_is_never_added_to_paper(connection: Connection) -> None:
    desk_data.make_account(connection)
    desk_data.make_account(desk_data.make_connection("real", mode="live"), code="U7654321")

    response = logged_in("root", superuser=True).get("/")

    assert re.findall(r'<tr data-total="([^"]+)"', response.content.decode()) == [
        "live USD",
        "paper USD",
    ]
    assert "Total USD · live account" in words_of(response)


@pytest.mark.parametrize("count", [1, 3])
def test_the_desk_keeps_its_query_budget(
    connection: Connection,
    count: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(count):
        desk_data.make_account(connection, code=f"DU100000{number}")
    client = logged_in("root", superuser=True)

    # session, user, mask, accounts, positions, links, alerts, accounts whose alerts are followed,
    # kill levels, guard; and for each account values and equity
    with django_assert_max_num_queries(10 + 2 * count):
        client.get("/")


def _find_something(account: BrokerAccount) -> None:
    at = clock.now()
    Finding.objects.create(
        account=account,
        con_id=1,
        code="price_missing",
        severity="warning",
        sentence="AAPL has no price",
        first_seen_at=at - timedelta(minutes=5),
        last_seen_at=at,
    )


def test_what_the_broker_said_is_explained_in_the_readers_language(
    connection: Connection, account: BrokerAccount
) -> None:
    held = account.positions.order_by("con_id").first()
    assert held is not None
    keeper = Notices(connection.slug)
    at = datetime(2026, 1, 5, 15, tzinfo=UTC)
    keeper.add(BrokerError(10197, "No market data during competing session", at, 7, held.con_id))
    keeper.add(BrokerError(987654, "Something nobody has seen", at, -1))
    keeper.flush(store.client())
    client = logged_in("alice", account=account)

    english = words_of(client.get("/connections/"))
    assert explain(10197).explanation("en").meaning.split(".")[0] in english
    assert held.symbol in english
    assert "Something nobody has seen" in english, "unknown codes are shown raw"
    chinese = words_of(client.get("/connections/", headers={"accept-language": "zh-hans"}))
    assert "经纪商消息" in chinese
    assert explain(10197).explanation("zh-hans").meaning in chinese
