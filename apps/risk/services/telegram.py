"""Commands over Telegram: from allowed private chats, once each, by the services of every door."""

import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import redis
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts.masks import mask_text
from apps.accounts.models import BrokerAccount
from apps.accounts.selectors import accounts_visible
from apps.lib import redis as store
from apps.lib.errors import PortalError
from apps.risk.alerts.errors import DeliveryError, Passing, Permanent
from apps.risk.alerts.secrets import unseal
from apps.risk.alerts.transports import telegram
from apps.risk.levels import Kill
from apps.risk.models import Channel, TelegramChat
from apps.risk.permissions import may_kill, may_lift
from apps.risk.selectors import guard_state, own_level
from apps.risk.services import chat_words
from apps.risk.services.alerts import alert_seen
from apps.risk.services.carrying import channel_disable
from apps.risk.services.kill import SHORTEST, kill_lift, kill_set

log = logging.getLogger(__name__)

SOURCE = "telegram"
CODE_FOR = timedelta(minutes=2)
TRIES = 3
PAUSE = 30
"""Seconds without polling after Telegram did not answer; also bounds a poll that died."""
STRANGERS = 100
Stops = list[list[Any]]


def telegram_poll(*, at: datetime) -> int:
    """Reads what was written to every bot that has an allowed chat; how many messages."""
    bots = Channel.objects.filter(
        enabled=True, kind=Channel.Kind.TELEGRAM, chats__isnull=False
    ).distinct()
    return sum(_poll(channel, at) for channel in bots)


def _poll(channel: Channel, at: datetime) -> int:
    lease = store.LEASE.format(name=f"telegram:{channel.pk}")
    try:
        if not store.client().set(lease, 1, nx=True, ex=PAUSE):
            return 0
        config = unseal(channel.sealed)
        found = telegram.updates(config, offset=channel.offset)
    except Permanent as error:
        said = error.said.mapped(lambda text: telegram.TRANSPORT.cleaned(text, config))
        channel_disable(channel=channel, said=said, at=at)
        return 0
    except (Passing, PortalError, redis.RedisError) as error:
        log.warning("channel %s cannot be read: %s", channel, type(error).__name__)
        return 0
    for update in found:
        reply = _taken(channel.pk, update, at)
        if reply:
            _say(channel, config, update.chat_id, reply)
    store.client().delete(lease)
    return len(found)


def _say(channel: Channel, config: Mapping[str, str], chat_id: int, text: str) -> None:
    try:
        telegram.say(config, chat_id=chat_id, text=mask_text(text))
    except DeliveryError as error:
        # What was commanded is done; asking /status again tells so.
        log.warning("channel %s could not answer: %s", channel, type(error).__name__)


def _taken(channel_id: int, update: telegram.Update, at: datetime) -> str:
    """The offset moves in the transaction of the command: never twice, also after a crash."""
    with transaction.atomic():
        channel = Channel.objects.select_for_update(no_key=True).get(pk=channel_id)
        if update.update_id < channel.offset:
            return ""
        channel.offset = update.update_id + 1
        chat = _allowed(channel, update)
        channel.save(update_fields=["offset", "strangers"])
        if chat is None or not update.text:
            return ""
        with override(channel.language):
            return _obeyed(chat, update.text, at)


def _allowed(channel: Channel, update: telegram.Update) -> TelegramChat | None:
    """None for groups too: whoever is in one would have the powers of one person."""
    chats = channel.chats.select_for_update(no_key=True).filter(
        chat_id=update.chat_id, user__is_active=True
    )
    chat = chats.first() if update.private else None
    if chat is None and update.chat_id not in channel.strangers:
        log.warning("channel %s: chat %s is not allowed, ignored", channel, update.chat_id)
        channel.strangers = [*channel.strangers, update.chat_id][-STRANGERS:]
    return chat


def _obeyed(chat: TelegramChat, text: str, at: datetime) -> str:
    head, _space, rest = text.strip().partition(" ")
    command = COMMANDS.get(head.lower().partition("@")[0], _help)
    try:
        with transaction.atomic():
            return command(chat, rest.strip(), at)
    except PortalError as error:
        more = [text for texts in getattr(error, "fields", {}).values() for text in texts]
        return " ".join(part for part in (error.sentence, *more, error.remedy) if part)
    except Exception:
        log.exception("a Telegram command failed: %s", head[:20])
        return _("It failed; the portal's log says how.")


def _halt(chat: TelegramChat, rest: str, at: datetime) -> str:
    """Level 3: our working orders are cancelled at once, and only what reduces is accepted."""
    scopes = _scopes_to_halt(_user(chat), rest)
    if not scopes:
        return _("No account of yours is called that.")
    for account in scopes:
        kill_set(
            user=_user(chat),
            account=account,
            level=Kill.CANCEL,
            reason=_("/halt over Telegram"),
            at=at,
            source=SOURCE,
        )
    names = ", ".join(str(account or _("all accounts")) for account in scopes)
    return _("Halted: %(names)s. Working orders are being cancelled.") % {"names": names}


