"""Where accounts stand with the guard, for pages, topics and the API."""

from datetime import datetime
from typing import Any

from apps.accounts.models import BrokerAccount
from apps.risk import rows
from apps.risk.models import Alert, Flatten, GuardEvaluation, GuardEvent, GuardState, Lock
from apps.risk.selectors.kill import kill_switch

TRAY = 20


def guard_state(account_id: int) -> GuardState | None:
    return GuardState.objects.filter(account=account_id).first()


def evaluation_newest(account_id: int) -> GuardEvaluation | None:
    return GuardEvaluation.objects.filter(account=account_id).first()


def evaluations_of(account_id: int, *, since_at: datetime) -> list[GuardEvaluation]:
    """Oldest first."""
    rows_ = GuardEvaluation.objects.filter(account=account_id, at__gte=since_at)
    return list(rows_.order_by("at", "id"))


def guard_events(account_id: int, *, newest: int) -> list[GuardEvent]:
    return list(GuardEvent.objects.filter(account=account_id)[:newest])


def flatten_newest(account_id: int) -> Flatten | None:
    return Flatten.objects.filter(account=account_id).prefetch_related("lines").first()


def account_state(account: BrokerAccount) -> dict[str, Any]:
    """State of the topic `risk:<account pk>`."""
    locks = Lock.objects.filter(account=account, closed_at__isnull=True)
    alerts = Alert.objects.filter(account=account, seen_at__isnull=True)[:TRAY]
    return {
        "guard": rows.guard_row(account, guard_state(account.pk)),
        "figures": rows.figures_row(evaluation_newest(account.pk)),
        "kill": rows.kill_row(kill_switch(account.pk)),
        "flatten": rows.flatten_row(flatten_newest(account.pk)),
        "locks": {str(lock.pk): rows.lock_row(lock) for lock in locks},
        "alerts": {str(alert.pk): rows.alert_row(alert) for alert in alerts},
    }


def global_state() -> dict[str, Any]:
    """State of the topic `risk`: what is the same for everybody."""
    alerts = Alert.objects.filter(account__isnull=True, seen_at__isnull=True)[:TRAY]
    return {
        "kill": rows.kill_row(kill_switch(None)),
        "alerts": {str(alert.pk): rows.alert_row(alert) for alert in alerts},
    }
