"""The form of a channel: its fields with what is kept, or with what was typed and is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from apps.risk.alerts.transports import TRANSPORTS
from apps.risk.alerts.words import CHOICES, FIELDS, KINDS, TIERS
from apps.risk.models import Channel
from apps.risk.words import SEVERITIES

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Typed:
    """One form as somebody sent it, and what is wrong with it by field; pk 0 is a new channel."""

    pk: int = 0
    kind: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`widget` is text, password, time, number, select or checkbox."""

    name: str
    label: str
    widget: str = "text"
    value: str = ""
    required: bool = False
    choices: Choices = ()
    wrong: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    kind: str
    kind_name: str
    pk: int
    entries: Sequence[Entry]
    opened: bool


def new_form(kind: str, typed: Typed) -> Form:
    return _form(Channel(kind=kind), {}, typed)


def form_of(channel: Channel, config: Mapping[str, str], typed: Typed) -> Form:
    """`config` is what may be shown of the channel's configuration."""
    return _form(channel, config, typed)


def _form(channel: Channel, config: Mapping[str, str], typed: Typed) -> Form:
    mine = (typed.pk, typed.kind) == (channel.pk or 0, channel.kind)
    values = dict(typed.values) if mine else {**_kept(channel), **config}
    wrong = typed.wrong if mine else {}
    name = {"name": "name", "label": _("Name"), "required": True}
    entries = [name, *_own(channel, config), *_common()]
    return Form(
        kind=channel.kind,
        kind_name=str(KINDS[channel.kind]),
        pk=channel.pk or 0,
        entries=[_filled(entry, values, wrong) for entry in entries],
        opened=mine,
    )


def _filled(
    entry: dict[str, Any], values: Mapping[str, str], wrong: Mapping[str, Sequence[str]]
) -> Entry:
    """A secret is never sent back, not even to who typed it."""
    name = entry["name"]
    value = "" if entry.get("widget") == "password" else values.get(name, entry.pop("value", ""))
    return Entry(**entry | {"value": value, "wrong": " ".join(wrong.get(name, ()))})


def _own(channel: Channel, config: Mapping[str, str]) -> list[dict[str, Any]]:
    """Fields of the transport; a secret that is kept may stay empty."""
    return [
        {
            "name": each.name,
            "label": FIELDS[each.name],
            "widget": "password" if each.secret else "select" if each.choices else "text",
            "required": each.required and not (each.secret and channel.pk),
            "value": config.get(each.name, each.default),
            "choices": [(code, CHOICES.get(code, code)) for code in each.choices],
        }
        for each in TRANSPORTS[channel.kind].fields
    ]


def _common() -> list[dict[str, Any]]:
    return [
        {"name": "min_severity", "label": _("From severity"), "widget": "select",
         "choices": list(SEVERITIES.items())},
        {"name": "tier", "label": _("It is told"), "widget": "select",
         "choices": [(str(code), name) for code, name in TIERS.items()]},
        {"name": "language", "label": _("Language"), "widget": "select",
         "choices": settings.LANGUAGES},
        {"name": "quiet_from", "label": _("Quiet from"), "widget": "time"},
        {"name": "quiet_to", "label": _("Quiet to"), "widget": "time"},
        {"name": "zone", "label": _("Zone"), "required": True},
        {"name": "per_hour", "label": _("Messages in an hour"), "widget": "number",
         "required": True},
        {"name": "batch_seconds", "label": _("Wait for company, s"), "widget": "number",
         "required": True},
        {"name": "enabled", "label": _("Switched on"), "widget": "checkbox"},
    ]  # fmt: skip


def _kept(channel: Channel) -> dict[str, str]:
    return {
        "name": channel.name,
        "min_severity": channel.min_severity,
        "tier": str(int(channel.tier)),
        "language": channel.language,
        "quiet_from": _clock(channel.quiet_from),
        "quiet_to": _clock(channel.quiet_to),
        "zone": channel.zone,
        "per_hour": str(channel.per_hour),
        "batch_seconds": str(channel.batch_seconds),
        "enabled": "on" if channel.enabled else "",
    }


def _clock(at: time | None) -> str:
    return "" if at is None else at.isoformat("minutes")