def _scopes_to_halt(user: User, rest: str) -> list[BrokerAccount | None]:
    accounts = list(accounts_visible(user))
    if rest:
        named = [a for a in accounts if rest in {str(a), a.masked} or _ends(a, rest)]
        return [*named] if len(named) == 1 else []
    return [None] if may_kill(user, None) else [*accounts]


def _ends(account: BrokerAccount, rest: str) -> bool:
    return len(rest) >= 2 and account.code.endswith(rest)


def _resume(chat: TelegramChat, rest: str, at: datetime) -> str:
    """First with a reason, which is answered with a code; then with the code."""
    if chat.pending and rest.isascii() and rest.isdigit():
        return _confirmed(chat, rest, at)
    if len(rest) < SHORTEST:
        return _("Write why it may go on: /resume and a reason.")
    stops = _stops(_user(chat))
    if not stops:
        return _("There is nothing you may lift.")
    code = f"{secrets.randbelow(10**6):06d}"
    chat.pending = {
        "digest": _digest(code),
        "reason": rest[:300],
        "until": (at + CODE_FOR).isoformat(),
        "tries": 0,
        "stops": stops,
    }
    chat.save(update_fields=["pending"])
    told = "\n".join(f"{_name(pk)}: {_level_words(level)}" for pk, level, _latches in stops)
    return _("This would be lifted:\n%(stops)s\nTo confirm within 2 minutes: /resume %(code)s") % {
        "stops": told,
        "code": code,
    }


def _confirmed(chat: TelegramChat, code: str, at: datetime) -> str:
    pending = dict(chat.pending)
    right = constant_time_compare(pending["digest"], _digest(code))
    pending["tries"] += 1
    void = right or pending["tries"] >= TRIES
    late = at > datetime.fromisoformat(pending["until"])
    chat.pending = {} if void or late else pending
    chat.save(update_fields=["pending"])
    if late or not right:
        return _("This code does not hold. Ask for another one: /resume and a reason.")
    if _stops(_user(chat)) != pending["stops"]:
        return _("What is stopped has changed meanwhile; nothing was lifted. Ask again.")
    with transaction.atomic():
        for pk, _level, _latches in pending["stops"]:
            account = None if pk is None else BrokerAccount.objects.get(pk=pk)
            kill_lift(
                user=_user(chat), account=account, reason=pending["reason"], at=at, source=SOURCE
            )
    return _("Lifted. Cancelled orders stay cancelled.")


def _stops(user: User) -> Stops:
    """Account or None for everything, level, codes of latches: what this user may lift."""
    stops: Stops = []
    if own_level(None) and may_lift(user, None):
        stops.append([None, own_level(None), []])
    for account in accounts_visible(user):
        state = guard_state(account.pk)
        latches = [] if state is None else sorted(state.latches)
        level = own_level(account.pk)
        if (level or latches) and may_lift(user, account):
            stops.append([account.pk, level, latches])
    return stops


def _name(pk: int | None) -> str:
    return _("all accounts") if pk is None else str(BrokerAccount.objects.get(pk=pk))


def _level_words(level: int) -> str:
    return _("kill level %(level)s") % {"level": level}


def _acknowledge(chat: TelegramChat, rest: str, at: datetime) -> str:
    number = rest.lstrip("#")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return _("Write the alert's number: /ack 12")
    alert = alert_seen(user=chat.user, pk=int(number), at=at)
    return _("Alert %(n)s is acknowledged.") % {"n": alert.pk}


def _help(chat: TelegramChat, rest: str, at: datetime) -> str:
    del chat, rest, at
    return _(
        "/status /positions /orders /pnl /alerts\n/ack 12: acknowledge an alert\n"
        "/halt: stop everything and cancel working orders; /halt 67: only that account\n"
        "/resume and a reason: lift, with a code to confirm"
    )


def _user(chat: TelegramChat) -> User:
    return chat.user


def _digest(code: str) -> str:
    return salted_hmac("apps.risk.telegram", code).hexdigest()


def _look(words: Callable[[User], str]) -> Callable[[TelegramChat, str, datetime], str]:
    def command(chat: TelegramChat, rest: str, at: datetime) -> str:
        del rest, at
        return words(_user(chat)) or _("You have no account on any connection.")

    return command


COMMANDS: Mapping[str, Callable[[TelegramChat, str, datetime], str]] = {
    "/status": _look(chat_words.status),
    "/positions": _look(chat_words.positions),
    "/orders": _look(chat_words.orders),
    "/pnl": _look(chat_words.pnl),
    "/alerts": _look(chat_words.alerts),
    "/ack": _acknowledge,
    "/halt": _halt,
    "/resume": _resume,
}
