"""The alert pages, their API and admin: what they show, never a secret, and whom they let act."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.lib import clock
from apps.risk import services
from apps.risk.models import Alert, Channel, TelegramChat
from tests.alert_data import make_channel, make_keeper, telegram_config
from tests.alert_servers import TOKEN, BotApi, bot_api
from tests.factories import make_user
from tests.risk_data import make_held

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]
FORM = {
    "page": "channels",
    "kind": "telegram",
    "name": "bot",
    "min_severity": "warning",
    "tier": "1",
    "language": "en",
    "zone": "Asia/Hong_Kong",
    "per_hour": "30",
    "batch_seconds": "20",
    "enabled": "on",
}


@pytest.fixture
def api() -> Iterator[BotApi]:
    with bot_api() as served:
        yield served


@pytest.fixture
def keeper() -> User:
    return make_keeper()


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def sent(client: Client, path: str, **fields: Any) -> str:
    return str(client.post(path, FORM | fields, follow=True).content.decode())


def test_a_channel_is_made_tested_and_removed_on_the_page(api: BotApi, keeper: User) -> None:
    client = client_of(keeper)

    shown = sent(client, "/alerts/channels/new/", **telegram_config(api))
    channel = Channel.objects.get()
    assert "The channel is saved" in shown
    assert TOKEN not in shown
    tested = sent(client, f"/alerts/channels/{channel.pk}/test/")
    assert "Receipt: message 1" in tested
    api.chats.clear()
    assert "Not sent" in sent(client, f"/alerts/channels/{channel.pk}/test/")
    sent(client, f"/alerts/channels/{channel.pk}/delete/")
    assert not Channel.objects.exists()


def test_a_form_that_makes_no_sense_says_why(api: BotApi, keeper: User) -> None:
    client = client_of(keeper)
    wrong = telegram_config(api) | {"zone": "Moon/Base"}

    assert "A zone is written like" in sent(client, "/alerts/channels/new/", **wrong)
    assert "This is needed." in sent(client, "/alerts/channels/new/", chat_id="1001")
    assert "beginning and an end" in sent(
        client, "/alerts/channels/new/", quiet_from="22:00", **telegram_config(api)
    )
    assert not Channel.objects.exists()


def test_a_viewer_sees_channels_and_changes_none(api: BotApi) -> None:
    channel = make_channel("telegram", telegram_config(api))
    client = client_of(make_user("vera"))

    shown = client.get("/alerts/channels/").content.decode()
    assert "telegram" in shown
    assert api.address not in shown
    assert "may not change" in sent(client, f"/alerts/channels/{channel.pk}/delete/")
    assert Channel.objects.exists()


def test_a_chat_commands_in_the_name_of_who_allowed_it(api: BotApi, keeper: User) -> None:
    channel = make_channel("telegram", telegram_config(api))
    client = client_of(keeper)

    sent(client, f"/alerts/channels/{channel.pk}/chats/", chat="1001")
    chat = TelegramChat.objects.get()
    assert chat.user == keeper
    sent(client, f"/alerts/channels/{channel.pk}/chats/{chat.pk}/forbid/")
    assert not TelegramChat.objects.exists()


def test_the_alert_page_shows_what_became_of_each_and_takes_note(api: BotApi) -> None:
    account = make_held()
    make_channel("telegram", telegram_config(api))
    alert = services.alert_raise(
        code="x", severity="critical", account=account, sentence="Look here.", at=clock.now()
    ).alert
    services.channel_send(channel_id=Channel.objects.get().pk, at=clock.now())
    client = client_of(make_user("olivia", account))

    shown = client.get("/alerts/").content.decode()
    assert "Look here." in shown
    assert 'data-delivery="sent"' in shown
    assert account.code not in shown
    assert "DU****67" in shown
    client.post(f"/risk/alerts/{alert.pk}/seen/", {"page": "alerts"})
    assert Alert.objects.get().seen_by is not None
    assert Client().get("/alerts/").status_code == 302


def test_a_stranger_sees_no_alert_of_the_account() -> None:
    account = make_held()
    services.alert_raise(
        code="x", severity="critical", account=account, sentence="Secret.", at=clock.now()
    )

    assert "Secret." not in client_of(make_user("sam")).get("/alerts/").content.decode()


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant"])
def test_the_pages_speak_chinese(language: str, keeper: User) -> None:
    client = client_of(keeper)
    for path in ("/alerts/", "/alerts/channels/"):
        shown = client.get(path, headers={"accept-language": language}).content.decode()
        assert "Channels" not in shown
        assert "Switched on" not in shown


def test_the_api_keeps_channels_and_gives_no_secret(api: BotApi, keeper: User) -> None:
    client, path = client_of(keeper), "/api/v1/risk/channels/"
    body = {"name": "bot", "kind": "telegram", "config": telegram_config(api)}

    made = client.post(path, body, "application/json")
    one = f"{path}{made.json()['id']}/"
    changed = client.patch(one, {"min_severity": "info"}, "application/json")
    moved = client.patch(one, {"config": {"base_url": "http://127.0.0.1:1"}}, "application/json")
    tested = client.post(f"{one}test/")
    listed = client.get(path)

    assert (made.status_code, changed.json()["min_severity"]) == (201, "info")
    assert (moved.status_code, "token" in moved.json()["fields"]) == (400, True)
    assert tested.json() == {"ok": True, "sentence": "message 1"}
    answers = (made, changed, moved, tested, listed)
    assert all(TOKEN not in answer.content.decode() for answer in answers)
    assert client_of(make_user("vera")).delete(one).status_code == 403
    assert client.delete(one).status_code == 204


def test_the_api_tells_of_deliveries(api: BotApi) -> None:
    make_channel("telegram", telegram_config(api))
    services.alert_raise(
        code="x", severity="critical", account=None, sentence="Look.", at=clock.now()
    )

    row = client_of(make_user("vera")).get("/api/v1/risk/deliveries/").json()["results"][0]
    assert (row["state"], row["channel"], row["occasion"]) == ("queued", "telegram", "raised")


def test_the_admin_shows_no_secret(api: BotApi) -> None:
    channel = make_channel("telegram", telegram_config(api))
    root = User.objects.create_superuser("root", password="root-password")

    shown = client_of(root).get(f"/admin/risk/channel/{channel.pk}/change/").content.decode()
    assert "sealed" not in shown
    assert channel.sealed not in shown
    assert client_of(root).get("/admin/risk/delivery/").status_code == 200
    assert client_of(root).get("/admin/risk/telegramchat/").status_code == 200


def test_the_api_tells_alerts_in_the_readers_language_and_when_they_were_over() -> None:
    account, at = make_held(), clock.now()
    services.kill_set(user=None, account=account, level=2, reason="storm", at=at, by="ops")
    services.alert_recover(code="kill", account=account, key="2", at=at)
    client = client_of(make_user("olivia", account))

    row = client.get("/api/v1/risk/alerts/").json()["results"][0]
    chinese = client.get("/api/v1/risk/alerts/", headers={"accept-language": "zh-hans"}).json()
    assert row["sentence"] == "ops has set kill level 2 (Reduce only): storm"
    assert row["recovered_at"] is not None
    assert chinese["results"][0]["sentence"] == "ops 设置了停止级别 2（只减仓）：storm"
