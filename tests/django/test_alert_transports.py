"""Transports against a real mail server and a Bot API over HTTP: what is for good, what passes."""

import logging
from collections.abc import Iterator

import pytest

from apps.risk.alerts.errors import Passing, Permanent
from apps.risk.alerts.transports import TRANSPORTS, Message, deliver
from ibportal.run.plan import free_port
from tests.alert_servers import TOKEN, BotApi, Mailbox, bot_api, mail_server, wait_answer

HELLO = Message(title="Halted", body="Loss today 3.1 %", severity="critical")
APPRISE = [
    # It still looks for this module when first imported, and leaves a socket to the collector.
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def api() -> Iterator[BotApi]:
    with bot_api() as served:
        yield served


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as served:
        yield served


def telegram(api: BotApi, **fields: str) -> dict[str, str]:
    return {"token": TOKEN, "chat_id": "1001", "base_url": api.address} | fields


def mail(port: int, **fields: str) -> dict[str, str]:
    told = {"host": "127.0.0.1", "port": str(port), "security": "none", "to": "desk@example.org"}
    return told | {"sender": "portal@example.org"} | fields


def test_telegram_takes_a_message_and_gives_its_number(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    assert deliver("telegram", telegram(api), HELLO) == "message 1"
    assert api.texts == ["Halted\n\nLoss today 3.1 %"]


def test_a_wrong_token_is_for_good_and_not_repeated_in_the_error(api: BotApi) -> None:
    with pytest.raises(Permanent) as refused:
        deliver("telegram", telegram(api, token="1:wrong-secret"), HELLO)

    assert "wrong-secret" not in refused.value.sentence


def test_an_unknown_chat_is_for_good(api: BotApi) -> None:
    with pytest.raises(Permanent, match="refuses the chat"):
        deliver("telegram", telegram(api, chat_id="77"), HELLO)


def test_telegram_says_how_long_to_wait(api: BotApi) -> None:
    api.answers.append(wait_answer(37))

    with pytest.raises(Passing) as later:
        deliver("telegram", telegram(api), HELLO)

    assert later.value.retry_after == 37


def test_a_silent_or_broken_telegram_passes(api: BotApi) -> None:
    api.answers.append((502, {"ok": False, "description": "Bad Gateway"}))

    with pytest.raises(Passing):
        deliver("telegram", telegram(api), HELLO)
    with pytest.raises(Passing) as later:
        deliver("telegram", telegram(api, base_url=f"http://127.0.0.1:{free_port()}"), HELLO)
    assert TOKEN not in later.value.sentence


def test_a_mail_arrives_with_the_receipt_as_its_id(box: Mailbox) -> None:
    receipt = deliver("email", mail(box.port), HELLO)

    assert f"Message-ID: {receipt}" in box.mails[0]
    assert "Subject: Halted" in box.mails[0]
    assert "Loss today 3.1 %" in box.mails[0]


def test_a_dead_mail_server_passes() -> None:
    with pytest.raises(Passing, match="does not answer"):
        deliver("email", mail(free_port()), HELLO)


def test_the_mail_servers_own_code_decides(box: Mailbox) -> None:
    box.reply = "550 no such user"
    with pytest.raises(Permanent, match="550"):
        deliver("email", mail(box.port), HELLO)

    box.reply = "451 try again later"
    with pytest.raises(Passing, match="451"):
        deliver("email", mail(box.port), HELLO)


def test_a_server_without_login_refuses_a_password_for_good(box: Mailbox) -> None:
    with pytest.raises(Permanent) as refused:
        deliver("email", mail(box.port, username="me", password="open sesame"), HELLO)

    assert "open sesame" not in refused.value.sentence


@APPRISE[0]
@APPRISE[1]
def test_apprise_speaks_to_a_web_hook(api: BotApi) -> None:
    host = api.address.removeprefix("http://")
    api.answers.append((200, {}))
    assert deliver("apprise", {"url": f"json://{host}/hook"}, HELLO) == "accepted"

    api.answers.append((401, {}))
    with pytest.raises(Permanent):
        deliver("apprise", {"url": f"json://{host}/hook"}, HELLO)

    api.answers.append((503, {}))
    with pytest.raises(Passing):
        deliver("apprise", {"url": f"json://{host}/hook"}, HELLO)


@APPRISE[0]
@APPRISE[1]
def test_what_cannot_work_is_said_before_it_is_saved() -> None:
    assert "url" in TRANSPORTS["apprise"].check({"url": "nonsense"})
    assert "chat_id" in TRANSPORTS["telegram"].check({"chat_id": "me"})
    wrong = TRANSPORTS["email"].check(mail(0, to="somebody"))
    assert sorted(wrong) == ["port", "to"]
