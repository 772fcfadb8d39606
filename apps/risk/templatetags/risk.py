"""The guard on pages of other apps: a chip for an account, and the strip below the header."""

from typing import Any

from django import template
from django.template import Context

from apps.accounts.permissions import is_user
from apps.accounts.selectors import accounts_visible
from apps.risk import selectors
from apps.risk.alerts.said import Said
from apps.risk.alerts.texts import alert_sentence
from apps.risk.alerts.words import spoken
from apps.risk.levels import LockKind
from apps.risk.models import Alert, Channel, GuardState, KillEvent, KillSwitch
from apps.risk.services.locks import MISMATCH
from apps.risk.topics import risk_topic
from apps.risk.words import (
    LEVELS,
    LOCK_ENDED,
    SEVERITIES,
    SOURCES,
    STATES,
    figure_sentence,
    state_name,
)

register = template.Library()
TRAY = 5
MOST = 100


@register.inclusion_tag("risk/chip.html", takes_context=True)
def guard_chip(context: Context, account_id: int) -> dict[str, Any]:
    """One query for all chips of a page."""
    request = context.get("request")
    known = getattr(request, "guard_states", None)
    if known is None:
        known = dict(GuardState.objects.values_list("account_id", "state"))
        setattr(request, "guard_states", known)  # noqa: B010  # Django's request has no such field
    state = known.get(account_id, "unknown")
    return {"pk": account_id, "state": state, "name": state_name(state), "states": STATES.items()}


@register.inclusion_tag("risk/strip.html", takes_context=True)
def risk_strip(context: Context) -> dict[str, Any]:
    """Levels that stand and alerts nobody has seen; nothing for people who are not logged in."""
    user = getattr(context.get("request"), "user", None)
    if user is None or not is_user(user):
        return {}
    switches = KillSwitch.objects.filter(level__gt=0).select_related("account")
    visible = {account.pk for account in accounts_visible(user)} if switches else set()
    shown = [row for row in switches if row.account_id is None or row.account_id in visible]
    return {
        "alerts": [_alert(alert) for alert in _waiting(context)[:TRAY]],
        "open": alerts_open(context),
        "switches": [{"row": row, "name": LEVELS[row.level]} for row in shown],
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag(takes_context=True)
def alerts_open(context: Context) -> int:
    """How many alerts wait for somebody to acknowledge them, counted up to a hundred."""
    return len(_waiting(context))


@register.simple_tag(takes_context=True)
def risk_topics(context: Context) -> str:
    """What every page follows, so that an alert appears wherever its reader happens to be."""
    user = getattr(context.get("request"), "user", None)
    if user is None or not is_user(user):
        return ""
    return " ".join([risk_topic(None), *(risk_topic(a.pk) for a in accounts_visible(user))])


@register.filter
def sentences(figures: list[dict[str, Any]]) -> str:
    """Figures as sentences in the reader's language."""
    return "; ".join(figure_sentence(figure) for figure in figures)


register.filter(alert_sentence)


@register.filter
def kill_reason(row: KillSwitch | KillEvent) -> str:
    """What a person wrote, or the guard's numbers in the reader's language."""
    return sentences(row.figures) if row.figures else row.reason


@register.filter
def lock_reason(lock: dict[str, Any]) -> str:
    """What a person wrote, or both quantities as they are now, in the reader's language."""
    data = lock["data"]
    if lock["kind"] != LockKind.MISMATCH or "broker" not in data:
        return str(lock["reason"])
    return spoken(Said(MISMATCH, {"name": lock["name"], **data}))


@register.filter
def lock_end(how: str) -> str:
    return str(LOCK_ENDED.get(how, how))


@register.filter
def kill_source(source: str) -> str:
    return str(SOURCES.get(source, source))


@register.simple_tag
def alert_channels() -> int:
    """How many channels are switched on."""
    return Channel.objects.filter(enabled=True).count()


@register.filter
def severity_word(severity: str) -> str:
    return str(SEVERITIES.get(severity, severity))


@register.filter
def refused_codes(verdicts: list[dict[str, Any]]) -> str:
    """Codes of what refused, comma-separated."""
    return ", ".join(str(verdict["code"]) for verdict in verdicts if not verdict["passed"])


@register.filter
def guard_word(state: str) -> str:
    return state_name(state)


def _waiting(context: Context) -> list[Alert]:
    """Newest first; asked for once for a page, for header and strip."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if user is None or not is_user(user):
        return []
    found: list[Alert] | None = getattr(request, "alerts_open", None)
    if found is None:
        found = list(selectors.alerts_open(user)[:MOST])
        setattr(request, "alerts_open", found)  # noqa: B010  # Django's request has no such field
    return found


def _alert(alert: Any) -> dict[str, Any]:
    return {"row": alert, "severity": SEVERITIES.get(alert.severity, alert.severity)}
