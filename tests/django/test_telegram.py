"""Commands over Telegram: who is obeyed, once each, and what they do."""

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from apps.accounts.models import BrokerAccount
from apps.lib import redis as store
from apps.lib.errors import Invalid
from apps.risk import book, selectors, services
from apps.risk.alerts.transports.telegram import Update
from apps.risk.book import WorkingOrder
from apps.risk.models import Alert, Channel, GuardState, KillEvent
from apps.risk.services import telegram
from tests.alert_data import make_channel, telegram_config
from tests.alert_servers import BotApi, bot_api
from tests.factories import make_user
from tests.risk_data import Shelf, allow, make_held

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]
AT = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def api() -> Iterator[BotApi]:
    with bot_api() as served:
        yield served


@pytest.fixture
def account(empty_redis: None) -> BrokerAccount:
    return make_held(AT)


@pytest.fixture
def user(account: BrokerAccount) -> User:
    return allow(make_user("olivia", account), "kill", "lift", "change_channel")


@pytest.fixture
def bot(api: BotApi, user: User) -> Channel:
    channel = make_channel("telegram", telegram_config(api))
    services.chat_allow(user=user, channel=channel, chat_id=1001, at=AT)
    return channel


def told(api: BotApi, text: str, at: datetime = AT) -> str:
    """What the bot answers."""
    before = len(api.texts)
    api.write(text)
    services.telegram_poll(at=at)
    assert len(api.texts) == before + 1
    return api.texts[-1]


def code_in(text: str) -> str:
    found = re.search(r"/resume (\d{6})", text)
    assert found is not None
    return found[1]


@pytest.mark.usefixtures("bot")
def test_the_commands_that_look_answer_with_masked_ids(api: BotApi, account: BrokerAccount) -> None:
    shelf = Shelf()
    shelf.orders.append(
        WorkingOrder(
            order_id=1,
            account_id=account.pk,
            con_id=265598,
            side="BUY",
            quantity=Decimal(100),
            remaining=Decimal(40),
            limit_price=Decimal("187.5"),
            stop_price=None,
            order_type="LMT",
            tif="DAY",
            state="working",
            external=False,
            accepted_at=AT,
        )
    )
    before = book.book()
    book.register(shelf)
    try:
        answers = [told(api, text) for text in ("/status", "/positions", "/orders", "/pnl")]
    finally:
        book.register(before)

    assert "Paper: ready" in answers[0]
    assert "100 AAPL" in answers[1]
    assert "BUY 40/100" in answers[2]
    assert "@ 187.5" in answers[2]
    assert "unrealized" in answers[3]
    assert all("DU****67" in answer for answer in answers)
    assert "DU1234567" not in "".join(answers)


@pytest.mark.usefixtures("bot")
def test_halt_stops_at_once_and_resume_wants_a_reason_and_a_code(
    api: BotApi, account: BrokerAccount
) -> None:
    assert "Halted" in told(api, "/halt")
    assert selectors.own_level(None) == 3
    assert KillEvent.objects.get().source == "telegram"

    assert "why" in told(api, "/resume")
    asked = told(api, "/resume prices are right again")
    assert "all accounts: kill level 3" in asked
    assert selectors.own_level(None) == 3

    assert "Lifted" in told(api, f"/resume {code_in(asked)}", AT + MINUTE)
    assert selectors.own_level(None) == 0
    assert KillEvent.objects.first().reason == "prices are right again"  # type: ignore[union-attr]


@pytest.mark.usefixtures("bot")
def test_one_account_is_halted_by_the_end_of_its_id(api: BotApi, account: BrokerAccount) -> None:
    assert "No account" in told(api, "/halt 99")
    told(api, "/halt 67")

    assert (selectors.own_level(account.pk), selectors.own_level(None)) == (3, 0)


