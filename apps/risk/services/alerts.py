"""Alerts: kept and shown; carrying them to a person outside the portal is not built yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount
from apps.accounts.permissions import User
from apps.lib.errors import NotFound
from apps.risk import topics
from apps.risk.models import Alert
from apps.risk.selectors import alerts_visible

SAME_WITHIN = timedelta(hours=1)
"""The same alert again within this time is counted, not shown twice."""


@dataclass(frozen=True, slots=True)
class Raised:
    """`sent` says whether anybody was told outside the portal; `sentence` why not."""

    alert: Alert
    sent: bool
    sentence: str


def alert_raise(
    *,
    code: str,
    severity: str,
    account: BrokerAccount | None,
    sentence: str,
    data: Mapping[str, Any] | None = None,
    at: datetime,
) -> Raised:
    """Writes the alert where pages show it. Never raises for want of a channel."""
    with transaction.atomic():
        alert = _standing(code, account, at)
        if alert is None:
            alert = Alert(code=code, account=account, raised_at=at, count=0)
        alert.severity, alert.sentence, alert.data = severity, sentence[:500], dict(data or {})
        alert.last_at, alert.count = at, alert.count + 1
        alert.save()
        topics.alert_changed(alert)
    return Raised(
        alert, sent=False, sentence=_("No alert channel is configured, so nobody was told outside.")
    )


def alert_seen(*, user: User, pk: int, at: datetime) -> Alert:
    """Takes the alert out of the tray; raises NotFound for one that is not theirs to see."""
    with transaction.atomic():
        alert = alerts_visible(user).select_for_update(of=("self",)).filter(pk=pk).first()
        if alert is None:
            raise NotFound(_("There is no such alert."))
        if alert.seen_at is None:
            alert.seen_at, alert.seen_by_id = at, user.pk
            alert.save(update_fields=["seen_at", "seen_by"])
            topics.alert_changed(alert)
    return alert


def _standing(code: str, account: BrokerAccount | None, at: datetime) -> Alert | None:
    rows = Alert.objects.select_for_update().filter(
        code=code, account=account, seen_at__isnull=True, last_at__gte=at - SAME_WITHIN
    )
    return rows.first()
