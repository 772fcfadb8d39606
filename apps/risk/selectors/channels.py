"""Channels and deliveries as pages and the API show them: never a secret."""

from datetime import time
from typing import Any

from django.db.models import Prefetch, QuerySet

from apps.accounts.permissions import User
from apps.risk.models import Alert, Channel, Delivery
from apps.risk.selectors.kill import alerts_visible

Row = dict[str, Any]


def channels_all() -> QuerySet[Channel]:
    return Channel.objects.prefetch_related("chats__user")


def alerts_with_deliveries(user: User) -> QuerySet[Alert]:
    carried = Delivery.objects.select_related("channel").order_by("pk")
    seen = alerts_visible(user).select_related("account", "seen_by")
    return seen.prefetch_related(Prefetch("deliveries", carried))


def deliveries_visible(user: User) -> QuerySet[Delivery]:
    return Delivery.objects.filter(alert__in=alerts_visible(user)).select_related("channel")


def channel_row(channel: Channel) -> Row:
    return {
        "id": channel.pk,
        "name": channel.name,
        "kind": channel.kind,
        "target": channel.target,
        "min_severity": channel.min_severity,
        "tier": channel.tier,
        "language": channel.language,
        "quiet_from": _time(channel.quiet_from),
        "quiet_to": _time(channel.quiet_to),
        "zone": channel.zone,
        "per_hour": channel.per_hour,
        "batch_seconds": channel.batch_seconds,
        "enabled": channel.enabled,
        "disabled_reason": channel.disabled_reason,
        "last_ok_at": None if channel.last_ok_at is None else channel.last_ok_at.isoformat(),
    }


def delivery_row(delivery: Delivery) -> Row:
    return {
        "id": delivery.pk,
        "alert": delivery.alert_id,
        "channel": delivery.channel.name,
        "occasion": delivery.occasion,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "created_at": delivery.created_at.isoformat(),
        "next_at": delivery.next_at.isoformat(),
        "sent_at": None if delivery.sent_at is None else delivery.sent_at.isoformat(),
        "receipt": delivery.receipt,
        "error": delivery.error,
    }


def _time(at: time | None) -> str | None:
    return None if at is None else at.isoformat("minutes")
