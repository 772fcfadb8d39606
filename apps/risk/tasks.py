"""What beat schedules for risk; each task is harmless when delivered twice."""

from celery import shared_task
from django.conf import settings

from apps.lib import clock
from apps.risk import services


@shared_task(name="risk.guard")
def guard() -> None:
    """Every GUARD_SECONDS: one look at every account."""
    services.guard_evaluate_all(at=clock.now())


@shared_task(name="risk.commands_sweep")
def commands_sweep() -> None:
    """Every two seconds: reads what gateways answered, sends again what has no answer."""
    services.commands_sweep(at=clock.now())


@shared_task(name="risk.flattens_advance")
def flattens_advance() -> None:
    """Every two seconds: one step of every flattening that is not proven yet."""
    services.flattens_watch(at=clock.now())
    services.flattens_advance(at=clock.now())


@shared_task(name="risk.guard_thin")
def guard_thin() -> None:
    """Every hour: old evaluations that changed nothing go."""
    services.guard_thin(at=clock.now(), days=settings.GUARD_HISTORY_DAYS)


@shared_task(name="risk.channel_send")
def channel_send(channel: int) -> None:
    """Everything that is due over one channel, in one message."""
    services.channel_send(channel_id=channel, at=clock.now())


@shared_task(name="risk.alerts_sweep")
def alerts_sweep() -> None:
    """Every five seconds: retries, ends of quiet hours, batches, and what nobody acknowledged."""
    services.alerts_sweep(at=clock.now())


@shared_task(name="risk.links_alert")
def links_alert() -> None:
    """Every ten seconds: connections that need a person."""
    services.links_alert(at=clock.now())


@shared_task(name="risk.telegram_poll")
def telegram_poll() -> None:
    """Every three seconds: commands from allowed chats."""
    services.telegram_poll(at=clock.now())


@shared_task(name="risk.heartbeat")
def heartbeat() -> None:
    """Every minute: a sign of life to the monitor outside."""
    services.heartbeat(at=clock.now())
