"""Carries what is due over one channel in one message, and notes what became of it."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_noop as _n

from apps.accounts.services import audit_append
from apps.lib.errors import Unavailable
from apps.risk import topics
from apps.risk.alerts.errors import DeliveryError, Passing, Permanent
from apps.risk.alerts.rules import CRITICAL, GIVE_UP_AFTER, after_quiet, backoff
from apps.risk.alerts.said import Said
from apps.risk.alerts.secrets import unseal
from apps.risk.alerts.texts import message_of
from apps.risk.alerts.transports import Message, deliver
from apps.risk.models import Alert, Channel, Delivery
from apps.risk.services.alerts import alert_raise

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
HOUR = timedelta(hours=1)
DISABLED = "channel_disabled"
FAILED = _n("It failed: %(why)s.")
OFF = _n("The alert channel %(name)s is switched off: %(why)s")
QUIET = _n("Quiet hours.")
ENOUGH = _n("%(n)s messages in this hour already.")
SEEN = _n("Acknowledged before it was sent.")
State = Delivery.State
WAITING = (State.QUEUED, State.DELAYED)


def channel_send(*, channel_id: int, at: datetime) -> int:
    """One message with everything that is due; how many alerts it held. Harmless when repeated:
    one task at a time holds the channel, and each delivery is claimed before it is sent."""
    free = Q(busy_until_at__isnull=True) | Q(busy_until_at__lt=at)
    ready = Q(paused_until_at__isnull=True) | Q(paused_until_at__lte=at)
    mine = Channel.objects.filter(pk=channel_id, enabled=True)
    if not mine.filter(free, ready).update(busy_until_at=at + LEASE):
        return 0
    try:
        channel = Channel.objects.get(pk=channel_id)
        batch = _claimed(channel, at)
        if batch:
            _carry(channel, batch, at)
        return len(batch)
    finally:
        mine.model.objects.filter(pk=channel_id, busy_until_at=at + LEASE).update(
            busy_until_at=None
        )


def try_deliver(channel: Channel, message: Message) -> str:
    """The receipt. Whatever goes wrong is a DeliveryError whose sentence holds no secret."""
    try:
        return deliver(channel.kind, unseal(channel.sealed), message)
    except DeliveryError:
        raise
    except Unavailable as error:
        raise Permanent(error.sentence) from None
    except Exception as error:  # noqa: BLE001  # a library's surprise must not stop the rest
        # Only its kind: its text may hold the address with the secret in it.
        log.error("channel %s: %s", channel, type(error).__name__)  # noqa: TRY400
        raise Passing(Said(FAILED, {"why": type(error).__name__})) from None


def channel_disable(*, channel: Channel, said: Said, at: datetime) -> None:
    """Switches it off, fails what waits for it, and says so over the others."""
    with transaction.atomic():
        if not Channel.objects.filter(pk=channel.pk, enabled=True).update(
            enabled=False, **reason_fields(said)
        ):
            return
        waiting = channel.deliveries.filter(state__in=[*WAITING, State.SENDING])
        told = list(waiting.select_related("alert"))
        waiting.update(state=State.FAILED, **_why(said))
        _tell_pages(told)
        alert_raise(
            code=DISABLED,
            severity=CRITICAL,
            account=None,
            sentence=Said(OFF, {"name": channel.name, "why": said}),
            key=str(channel.pk),
            at=at,
        )
        audit_append(
            actor=None,
            action="channel.disabled",
            subject=f"channel:{channel.pk}",
            data={"reason": said.english},
            at=at,
        )


def reason_fields(said: Said | None) -> dict[str, Any]:
    """Columns of a channel that say why it does not work; empty ones for None."""
    if said is None:
        return {"disabled_reason": "", "disabled_why": {}}
    return {"disabled_reason": said.english[:300], "disabled_why": said.row()}


def _why(said: Said) -> dict[str, Any]:
    return {"error": said.english[:300], "why": said.row()}


def _claimed(channel: Channel, at: datetime) -> list[Delivery]:
    due = _due(channel, at)
    due.exclude(alert__severity=CRITICAL).filter(alert__seen_at__isnull=False).exclude(
        occasion=Delivery.Occasion.RECOVERED
    ).update(state=State.GIVEN_UP, **_why(Said(SEEN)))
    _hold_back(channel, _due(channel, at).exclude(alert__severity=CRITICAL), at)
    token = uuid4()
    _due(channel, at).update(
        state=State.SENDING, attempts=F("attempts") + 1, claimed_at=at, message=token
    )
    return list(
        channel.deliveries.filter(message=token, state=State.SENDING)
        .select_related("alert__account")
        .order_by("created_at", "id")
    )


def _due(channel: Channel, at: datetime) -> QuerySet[Delivery]:
    """A claim older than the lease belongs to a process that died while sending."""
    now = Q(state__in=WAITING, next_at__lte=at)
    return channel.deliveries.filter(now | Q(state=State.SENDING, claimed_at__lt=at - LEASE))


def _hold_back(channel: Channel, rows: QuerySet[Delivery], at: datetime) -> None:
    """Quiet hours that began meanwhile, and the limit of messages in an hour."""
    until = after_quiet(channel.rules, "warning", at)
    why = Said(QUIET)
    sent = channel.deliveries.filter(sent_at__gt=at - HOUR)
    if until <= at and sent.values("message").distinct().count() >= channel.per_hour:
        oldest = sent.order_by("sent_at").values_list("sent_at", flat=True).first() or at
        until, why = oldest + HOUR, Said(ENOUGH, {"n": channel.per_hour})
    if until > at:
        rows.update(state=State.DELAYED, next_at=until, **_why(why))


def _carry(channel: Channel, batch: Sequence[Delivery], at: datetime) -> None:
    try:
        receipt = try_deliver(channel, message_of(channel, batch))
    except Permanent as error:
        log.warning("channel %s is switched off: %s", channel, error.sentence)
        channel_disable(channel=channel, said=error.said, at=at)
    except Passing as error:
        log.warning("channel %s did not deliver: %s", channel, error.sentence)
        _later(channel, batch, error, at)
    else:
        _sent(channel, batch, receipt, at)


def _sent(channel: Channel, batch: Sequence[Delivery], receipt: str, at: datetime) -> None:
    with transaction.atomic():
        Delivery.objects.filter(pk__in=[d.pk for d in batch]).update(
            state=State.SENT, sent_at=at, receipt=receipt, error="", why={}
        )
        Channel.objects.filter(pk=channel.pk).update(last_ok_at=at, paused_until_at=None)
        Alert.objects.filter(pk__in=[d.alert_id for d in batch]).update(sent=True)
        _tell_pages(batch)


def _later(channel: Channel, batch: Sequence[Delivery], error: Passing, at: datetime) -> None:
    """As the server told, else longer each time; after a day it is given up, and stays visible."""
    attempts = max(delivery.attempts for delivery in batch)
    wait = backoff(attempts)
    if error.retry_after is not None:
        wait = timedelta(seconds=error.retry_after)
    with transaction.atomic():
        for delivery in batch:
            delivery.state, delivery.error = State.DELAYED, error.sentence[:300]
            delivery.why = error.said.row()
            delivery.next_at = after_quiet(channel.rules, delivery.alert.severity, at + wait)
            if at - delivery.created_at > GIVE_UP_AFTER:
                delivery.state = State.GIVEN_UP
            delivery.save(update_fields=["state", "error", "why", "next_at"])
        Channel.objects.filter(pk=channel.pk).update(paused_until_at=at + wait)
        _tell_pages(batch)


def _tell_pages(deliveries: Iterable[Delivery]) -> None:
    for alert in {delivery.alert_id: delivery.alert for delivery in deliveries}.values():
        topics.alert_changed(alert)
