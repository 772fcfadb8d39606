"""What beat schedules for accounts; each task is harmless when delivered twice."""

from celery import shared_task

from apps.accounts import services
from apps.accounts.models import BrokerAccount
from apps.lib import clock


@shared_task(name="accounts.equity_snapshot")
def equity_snapshot() -> None:
    """Every minute."""
    at = clock.now()
    for account in BrokerAccount.objects.select_related("connection"):
        services.equity_snapshot(account=account, at=at)


@shared_task(name="accounts.equity_thin")
def equity_thin() -> None:
    """Every hour."""
    services.equity_thin(at=clock.now())


@shared_task(name="accounts.consistency_check")
def consistency_check() -> None:
    """Every minute: findings, and days to expiry where a new day has begun."""
    at = clock.now()
    services.days_roll(at=at)
    for account in BrokerAccount.objects.all():
        services.findings_refresh(account=account, at=at)


@shared_task(name="accounts.link_watch")
def link_watch() -> None:
    """Every two seconds, so that a page knows of a dead worker soon after its lease ends."""
    services.links_watch(at=clock.now())
