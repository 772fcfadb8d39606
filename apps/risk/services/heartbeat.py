"""The sign of life to a monitor outside: sent only while what must run does run."""

import logging
from datetime import datetime, timedelta

import httpx
from django.conf import settings

from apps.accounts.selectors import connections_enabled, links_effective
from apps.risk.models import GuardState

log = logging.getLogger(__name__)

TIMEOUT = 10.0
PERIODS = 3
DOWN_FOR = timedelta(minutes=15)


def heartbeat(*, at: datetime) -> str:
    """Empty when the monitor was told; else why it was not. Beat is proven by the call itself."""
    if not settings.HEARTBEAT_URL:
        return "no HEARTBEAT_URL"
    why = unhealthy(at=at)
    if why:
        log.warning("no heartbeat: %s", why)
        return why
    try:
        answer = httpx.get(settings.HEARTBEAT_URL, timeout=TIMEOUT, follow_redirects=True)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        # Not its text: the address is as good as a password.
        log.warning("the monitor does not take the heartbeat: %s", type(error).__name__)
        return type(error).__name__
    return ""


def unhealthy(*, at: datetime) -> str:
    """Which gateway worker is missing or guard silent; a short break of a link is
    no fault, for TWS restarts every day."""
    connections = connections_enabled()
    for slug, link in links_effective(connections).items():
        if not link.worker:
            return f"no gateway worker for {slug}"
        if not link.alive and link.since_at is not None and at - link.since_at > DOWN_FOR:
            return f"the link of {slug} is down"
    oldest = at - timedelta(seconds=PERIODS * settings.GUARD_SECONDS)
    looked = GuardState.objects.filter(account__connection__in=connections)
    if looked.exclude(evaluated_at__gte=oldest).exists():
        return "the guard is silent"
    return ""