@pytest.mark.usefixtures("bot")
def test_a_code_holds_two_minutes_three_tries_and_for_what_was_shown(
    api: BotApi, account: BrokerAccount
) -> None:
    told(api, "/halt")
    late = code_in(told(api, "/resume all clear"))
    assert "does not hold" in told(api, f"/resume {late}", AT + 3 * MINUTE)

    code = code_in(told(api, "/resume all clear"))
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _try in range(3):
        told(api, f"/resume {wrong}")
    told(api, f"/resume {code}")
    assert selectors.own_level(None) == 3

    code = code_in(told(api, "/resume all clear"))
    told(api, "/halt 67")
    assert "changed meanwhile" in told(api, f"/resume {code}")
    assert selectors.own_level(None) == 3


def test_commands_have_the_powers_of_their_user(
    api: BotApi, bot: Channel, account: BrokerAccount
) -> None:
    vera = allow(make_user("vera", account), "change_channel")
    services.chat_allow(user=vera, channel=bot, chat_id=1001, at=AT)

    assert "may not stop" in told(api, "/halt")
    assert selectors.own_level(account.pk) == 0


@pytest.mark.usefixtures("bot")
def test_strangers_and_groups_are_ignored_and_logged_once(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for chat, kind in ((2002, "private"), (2002, "private"), (1001, "group")):
        api.write("/halt", chat=chat, kind=kind)
    services.telegram_poll(at=AT)

    assert api.texts == []
    assert selectors.own_level(None) == 0
    assert sum("chat 2002 is not allowed" in r.getMessage() for r in caplog.records) == 1


def test_a_command_works_once_though_telegram_tells_it_again(api: BotApi, bot: Channel) -> None:
    told(api, "/halt")
    assert services.telegram_poll(at=AT) == 0
    update = Update(update_id=500, chat_id=1001, private=True, text="/halt")

    assert telegram._taken(bot.pk, update, AT) == ""
    assert KillEvent.objects.count() == 1


@pytest.mark.usefixtures("bot")
def test_an_alert_is_acknowledged_by_its_number(api: BotApi, user: User) -> None:
    alert = services.alert_raise(
        code="x", severity="critical", account=None, sentence="Look.", at=AT
    ).alert

    assert f"#{alert.pk}" in told(api, "/alerts")
    assert "acknowledged" in told(api, f"/ack {alert.pk}")
    assert "no such alert" in told(api, "/ack 999999")
    assert Alert.objects.get().seen_by == user


@pytest.mark.usefixtures("bot")
def test_anything_else_gets_help(api: BotApi) -> None:
    assert "/positions" in told(api, "hello")


def test_a_bot_whose_token_is_withdrawn_is_switched_off(api: BotApi, bot: Channel) -> None:
    api.answers.append((401, {"ok": False, "error_code": 401, "description": "Unauthorized"}))
    services.telegram_poll(at=AT)

    bot.refresh_from_db()
    assert not bot.enabled


def test_a_silent_telegram_is_left_alone_for_a_while(api: BotApi, bot: Channel) -> None:
    api.answers.append((502, {"ok": False, "description": "Bad Gateway"}))
    services.telegram_poll(at=AT)
    services.telegram_poll(at=AT)

    assert len(api.asked) == 1
    bot.refresh_from_db()
    assert bot.enabled


def test_commands_come_from_private_chats(api: BotApi, bot: Channel, user: User) -> None:
    with pytest.raises(Invalid):
        services.chat_allow(user=user, channel=bot, chat_id=-100200, at=AT)


# heartbeat


def test_the_heartbeat_goes_out_only_while_guard_and_gateways_live(
    api: BotApi, account: BrokerAccount, settings: Settings
) -> None:
    assert services.heartbeat(at=AT) == "no HEARTBEAT_URL"
    settings.HEARTBEAT_URL = f"{api.address}/ping"
    services.guard_evaluate(account=account, at=AT)

    assert services.heartbeat(at=AT) == ""
    assert api.asked == ["/ping"]
    assert services.heartbeat(at=AT + MINUTE) == "the guard is silent"
    GuardState.objects.update(evaluated_at=AT + MINUTE)
    store.client().delete(store.LEASE.format(name="connection:paper"))
    assert "no gateway worker" in services.heartbeat(at=AT + MINUTE)
    assert api.asked == ["/ping"]
