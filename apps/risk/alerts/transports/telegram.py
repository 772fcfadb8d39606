"""Telegram's Bot API, through python-telegram-bot: messages out, and updates in."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.risk.alerts.errors import Passing, Permanent
from apps.risk.alerts.said import Said
from apps.risk.alerts.transports.base import TIMEOUT, Field, Message, Transport

if TYPE_CHECKING:
    from telegram import Bot

# python-telegram-bot tells times as timedelta where it is asked to, and warns where not.
os.environ.setdefault("PTB_TIMEDELTA", "true")
LONGEST = 4000
BASE_URL = "https://api.telegram.org"
FIELDS = (
    Field(name="token", secret=True),
    Field(name="chat_id"),
    Field(name="base_url", address=True, required=False, default=BASE_URL),
)
REFUSES_BOT = gettext_noop("Telegram refuses the bot (%(why)s): check its token.")
REFUSES_CHAT = gettext_noop(
    "Telegram refuses the chat (%(why)s): check its number, and write something to the bot first."
)
SILENT = gettext_noop("Telegram does not answer (%(why)s).")
WAIT = gettext_noop("Telegram asks to wait %(seconds)s s.")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One message somebody wrote to the bot; `text` is empty for anything else."""

    update_id: int
    chat_id: int
    private: bool
    text: str


def send(config: Mapping[str, str], message: Message) -> str:
    return say(config, chat_id=config["chat_id"], text=message.whole)


def say(config: Mapping[str, str], *, chat_id: str | int, text: str) -> str:
    """The receipt names chat and message as Telegram numbered it."""

    async def work(bot: "Bot") -> str:
        sent = await bot.send_message(chat_id=chat_id, text=text[:LONGEST])
        return f"message {sent.message_id}"

    return _with_bot(config, work)


def updates(config: Mapping[str, str], *, offset: int) -> list[Update]:
    """What was written since; Telegram forgets what is below `offset`."""

    async def work(bot: "Bot") -> list[Update]:
        found = await bot.get_updates(
            offset=offset, timeout=timedelta(0), allowed_updates=["message"]
        )
        return [
            Update(
                update_id=each.update_id,
                chat_id=each.message.chat.id if each.message else 0,
                private=bool(each.message and each.message.chat.type == "private"),
                text=(each.message.text or "") if each.message else "",
            )
            for each in found
        ]

    return _with_bot(config, work)


def _with_bot(config: Mapping[str, str], work: "Callable[[Bot], Awaitable[T]]") -> T:
    return asyncio.run(_asked(config, work))


async def _asked(config: Mapping[str, str], work: "Callable[[Bot], Awaitable[T]]") -> T:
    from telegram import Bot, error  # noqa: PLC0415  # half a second nobody else needs
    from telegram.request import HTTPXRequest  # noqa: PLC0415

    request = HTTPXRequest(
        connect_timeout=TIMEOUT, read_timeout=TIMEOUT, write_timeout=TIMEOUT, pool_timeout=TIMEOUT
    )
    base = (config.get("base_url") or BASE_URL).rstrip("/")
    try:
        bot = Bot(
            config["token"], base_url=f"{base}/bot", request=request, get_updates_request=request
        )
        return await work(bot)
    except error.RetryAfter as wait:
        raise _later(wait) from None
    except (error.InvalidToken, error.Forbidden) as refusal:
        raise Permanent(Said(REFUSES_BOT, {"why": refusal.message})) from None
    except (error.BadRequest, error.ChatMigrated) as refusal:
        raise Permanent(Said(REFUSES_CHAT, {"why": refusal.message})) from None
    except (error.TelegramError, OSError) as failure:
        raise Passing(Said(SILENT, {"why": str(failure)})) from None
    finally:
        await request.shutdown()


def _later(wait: object) -> Passing:
    told = getattr(wait, "retry_after", 60)
    seconds = told.total_seconds() if isinstance(told, timedelta) else float(told)
    return Passing(Said(WAIT, {"seconds": f"{seconds:g}"}), retry_after=seconds)


def check(config: Mapping[str, str]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not config["chat_id"].lstrip("-").isdigit() and not config["chat_id"].startswith("@"):
        wrong["chat_id"] = _("A chat is a number, or @ and a channel's name.")
    if config.get("base_url") and not config["base_url"].startswith(("https://", "http://")):
        wrong["base_url"] = _("An address starts with https:// or http://.")
    return wrong


TRANSPORT = Transport(
    fields=FIELDS, send=send, target=lambda config: config["chat_id"], check=check
)
