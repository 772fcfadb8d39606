"""Channels as people make, change, test and remove them; secrets go in and never out."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.services import audit_append
from apps.lib.errors import Invalid, NotFound
from apps.risk.alerts.errors import DeliveryError, Permanent
from apps.risk.alerts.rules import RANK
from apps.risk.alerts.said import Said
from apps.risk.alerts.secrets import reseal, seal, unseal
from apps.risk.alerts.texts import test_message
from apps.risk.alerts.transports import TRANSPORTS
from apps.risk.alerts.words import spoken
from apps.risk.models import Channel, TelegramChat
from apps.risk.permissions import check_may_change_channels
from apps.risk.services.alerts import alert_recover
from apps.risk.services.carrying import DISABLED, reason_fields, try_deliver

MOST_BATCH, MOST_HOUR = 3600, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelWish:
    """How a channel shall be; `config` without the secrets that stay as they are."""

    name: str
    kind: str
    config: Mapping[str, str]
    min_severity: str = "warning"
    tier: int = Channel.Tier.FIRST
    language: str = "en"
    quiet_from: time | None = None
    quiet_to: time | None = None
    zone: str = "UTC"
    per_hour: int = 30
    batch_seconds: int = 20
    enabled: bool = True


PLAIN = tuple(f.name for f in fields(ChannelWish) if f.name != "config")
WRITTEN = [*PLAIN, "sealed", "target", "disabled_reason", "disabled_why", "paused_until_at"]
"""A save must not take back what deliveries and polling write meanwhile."""


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of a test message: the receipt, or why it was not taken."""

    ok: bool
    said: Said | str

    @property
    def sentence(self) -> str:
        """In the reader's language."""
        return self.said if isinstance(self.said, str) else spoken(self.said)


def channel_get(pk: int) -> Channel:
    found = Channel.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such channel."))
    return found


def channel_save(
    *, user: User, wish: ChannelWish, at: datetime, channel: Channel | None = None
) -> Channel:
    """Makes a channel, or changes it. Raises Invalid with the fields that are wrong.

    A secret left empty stays as it is, unless the address it is sent to changes.
    """
    check_may_change_channels(user)
    _check(wish, channel)
    config = _config(wish, channel)
    made = channel is None
    row = channel or Channel()
    for name in PLAIN:
        setattr(row, name, getattr(wish, name))
    row.sealed, row.target = seal(config), TRANSPORTS[wish.kind].target(config)[:200]
    if row.enabled:
        row.disabled_reason, row.disabled_why, row.paused_until_at = "", {}, None
    try:
        with transaction.atomic():
            row.save(update_fields=None if made else WRITTEN)
            if row.enabled and not made:
                alert_recover(code=DISABLED, account=None, key=str(row.pk), at=at)
            _audit(user, "channel.made" if made else "channel.changed", row, at)
    except IntegrityError:
        raise Invalid(
            _("The channel was not saved."),
            fields={"name": [_("Another channel has this name.")]},
        ) from None
    return row


def channel_delete(*, user: User, channel: Channel, at: datetime) -> None:
    check_may_change_channels(user)
    with transaction.atomic():
        _audit(user, "channel.deleted", channel, at)
        channel.delete()


def channel_test(*, user: User, channel: Channel, at: datetime) -> Tested:
    """Sends at once and waits for the answer. A channel that an error switched off is on again
    when it works."""
    check_may_change_channels(user)
    try:
        receipt = try_deliver(channel, test_message(channel))
    except DeliveryError as error:
        if isinstance(error, Permanent):
            Channel.objects.filter(pk=channel.pk).update(**reason_fields(error.said))
        return Tested(ok=False, said=error.said)
    found = Channel.objects.filter(pk=channel.pk)
    found.update(last_ok_at=at, paused_until_at=None)
    found.exclude(disabled_reason="").update(enabled=True, **reason_fields(None))
    alert_recover(code=DISABLED, account=None, key=str(channel.pk), at=at)
    return Tested(ok=True, said=receipt)


def chat_allow(*, user: User, channel: Channel, chat_id: int, at: datetime) -> TelegramChat:
    """Lets a private chat give commands in the user's own name, with the user's permissions."""
    check_may_change_channels(user)
    if channel.kind != Channel.Kind.TELEGRAM or chat_id <= 0:
        raise Invalid(
            _("Commands come from a private Telegram chat."),
            fields={"chat_id": [_("A private chat is a positive number.")]},
        )
    with transaction.atomic():
        chat, _made = TelegramChat.objects.update_or_create(
            channel=channel, chat_id=chat_id, defaults={"user": user, "pending": {}}
        )
        _audit(user, "channel.chat_allowed", channel, at, chat=chat_id)
    return chat


