"""What people read outside the portal, in the channel's language, account ids masked."""

from collections.abc import Sequence

from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.masks import mask_text
from apps.risk.alerts.transports.base import Message
from apps.risk.alerts.words import spoken
from apps.risk.models import Alert, Channel, Delivery
from apps.risk.words import SEVERITIES, figure_sentence, state_name

MOST_LETTERS = 3500
"""Told in one message, which is what Telegram takes; the rest is counted."""


def alert_sentence(alert: Alert) -> str:
    """In the reader's language, from the figures of the guard or from what was said; as it was
    stored where there is neither."""
    figures = alert.data.get("figures")
    if not figures:
        return spoken(alert.data.get("said", {})) or alert.sentence
    told = "; ".join(figure_sentence(figure) for figure in figures)
    return f"{state_name(alert.code.removeprefix('guard_'))}: {told}"


def message_of(channel: Channel, deliveries: Sequence[Delivery]) -> Message:
    """One message for all of them, the gravest first."""
    order = list(SEVERITIES)
    ranked = sorted(deliveries, key=lambda d: order.index(d.alert.severity), reverse=True)
    with translation.override(channel.language):
        title = _title(ranked)
        lines = _fitting([_line(delivery) for delivery in ranked])
        if len(ranked) > len(lines):
            lines.append(_("and %(n)s more") % {"n": len(ranked) - len(lines)})
        return Message(
            title=mask_text(title),
            body=mask_text("\n\n".join(lines)),
            severity=ranked[0].alert.severity,
        )


def test_message(channel: Channel) -> Message:
    with translation.override(channel.language):
        return Message(
            title=_("ibportal: test message"),
            body=_("This channel works. Alerts will arrive here."),
        )


def _fitting(lines: Sequence[str]) -> list[str]:
    room, kept = MOST_LETTERS, list[str]()
    for line in lines:
        room -= len(line) + 2
        if room < 0 and kept:
            break
        kept.append(line)
    return kept


def _title(ranked: Sequence[Delivery]) -> str:
    alert = ranked[0].alert
    words = [f"[{SEVERITIES[alert.severity]}]", str(alert.account or _("all accounts"))]
    if len(ranked) > 1:
        words.append(_("%(n)s alerts") % {"n": len(ranked)})
    return "ibportal " + " ".join(words)


def _line(delivery: Delivery) -> str:
    alert = delivery.alert
    occasion = {
        Delivery.Occasion.WORSE: _("It got worse."),
        Delivery.Occasion.ESCALATED: _("Nobody has acknowledged it."),
        Delivery.Occasion.RECOVERED: _("It is over."),
    }.get(Delivery.Occasion(delivery.occasion), "")
    times = f" × {alert.count}" if alert.count > 1 else ""
    account = alert.account or _("all accounts")
    head = f"#{alert.pk} {alert.last_at:%Y-%m-%d %H:%M:%S} UTC, {account}{times}"
    return "\n".join(part for part in (head, occasion, alert_sentence(alert)) if part)
