"""Secrets of channels: sealed, turned with their keys, and shown by nothing that shows anything."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import AuditEvent
from apps.lib import clock
from apps.lib.errors import Unavailable
from apps.risk import services
from apps.risk.models import Channel
from ibportal.run.plan import free_port
from tests.alert_data import mail_config, make_channel, make_keeper, telegram_config
from tests.alert_servers import BotApi, bot_api

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("empty_redis"),
    # Apprise still looks for this module when first imported, and leaves a socket behind.
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SECRETS = ("77:bot-secret", "mail-secret", "hook-secret")
PAGES = (
    "/alerts/",
    "/alerts/channels/",
    "/alerts/strip/",
    "/risk/",
    "/api/v1/risk/channels/",
    "/api/v1/risk/deliveries/",
    "/api/v1/risk/alerts/",
    "/api/v1/audit/",
    "/api/v1/audit/export/",
    "/admin/risk/channel/",
    "/admin/risk/delivery/",
    "/admin/risk/alert/",
    "/admin/accounts/auditevent/",
)


@pytest.fixture
def api() -> Iterator[BotApi]:
    with bot_api() as served:
        yield served


@pytest.fixture
def channels(api: BotApi) -> list[Channel]:
    """One of each kind; none of them works."""
    host = api.address.removeprefix("http://")
    bot, mail, hook = SECRETS
    return [
        make_channel("telegram", telegram_config(api, token=bot)),
        make_channel("email", mail_config(free_port(), username="me", password=mail)),
        make_channel("apprise", {"url": f"json://user:{hook}@{host}/{hook}"}),
    ]


def test_no_page_api_admin_audit_or_log_shows_a_secret(
    channels: list[Channel], caplog: pytest.LogCaptureFixture, api: BotApi
) -> None:
    caplog.set_level(logging.INFO)
    api.answers += [(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})]
    at, keeper = clock.now(), make_keeper()
    services.alert_raise(code="x", severity="critical", account=None, sentence="Look.", at=at)
    for channel in channels:
        services.channel_send(channel_id=channel.pk, at=at)
        services.channel_test(user=keeper, channel=channel, at=at)
        services.chat_allow(user=keeper, channel=channels[0], chat_id=1001, at=at)
    Channel.objects.filter(kind="telegram").update(enabled=True)
    services.telegram_poll(at=at)

    root = Client()
    root.force_login(User.objects.create_superuser("root", password="root-password"))
    changed = [f"/admin/risk/channel/{c.pk}/{page}/" for c in channels
               for page in ("change", "history", "delete")]  # fmt: skip
    for path in (*PAGES, *changed):
        answer = root.get(path)
        assert answer.status_code == 200, path
        body = b"".join(answer) if answer.streaming else answer.content
        assert_clean(body.decode(), path)
        for channel in channels:
            assert channel.sealed not in body.decode(), path
    assert_clean(str(list(AuditEvent.objects.values())), "audit")
    ours = [r.getMessage() for r in caplog.records if r.name != "mail.log"]
    assert any("telegram" in line for line in ours)
    assert_clean(" ".join(ours), "log")


def assert_clean(text: str, where: str) -> None:
    found = [secret for secret in SECRETS if secret in text]
    assert found == [], where


def test_a_rotation_is_whole_or_not_at_all(channels: list[Channel], settings: Settings) -> None:
    old, new = settings.FIELD_KEYS[0], Fernet.generate_key().decode()
    sealed = dict(Channel.objects.values_list("pk", "sealed"))
    stranger = Fernet(Fernet.generate_key()).encrypt(b"{}").decode()
    Channel.objects.filter(pk=channels[-1].pk).update(sealed=stranger)
    settings.FIELD_KEYS = [new, old]

    with pytest.raises(CommandError, match="cannot be read"):
        call_command("rotate_secrets")
    first = Channel.objects.get(pk=channels[0].pk)
    assert first.sealed == sealed[first.pk]

    Channel.objects.filter(pk=channels[-1].pk).update(sealed=sealed[channels[-1].pk])
    call_command("rotate_secrets", verbosity=0)
    settings.FIELD_KEYS = [new]
    for channel in Channel.objects.all():
        assert services.channel_config(channel) is not None
    assert AuditEvent.objects.get(action="secrets.rotated").data == {"count": 3}


def test_between_old_and_new_key_both_are_read_and_the_new_one_seals(
    channels: list[Channel], settings: Settings, api: BotApi
) -> None:
    old, new = settings.FIELD_KEYS[0], Fernet.generate_key().decode()
    settings.FIELD_KEYS = [new, old]
    assert services.channel_config(channels[0])["chat_id"] == "1001"
    later = make_channel("telegram", telegram_config(api), name="later")

    settings.FIELD_KEYS = [new]
    assert services.channel_config(later)["chat_id"] == "1001"
    with pytest.raises(Unavailable) as refused:
        services.channel_config(channels[0])
    assert "Put the old key back" in refused.value.remedy


def test_without_its_key_a_channel_says_so_and_the_page_lives(
    channels: list[Channel], settings: Settings
) -> None:
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    client = Client()
    client.force_login(make_keeper())

    shown = client.get("/alerts/channels/").content.decode()
    assert shown.count("cannot be read with the keys there are") == len(channels)
    settings.FIELD_KEYS = []
    shown = client.get("/alerts/channels/").content.decode()
    assert "FIELD_KEYS is not set" in shown
    told = services.channel_test(user=make_keeper(), channel=channels[0], at=clock.now())
    assert (told.ok, "no key" in told.sentence) == (False, True)


def test_the_documented_command_makes_a_key_that_fits(settings: Settings) -> None:
    text = Path("docs/alerts.md").read_text(encoding="utf-8")
    code = text.split('python -c "')[1].split('"')[0]
    made: list[str] = []
    exec(code, {"print": made.append})  # noqa: S102  # the line that people are told to run
    settings.FIELD_KEYS = made

    assert services.secrets_rotate(by="test", at=clock.now()) == 0
