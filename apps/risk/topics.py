"""What browsers may subscribe to: the guard, levels, locks and alerts of an account, and of all."""

from typing import Any

from apps.accounts.models import BrokerAccount
from apps.accounts.permissions import User, is_user
from apps.accounts.selectors import account_get
from apps.lib.errors import NotFound
from apps.lib.realtime import Topic, publish
from apps.risk import rows, selectors
from apps.risk.models import Alert, Flatten, KillSwitch, Lock

RISK = "risk"
State = dict[str, Any]


def risk_topic(account_id: int | None) -> str:
    return RISK if account_id is None else f"{RISK}:{account_id}"


def kill_changed(switch: KillSwitch) -> None:
    """Tells browsers on commit."""
    account_id = switch.account_id
    publish(
        risk_topic(account_id), lambda: {"kill": rows.kill_row(selectors.kill_switch(account_id))}
    )


def guard_changed(account_id: int) -> None:
    publish(risk_topic(account_id), lambda: _guard_patch(account_id))


def lock_changed(lock: Lock) -> None:
    pk = lock.pk
    publish(risk_topic(lock.account_id), lambda: {"locks": {str(pk): _lock(pk)}})


def flatten_changed(flatten: Flatten) -> None:
    account_id = flatten.account_id
    publish(
        risk_topic(account_id),
        lambda: {"flatten": rows.flatten_row(selectors.flatten_newest(account_id))},
    )


def alert_changed(alert: Alert) -> None:
    pk = alert.pk
    publish(risk_topic(alert.account_id), lambda: {"alerts": {str(pk): _alert(pk)}})


def _guard_patch(account_id: int) -> State:
    account = BrokerAccount.objects.select_related("connection").get(pk=account_id)
    return {
        "guard": rows.guard_row(account, selectors.guard_state(account_id)),
        "figures": rows.figures_row(selectors.evaluation_newest(account_id)),
    }


def _lock(pk: int) -> State | None:
    lock = Lock.objects.filter(pk=pk, closed_at__isnull=True).first()
    return None if lock is None else rows.lock_row(lock)


def _alert(pk: int) -> State | None:
    alert = Alert.objects.filter(pk=pk, seen_at__isnull=True).first()
    return None if alert is None else rows.alert_row(alert)


def _allowed(user: User, key: str) -> bool:
    if key == "":
        return is_user(user)
    try:
        account_get(user, key)
    except NotFound:
        return False
    return True


def _snapshot(user: User, key: str) -> State:
    if key == "":
        return selectors.global_state()
    return selectors.account_state(account_get(user, key))


TOPICS = (Topic(RISK, _allowed, _snapshot),)