def chat_forbid(*, user: User, chat: TelegramChat, at: datetime) -> None:
    """One's own chat, or with the permission to change channels anybody's."""
    if chat.user_id != user.pk:
        check_may_change_channels(user)
    with transaction.atomic():
        _audit(user, "channel.chat_forbidden", chat.channel, at, chat=chat.chat_id)
        chat.delete()


def secrets_rotate(*, by: str, at: datetime) -> int:
    """Seals every secret with the first key of FIELD_KEYS, all or none; how many there were."""
    with transaction.atomic():
        rows = list(Channel.objects.select_for_update(no_key=True))
        for channel in rows:
            channel.sealed = reseal(channel.sealed)
            channel.save(update_fields=["sealed"])
        data = {"count": len(rows)}
        audit_append(actor=by, action="secrets.rotated", subject="channels", data=data, at=at)
    return len(rows)


def channel_config(channel: Channel) -> dict[str, str]:
    """What may be shown of the configuration: everything but the secrets."""
    opened = unseal(channel.sealed)
    return {
        field.name: opened.get(field.name, "")
        for field in TRANSPORTS[channel.kind].fields
        if not field.secret
    }


def _check(wish: ChannelWish, channel: Channel | None) -> None:
    wrong = {
        name: [_("Choose one.")]
        for name, known in _choices().items()
        if getattr(wish, name) not in known
    }
    if channel is not None and wish.kind != channel.kind:
        wrong["kind"] = [_("A channel keeps its kind.")]
    if not wish.name.strip():
        wrong["name"] = [_("Give it a name.")]
    wrong |= _check_times(wish)
    if wrong:
        raise Invalid(_("The channel was not saved."), fields=wrong)


def _check_times(wish: ChannelWish) -> dict[str, list[str]]:
    wrong: dict[str, list[str]] = {}
    if (wish.quiet_from is None) != (wish.quiet_to is None):
        wrong["quiet_to"] = [_("Quiet hours have a beginning and an end.")]
    if not 0 <= wish.batch_seconds <= MOST_BATCH:
        wrong["batch_seconds"] = [_("From 0 to %(most)s.") % {"most": MOST_BATCH}]
    if not 1 <= wish.per_hour <= MOST_HOUR:
        wrong["per_hour"] = [_("From 1 to %(most)s.") % {"most": MOST_HOUR}]
    try:
        ZoneInfo(wish.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        wrong["zone"] = [_("A zone is written like Asia/Hong_Kong.")]
    return wrong


def _choices() -> dict[str, set[Any]]:
    return {
        "kind": set(TRANSPORTS),
        "min_severity": set(RANK),
        "tier": set(Channel.Tier.values),
        "language": {code for code, _name in settings.LANGUAGES},
    }


def _config(wish: ChannelWish, channel: Channel | None) -> dict[str, str]:
    """Old secrets under new fields, checked; a kept secret never goes to a new address."""
    transport = TRANSPORTS[wish.kind]
    kept = {} if channel is None else unseal(channel.sealed)
    config: dict[str, str] = {}
    for field in transport.fields:
        given = str(wish.config.get(field.name, "")).strip()
        config[field.name] = given or ("" if field.secret else field.default)
    moved = any(f.address and config[f.name] != kept.get(f.name) for f in transport.fields)
    if not moved:
        for field in transport.fields:
            config[field.name] = config[field.name] or (
                kept.get(field.name, "") if field.secret else ""
            )
    wrong = {
        f.name: [_("This is needed.")]
        for f in transport.fields
        if f.required and not config[f.name]
    }
    wrong |= {
        f.name: [_("Choose one.")]
        for f in transport.fields
        if f.choices and config[f.name] not in f.choices
    }
    if not wrong:
        wrong = {name: [text] for name, text in transport.check(config).items()}
    if wrong:
        raise Invalid(_("The channel was not saved."), fields=wrong)
    return config


def _audit(user: User, action: str, channel: Channel, at: datetime, **more: Any) -> None:
    told = {"name": channel.name, "kind": channel.kind, "enabled": channel.enabled, **more}
    audit_append(actor=user, action=action, subject=f"channel:{channel.pk}", data=told, at=at)
