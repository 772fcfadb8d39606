"""Deliveries: queued with their alert, and passed over later until sent or given up."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from apps.lib.queue import enqueue
from apps.risk.alerts.rules import due_at, is_wanted
from apps.risk.models import Alert, Channel, Delivery

SEND = "risk.channel_send"
TASK_EXPIRES = 60.0
ESCALATES_FOR = timedelta(hours=24)
"""Older alerts are not dug out when somebody adds a channel of the second tier."""
Tier = Channel.Tier
State = Delivery.State


def deliveries_queue(
    *, alert: Alert, occasion: str, at: datetime, tier: int = Tier.FIRST
) -> list[Delivery]:
    """One for each channel that wants it; a recovery goes to whoever was told of the alert."""
    channels = Channel.objects.filter(enabled=True)
    if occasion == Delivery.Occasion.RECOVERED:
        carried = alert.deliveries.exclude(state__in=[State.FAILED, State.GIVEN_UP])
        wanted = list(channels.filter(pk__in=carried.values("channel")))
    else:
        wanted = [c for c in channels.filter(tier=tier) if is_wanted(c.rules, alert.severity)]
    rows = [
        Delivery(
            alert=alert,
            channel=channel,
            occasion=occasion,
            created_at=at,
            next_at=due_at(channel.rules, alert.severity, at),
        )
        for channel in wanted
    ]
    # A second worsening of the same alert is told again.
    Delivery.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["alert", "channel", "occasion"],
        update_fields=["state", "attempts", "created_at", "next_at", "error", "why"],
    )
    for row in rows:
        if row.next_at <= at:
            _wake(row.channel_id)
    return rows


def alerts_sweep(*, at: datetime) -> None:
    """Escalates what nobody acknowledged, and wakes the channels that have something due."""
    alerts_escalate(at=at)
    waiting = Q(deliveries__state__in=[State.QUEUED, State.DELAYED], deliveries__next_at__lte=at)
    waiting |= Q(deliveries__state=State.SENDING)
    ready = Channel.objects.filter(enabled=True).exclude(paused_until_at__gt=at)
    for pk in ready.exclude(busy_until_at__gt=at).filter(waiting).values_list("pk").distinct():
        enqueue(SEND, channel=pk[0], expires=TASK_EXPIRES)


def alerts_escalate(*, at: datetime) -> list[Alert]:
    """To the second tier after ALERT_ESCALATE_MINUTES without an acknowledgement, once."""
    if not Channel.objects.filter(enabled=True, tier=Tier.SECOND).exists():
        return []
    late = at - timedelta(minutes=settings.ALERT_ESCALATE_MINUTES)
    open_ = Alert.objects.filter(
        seen_at__isnull=True, recovered_at__isnull=True, escalated_at__isnull=True
    ).exclude(severity=Alert.Severity.INFO)
    found = open_.filter(raised_at__lte=late, raised_at__gte=at - ESCALATES_FOR)
    escalated = []
    for alert in found.select_related("account"):
        with transaction.atomic():
            if open_.filter(pk=alert.pk).update(escalated_at=at):
                deliveries_queue(
                    alert=alert, occasion=Delivery.Occasion.ESCALATED, at=at, tier=Tier.SECOND
                )
                escalated.append(alert)
    return escalated


def _wake(channel_id: int) -> None:
    """The sweep finds it where Redis does not answer just now: the caller must not suffer."""
    transaction.on_commit(
        lambda: enqueue(SEND, channel=channel_id, expires=TASK_EXPIRES), robust=True
    )
