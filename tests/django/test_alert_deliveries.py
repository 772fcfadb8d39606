"""The way of an alert: queued, carried, retried, held back, escalated, called off."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection, connections
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.accounts.models import BrokerAccount
from apps.lib.errors import Invalid, NotAllowed
from apps.risk import services
from apps.risk.alerts.rules import Rules, backoff, due_at, quiet_until
from apps.risk.alerts.said import Said
from apps.risk.models import Alert, Channel, Delivery
from apps.risk.services import ChannelWish, Raised
from ibportal.run.plan import free_port
from tests.alert_data import mail_config, make_channel, make_keeper, telegram_config
from tests.alert_servers import TOKEN, BotApi, Mailbox, bot_api, mail_server, wait_answer
from tests.factories import make_user
from tests.risk_data import make_held

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]
AT = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def api() -> Iterator[BotApi]:
    with bot_api() as served:
        yield served


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as served:
        yield served


@pytest.fixture
def account() -> BrokerAccount:
    return make_held(AT)


def alarm(account: BrokerAccount | None = None, at: datetime = AT, **fields: str) -> Raised:
    told: dict[str, Any] = {
        "code": "x",
        "severity": "critical",
        "sentence": "Look at DU1234567.",
    } | fields
    return services.alert_raise(account=account, at=at, **told)


def carry(at: datetime = AT) -> None:
    """What sweep and tasks do, without the queue between them."""
    services.alerts_escalate(at=at)
    for channel in Channel.objects.all():
        services.channel_send(channel_id=channel.pk, at=at)


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def test_without_a_channel_nothing_breaks_and_the_caller_is_told() -> None:
    raised = alarm()

    assert (raised.sent, Delivery.objects.count()) == (False, 0)
    assert "No alert channel" in raised.sentence


def test_an_alert_goes_out_once_over_every_channel_with_ids_masked(
    api: BotApi, box: Mailbox, account: BrokerAccount
) -> None:
    make_channel("telegram", telegram_config(api))
    make_channel("email", mail_config(box.port))

    raised = alarm(account)
    carry()
    carry()

    assert (raised.sent, states()) == (True, ["sent", "sent"])
    assert len(api.texts) == len(box.mails) == 1
    assert "DU****67" in api.texts[0]
    assert "DU1234567" not in api.texts[0] + box.mails[0]
    assert Alert.objects.get().sent
    assert Delivery.objects.get(channel__kind="telegram").receipt == "message 1"


def test_the_task_is_enqueued_on_commit(
    api: BotApi, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    make_channel("telegram", telegram_config(api))

    with django_capture_on_commit_callbacks() as callbacks:
        alarm()

    assert len(callbacks) == 2  # the pages and the channel


def test_a_standing_alert_is_counted_and_told_again_only_when_graver(api: BotApi) -> None:
    make_channel("telegram", telegram_config(api), batch_seconds=0)
    alarm(severity="warning")
    alarm(severity="warning")
    carry()
    alarm(severity="critical")
    carry()

    assert Alert.objects.get().count == 3
    assert len(api.texts) == 2
    assert "got worse" in api.texts[1]


def test_alerts_of_different_things_are_different_alerts(api: BotApi) -> None:
    make_channel("telegram", telegram_config(api))
    alarm(key="1")
    alarm(key="2")
    carry()

    assert Alert.objects.count() == 2
    assert len(api.texts) == 1  # both in one message
    assert "2 alerts" in api.texts[0]


def test_what_is_not_critical_waits_for_company(api: BotApi) -> None:
    make_channel("telegram", telegram_config(api), min_severity="info", batch_seconds=20)
    alarm(code="a", severity="info")
    alarm(code="b", severity="warning")

    carry(AT + 10 * SECOND)
    assert api.texts == []
    carry(AT + 20 * SECOND)
    assert len(api.texts) == 1


def test_below_its_severity_a_channel_stays_silent(api: BotApi) -> None:
    make_channel("telegram", telegram_config(api), min_severity="critical")

    assert not alarm(severity="warning").sent


def test_a_recovery_is_told_to_whoever_was_told(api: BotApi) -> None:
    make_channel("telegram", telegram_config(api))
    alarm()
    carry()

    services.alert_recover(code="x", account=None, at=AT + MINUTE)
    services.alert_recover(code="x", account=None, at=AT + MINUTE)
    carry(AT + MINUTE)
    alarm(at=AT + 2 * MINUTE)

    assert "It is over." in api.texts[1]
    assert Alert.objects.count() == 2


def test_nobody_acknowledges_so_the_second_tier_hears_of_it(
    api: BotApi, box: Mailbox, settings: Settings
) -> None:
    settings.ALERT_ESCALATE_MINUTES = 10
    make_channel("telegram", telegram_config(api))
    make_channel("email", mail_config(box.port), tier=2)
    alarm()
    seen = alarm(code="y")
    services.alert_seen(user=make_user("vera"), pk=seen.alert.pk, at=AT)

    carry(AT + 9 * MINUTE)
    assert box.mails == []
    carry(AT + 10 * MINUTE)
    carry(AT + 11 * MINUTE)
    assert len(box.mails) == 1
    assert "Nobody has acknowledged it." in box.mails[0]
    assert f"#{seen.alert.pk} " not in box.mails[0]


def test_quiet_hours_hold_back_all_but_the_critical(api: BotApi) -> None:
    quiet: dict[str, Any] = {"quiet_from": time(22), "quiet_to": time(7), "zone": "Asia/Hong_Kong"}
    make_channel("telegram", telegram_config(api), batch_seconds=0, **quiet)
    alarm(code="a", severity="warning")
    alarm(code="b", severity="critical")

    carry(AT)  # one o'clock at night in Hong Kong
    carry(datetime(2026, 3, 4, 22, 59, tzinfo=UTC))
    assert len(api.texts) == 1
    carry(datetime(2026, 3, 4, 23, 0, tzinfo=UTC))
    assert len(api.texts) == 2


def test_more_than_an_hour_may_hold_goes_out_together_later(api: BotApi) -> None:
    make_channel("telegram", telegram_config(api), batch_seconds=0, per_hour=2)
    for minute in range(5):
        alarm(code=f"c{minute}", severity="warning", at=AT + minute * MINUTE)
        carry(AT + minute * MINUTE)
    assert len(api.texts) == 2

    alarm(code="grave", at=AT + 6 * MINUTE)
    carry(AT + 6 * MINUTE)
    assert len(api.texts) == 3
    carry(AT + HOUR + MINUTE)
    assert len(api.texts) == 4
    assert "3 alerts" in api.texts[3]


# what goes wrong


def test_a_dead_mail_server_is_tried_again_with_growing_waits_and_given_up_after_a_day() -> None:
    channel = make_channel("email", mail_config(free_port()))
    alarm()
    carry()
    carry(AT + 14 * SECOND)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("delayed", 1)
    assert "does not answer" in delivery.error

    carry(AT + 15 * SECOND)
    delivery.refresh_from_db()
    assert (delivery.attempts, delivery.next_at) == (2, AT + 45 * SECOND)
    channel.refresh_from_db()
    assert channel.enabled

    carry(AT + 25 * HOUR)
    assert states() == ["given_up"]


def test_a_server_that_is_back_gets_everything_in_one_mail() -> None:
    with mail_server() as box:
        box.reply = "451 greylisted"
        make_channel("email", mail_config(box.port))
        alarm(key="1")
        alarm(key="2")
        carry()
        box.reply = ""
        carry(AT + 15 * SECOND)

        assert len(box.mails) == 1
    assert states() == ["sent", "sent"]


def test_a_wrong_token_switches_the_channel_off_and_the_others_say_so(
    api: BotApi, box: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = make_channel("telegram", telegram_config(api, token="1:wrong-secret"), name="bot")
    make_channel("email", mail_config(box.port))
    alarm()
    services.channel_send(channel_id=wrong.pk, at=AT)
    carry(AT)

    wrong.refresh_from_db()
    assert (wrong.enabled, bool(wrong.disabled_reason)) == (False, True)
    assert Delivery.objects.get(channel=wrong).state == "failed"
    assert "The alert channel bot is switched off" in box.mails[0]
    failed = Delivery.objects.get(channel=wrong)
    assert "wrong-secret" not in wrong.disabled_reason + box.mails[0] + failed.error
    ours = [r.getMessage() for r in caplog.records if r.name.startswith(("apps.", "httpx"))]
    assert "wrong-secret" not in " ".join(ours)


def test_an_unknown_chat_switches_the_channel_off(api: BotApi) -> None:
    channel = make_channel("telegram", telegram_config(api, chat_id="77"))
    alarm()
    carry()

    channel.refresh_from_db()
    assert not channel.enabled
    assert "chat" in channel.disabled_reason.lower()


def test_told_to_wait_it_waits_exactly_so_long(api: BotApi) -> None:
    make_channel("telegram", telegram_config(api))
    api.answers.append(wait_answer(37))
    alarm()
    carry()
    alarm(code="y")
    carry(AT + 36 * SECOND)
    assert api.texts == []

    carry(AT + 37 * SECOND)
    assert len(api.texts) == 1
    assert states() == ["sent", "sent"]


def test_a_claim_of_a_process_that_died_is_taken_over(api: BotApi) -> None:
    channel = make_channel("telegram", telegram_config(api))
    alarm()
    Delivery.objects.update(state="sending", claimed_at=AT)
    Channel.objects.update(busy_until_at=AT + 2 * MINUTE)

    assert services.channel_send(channel_id=channel.pk, at=AT + MINUTE) == 0
    assert services.channel_send(channel_id=channel.pk, at=AT + 3 * MINUTE) == 1


@pytest.mark.django_db(transaction=True)
def test_tasks_that_run_at_the_same_time_send_one_message(api: BotApi) -> None:
    channel = make_channel("telegram", telegram_config(api))
    for key in ("1", "2", "3"):
        alarm(key=key)

    def run(_number: int) -> int:
        try:
            return services.channel_send(channel_id=channel.pk, at=AT)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(run, range(4)))

    assert sorted(counts) == [0, 0, 0, 3]
    assert len(api.texts) == 1


def test_a_message_tells_as_many_as_fit_and_counts_the_rest(api: BotApi) -> None:
    make_channel("telegram", telegram_config(api))
    for key in range(30):
        alarm(key=str(key), sentence="x" * 500)
    carry()

    assert 3000 < len(api.texts[0]) < 4000
    assert "and 24 more" in api.texts[0]


# secrets


def test_secrets_are_sealed_and_turn_with_the_keys(api: BotApi, settings: Settings) -> None:
    channel = make_channel("telegram", telegram_config(api))
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed FROM risk_channel")
        assert TOKEN not in cursor.fetchone()[0]
    assert "token" not in services.channel_config(channel)

    old, new = settings.FIELD_KEYS[0], Fernet.generate_key().decode()
    settings.FIELD_KEYS = [new, old]
    call_command("rotate_secrets", verbosity=0)
    settings.FIELD_KEYS = [new]
    alarm()
    carry()
    assert states() == ["sent"]

    settings.FIELD_KEYS = [old]
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("rotate_secrets")


def test_a_kept_secret_never_goes_to_a_new_address(api: BotApi) -> None:
    channel = make_channel("telegram", telegram_config(api))
    keeper = make_keeper()

    def change(**config: str) -> Channel:
        wish = ChannelWish(name="bot", kind="telegram", config=config)
        return services.channel_save(user=keeper, wish=wish, channel=channel, at=AT)

    assert change(chat_id="1001", base_url=api.address, token="").name == "bot"
    with pytest.raises(Invalid) as refused:
        change(chat_id="1001", base_url="http://127.0.0.1:1", token="")
    assert "token" in refused.value.fields


def test_channels_want_a_permission(api: BotApi) -> None:
    wish = ChannelWish(name="bot", kind="telegram", config=telegram_config(api))

    with pytest.raises(NotAllowed):
        services.channel_save(user=make_user("vera"), wish=wish, at=AT)


def test_a_test_message_tells_how_it_went_and_switches_on_again(api: BotApi) -> None:
    channel = make_channel("telegram", telegram_config(api))
    services.channel_disable(channel=channel, said=Said("was wrong"), at=AT)
    channel.refresh_from_db()

    assert services.channel_test(user=make_keeper(), channel=channel, at=AT).ok
    channel.refresh_from_db()
    assert (channel.enabled, channel.last_ok_at) == (True, AT)

    api.chats.clear()
    told = services.channel_test(user=make_keeper(), channel=channel, at=AT)
    assert not told.ok
    assert "chat" in told.sentence.lower()


def test_quiet_hours_end_in_the_channels_own_zone() -> None:
    rules = Rules(
        min_severity="info",
        quiet_from=time(22),
        quiet_to=time(7),
        zone="America/New_York",
        batch=timedelta(),
    )
    # Clocks go forward in the night of 8 March 2026.
    before = datetime(2026, 3, 8, 3, 30, tzinfo=UTC)

    assert quiet_until(rules, before) == datetime(2026, 3, 8, 11, 0, tzinfo=UTC)
    assert quiet_until(rules, AT) is None
    assert due_at(rules, "critical", before) == before
    assert [backoff(n).total_seconds() for n in (1, 2, 3, 99)] == [15, 30, 60, 900]
