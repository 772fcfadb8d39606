"""Alerts: raised once while they stand, carried to people, acknowledged, and called off."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.masks import mask_text
from apps.accounts.models import BrokerAccount
from apps.accounts.permissions import User
from apps.lib.errors import NotFound
from apps.risk import topics
from apps.risk.alerts.rules import RANK
from apps.risk.alerts.said import Said, as_said
from apps.risk.models import Alert, Channel, Delivery
from apps.risk.selectors import alerts_visible
from apps.risk.services.deliveries import deliveries_queue

SAME_WITHIN = timedelta(hours=1)
"""The same alert again within this time is counted, not shown twice."""


@dataclass(frozen=True, slots=True)
class Raised:
    """`sent` says whether it is on its way to anybody outside; `sentence` how, or why not."""

    alert: Alert
    sent: bool
    sentence: str


def alert_raise(
    *,
    code: str,
    severity: str,
    account: BrokerAccount | None,
    sentence: Said | str,
    data: Mapping[str, Any] | None = None,
    key: str = "",
    at: datetime,
) -> Raised:
    """Writes the alert and queues it for every channel that wants it, in one transaction.

    Never raises for want of a channel. The same code, account and key while it stands is counted;
    it is told again only where it became graver. A sentence given as Said is shown in each reader's
    language. Account ids are masked in both.
    """
    said = as_said(sentence).mapped(mask_text)
    told = dict(data or {}) | ({"said": said.row()} if isinstance(sentence, Said) else {})
    with transaction.atomic():
        found = _standing(code, account, key, at)
        alert = found or Alert(code=code, account=account, key=key[:60], raised_at=at, count=0)
        worse = found is not None and RANK[severity] > RANK[found.severity]
        alert.severity, alert.sentence, alert.data = severity, said.english[:500], told
        alert.last_at, alert.count = at, alert.count + 1
        alert.save()
        if found is None or worse:
            occasion = Delivery.Occasion.WORSE if worse else Delivery.Occasion.RAISED
            deliveries_queue(alert=alert, occasion=occasion, at=at)
        topics.alert_changed(alert)
    return _raised(alert)


def alert_recover(
    *, code: str, account: BrokerAccount | None, key: str = "", at: datetime
) -> list[Alert]:
    """What these alerts were about has passed: whoever was told of them is told so."""
    with transaction.atomic():
        rows = Alert.objects.select_for_update(of=("self",), no_key=True).filter(
            code=code, account=account, key=key, recovered_at__isnull=True
        )
        over = list(rows.filter(raised_at__gte=at - timedelta(days=7)))
        for alert in over:
            alert.recovered_at = at
            alert.save(update_fields=["recovered_at"])
            deliveries_queue(alert=alert, occasion=Delivery.Occasion.RECOVERED, at=at)
            topics.alert_changed(alert)
    return over


def alert_seen(*, user: User, pk: int, at: datetime) -> Alert:
    """Takes the alert out of the tray; raises NotFound for one that is not theirs to see."""
    with transaction.atomic():
        alert = (
            alerts_visible(user).select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
        )
        if alert is None:
            raise NotFound(_("There is no such alert."))
        if alert.seen_at is None:
            alert.seen_at, alert.seen_by_id = at, user.pk
            alert.save(update_fields=["seen_at", "seen_by"])
            topics.alert_changed(alert)
    return alert


def _raised(alert: Alert) -> Raised:
    channels = alert.deliveries.values("channel").distinct().count()
    if channels:
        told = _("It goes out over %(n)s channel(s).") % {"n": channels}
        return Raised(alert, sent=True, sentence=told)
    if Channel.objects.filter(enabled=True).exists():
        told = _("No alert channel takes this severity, so nobody was told outside.")
    else:
        told = _("No alert channel is configured, so nobody was told outside.")
    return Raised(alert, sent=False, sentence=told)


def _standing(code: str, account: BrokerAccount | None, key: str, at: datetime) -> Alert | None:
    rows = Alert.objects.select_for_update(no_key=True).filter(
        code=code,
        account=account,
        key=key[:60],
        seen_at__isnull=True,
        recovered_at__isnull=True,
        last_at__gte=at - SAME_WITHIN,
    )
    return rows.first()
