"""Alerts of connections: the wrong login, a restart that does not end, a worker that is gone.

A link that is only down is the guard's: it knows for how long an account can bear that.
"""

from datetime import datetime, timedelta

from django.utils.translation import gettext_noop as _n

from apps.accounts.links import WORKER_GONE, Link
from apps.accounts.models import Connection
from apps.accounts.selectors import connections_enabled, links_effective
from apps.risk.alerts.said import Said
from apps.risk.models import Alert
from apps.risk.services.alerts import alert_raise, alert_recover

IDENTITY, OVERDUE, GONE = "link_identity", "link_overdue", "gateway_gone"
GONE_AFTER = timedelta(minutes=2)
"""A worker that is started anew is back before."""
OLDEST = timedelta(days=7)
SENTENCES = {
    "identity": _n(
        "%(connection)s is logged in to an account it is not meant for, so nothing is traded "
        "there: %(words)s"
    ),
    "daily_overdue": _n(
        "%(connection)s has not come back from its daily restart. Look at the screen or the log of "
        "TWS or IB Gateway."
    ),
    "weekly_overdue": _n(
        "%(connection)s has not come back from its weekly login, which needs a person: log in and "
        "confirm on IBKR Mobile."
    ),
    WORKER_GONE: _n(
        "The gateway worker of %(connection)s is not running: nothing is watched or sent there. "
        "Start it, or look at its log to see why it stopped."
    ),
}
ALERTS = {
    "identity": IDENTITY,
    "daily_overdue": OVERDUE,
    "weekly_overdue": OVERDUE,
    WORKER_GONE: GONE,
}


def links_alert(*, at: datetime) -> None:
    """Raises each trouble once, however long it lasts, and tells when it is over."""
    connections = connections_enabled()
    links = links_effective(connections)
    rows = Alert.objects.filter(
        code__in=set(ALERTS.values()), recovered_at__isnull=True, raised_at__gte=at - OLDEST
    )
    standing = set(rows.values_list("code", "key"))
    for connection in connections:
        code = _trouble(links[connection.slug], at)
        if code and (code, connection.slug) not in standing:
            _raise(connection, links[connection.slug], code, at)
    for code, slug in standing:
        link = links.get(slug)
        if link is None or (link.worker if code == GONE else link.alive):
            alert_recover(code=code, account=None, key=slug, at=at)


def _trouble(link: Link, at: datetime) -> str:
    """The alert's code; empty where there is nothing to tell."""
    if link.code not in SENTENCES:
        return ""
    fresh = link.since_at is None or at - link.since_at < GONE_AFTER
    return "" if link.code == WORKER_GONE and fresh else ALERTS[link.code]


def _raise(connection: Connection, link: Link, code: str, at: datetime) -> None:
    facts = {"connection": connection.label}
    if link.code == "identity":
        facts["words"] = link.sentence
    alert_raise(
        code=code,
        severity=Alert.Severity.CRITICAL,
        account=None,
        sentence=Said(SENTENCES[link.code], facts),
        key=connection.slug,
        at=at,
    )
