"""The tray and history of alerts, and the channels that carry them."""

from datetime import time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.lib import clock
from apps.lib.errors import Invalid, PortalError
from apps.risk import services
from apps.risk.alerts.transports import TRANSPORTS
from apps.risk.alerts.words import KINDS, OCCASIONS, STATES, TIERS, spoken
from apps.risk.models import Alert, Channel, TelegramChat
from apps.risk.permissions import may_change_channels
from apps.risk.selectors.channels import alerts_with_deliveries, channels_all
from apps.risk.services import ChannelWish
from apps.risk.views.channelform import Typed, form_of, new_form
from apps.risk.views.frame import Context, Row, owner, told, topics_of

NEWEST = 100


@require_safe
@login_required
def alerts(request: HttpRequest) -> HttpResponse:
    found = alerts_with_deliveries(request.user)
    context = {
        "topics": topics_of([]),
        "waiting": [_alert(row) for row in found.filter(seen_at__isnull=True)[:NEWEST]],
        "past": [_alert(row) for row in found.filter(seen_at__isnull=False)[:NEWEST]],
        "channels_on": Channel.objects.filter(enabled=True).count(),
        "minutes": settings.ALERT_ESCALATE_MINUTES,
    }
    return render(request, "risk/alertpage.html", context)


@require_safe
@login_required
def strip(request: HttpRequest) -> HttpResponse:
    """The strip and the count of the header, for whatever page its reader is on."""
    return render(request, "risk/stripnow.html")


@require_safe
@login_required
def channels(request: HttpRequest) -> HttpResponse:
    return _channels(request, Typed())


@require_POST
@login_required
def channel_save(request: HttpRequest, pk: int = 0) -> HttpResponse:
    """What was typed stays in its form when something is wrong with it, secrets apart."""
    try:
        kept = services.channel_get(pk) if pk else None
        wish = _wish(request)
        services.channel_save(user=owner(request), wish=wish, channel=kept, at=clock.now())
    except Invalid as error:
        messages.error(request, error.sentence)
        typed = Typed(pk, request.POST.get("kind", ""), request.POST.dict(), error.fields)
        return _channels(request, typed, status=400)
    except PortalError as error:
        messages.error(request, f"{error.sentence} {error.remedy}".strip())
    else:
        messages.success(request, _("The channel is saved. Send a test message now."))
    return redirect("alert-channels")


@require_POST
@login_required
@told
def channel_test(request: HttpRequest, pk: int) -> str:
    channel = services.channel_get(pk)
    tested = services.channel_test(user=owner(request), channel=channel, at=clock.now())
    if not tested.ok:
        raise PortalError(_("Not sent: %(why)s") % {"why": tested.sentence})
    return _("Sent. Receipt: %(receipt)s") % {"receipt": tested.sentence}


@require_POST
@login_required
@told
def channel_delete(request: HttpRequest, pk: int) -> str:
    channel = services.channel_get(pk)
    services.channel_delete(user=owner(request), channel=channel, at=clock.now())
    return _("The channel is removed.")


@require_POST
@login_required
@told
def chat_allow(request: HttpRequest, pk: int) -> str:
    services.chat_allow(
        user=owner(request),
        channel=services.channel_get(pk),
        chat_id=_whole(request.POST.get("chat", ""), "chat_id"),
        at=clock.now(),
    )
    return _("This chat may give commands in your name.")


@require_POST
@login_required
@told
def chat_forbid(request: HttpRequest, pk: int, chat: int) -> str:
    found = get_object_or_404(TelegramChat, pk=chat, channel=pk)
    services.chat_forbid(user=owner(request), chat=found, at=clock.now())
    return _("This chat gives no commands any more.")


def _alert(alert: Alert) -> Row:
    return {
        "row": alert,
        "deliveries": [
            {
                "row": each,
                "state": STATES[each.state],
                "occasion": OCCASIONS[each.occasion],
                "error": spoken(each.why) or each.error,
            }
            for each in alert.deliveries.all()
        ],
    }


def _channels(request: HttpRequest, typed: Typed, status: int = 200) -> HttpResponse:
    may_change = may_change_channels(request.user)
    context = {
        "topics": topics_of([]),
        "channels": [_channel(row, typed, may_change=may_change) for row in channels_all()],
        "may_change": may_change,
        "empty": [new_form(kind, typed) for kind in KINDS] if may_change else [],
        "keys": bool(settings.FIELD_KEYS),
    }
    return render(request, "risk/channels.html", context, status=status)


def _channel(channel: Channel, typed: Typed, *, may_change: bool) -> Context:
    """A channel whose secrets no key opens is shown without its form."""
    try:
        form = form_of(channel, services.channel_config(channel), typed) if may_change else None
        trouble = ""
    except PortalError as error:
        form, trouble = None, f"{error.sentence} {error.remedy}"
    return {
        "row": channel,
        "kind": KINDS[channel.kind],
        "tier": TIERS[channel.tier],
        "chats": list(channel.chats.all()),
        "form": form,
        "trouble": trouble,
        "reason": spoken(channel.disabled_why) or channel.disabled_reason,
    }


def _wish(request: HttpRequest) -> ChannelWish:
    sent = request.POST
    kind = sent.get("kind", "")
    known = TRANSPORTS[kind].fields if kind in TRANSPORTS else ()
    config: dict[str, Any] = {field.name: sent.get(field.name, "") for field in known}
    return ChannelWish(
        name=sent.get("name", "").strip()[:60],
        kind=kind,
        config=config,
        min_severity=sent.get("min_severity", ""),
        tier=_whole(sent.get("tier", ""), "tier"),
        language=sent.get("language", ""),
        quiet_from=_time(sent.get("quiet_from", ""), "quiet_from"),
        quiet_to=_time(sent.get("quiet_to", ""), "quiet_to"),
        zone=sent.get("zone", "").strip(),
        per_hour=_whole(sent.get("per_hour", ""), "per_hour"),
        batch_seconds=_whole(sent.get("batch_seconds", ""), "batch_seconds"),
        enabled="enabled" in sent,
    )


def _whole(text: str, name: str) -> int:
    bare = text.strip()
    if not (bare.isascii() and bare.isdigit() and len(bare) < 19):
        raise Invalid(_("This is not a number."), fields={name: [_("Example: 100")]})
    return int(bare)


def _time(text: str, name: str) -> time | None:
    try:
        return time.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise Invalid(_("This is not a time."), fields={name: [_("Example: 22:00")]}) from None
