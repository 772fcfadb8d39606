"""Which kill level holds, which locks are open, and when the guard last looked."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Max, Q, QuerySet

from apps.accounts.permissions import User
from apps.accounts.selectors import accounts_visible
from apps.risk.levels import Kill
from apps.risk.models import Alert, Flatten, GuardState, KillEvent, KillSwitch, Lock


def kill_level(account_id: int | None) -> int:
    """The higher of the global level and the account's own; only the global one for None."""
    wanted = Q(account__isnull=True)
    if account_id is not None:
        wanted |= Q(account=account_id)
    found = KillSwitch.objects.filter(wanted).aggregate(highest=Max("level"))
    return int(found["highest"] or 0)


def own_level(account_id: int | None) -> int:
    """The level of this account alone, or the global one for None."""
    found = kill_switch(account_id)
    return 0 if found is None else found.level


def is_dropped(connection_id: int) -> bool:
    """Whether everything, or an account of this connection, stands at level 5."""
    mine = Q(account__isnull=True) | Q(account__connection=connection_id)
    return KillSwitch.objects.filter(mine, level__gte=Kill.DROP).exists()


def kill_switch(account_id: int | None) -> KillSwitch | None:
    """The row of this account alone, or the global one for None; None if never touched."""
    return KillSwitch.objects.filter(account=account_id).first()


def kill_events(user: User, *, newest: int) -> Sequence[KillEvent]:
    visible = Q(account__isnull=True) | Q(account__in=accounts_visible(user))
    rows = KillEvent.objects.filter(visible).select_related("account", "user")
    return list(rows[:newest])


def locks_open(account_id: int) -> Sequence[Lock]:
    """Instruments that may only be reduced, newest first."""
    return list(Lock.objects.filter(account=account_id, closed_at__isnull=True))


def locks_visible(user: User) -> QuerySet[Lock]:
    return Lock.objects.filter(account__in=accounts_visible(user)).select_related("account")


def guard_last_at(account_id: int) -> datetime | None:
    """When the guard last completed an evaluation of the account; None if it never did."""
    return (
        GuardState.objects.filter(account=account_id).values_list("evaluated_at", flat=True).first()
    )


def flatten_open(account_id: int) -> Flatten | None:
    return Flatten.objects.filter(account=account_id, closed_at__isnull=True).first()


def alerts_visible(user: User) -> QuerySet[Alert]:
    """Alerts of the user's accounts and those of no account."""
    visible = Q(account__isnull=True) | Q(account__in=accounts_visible(user))
    return Alert.objects.filter(visible).select_related("account")


def alerts_open(user: User) -> QuerySet[Alert]:
    """Warnings and worse that nobody has acknowledged, over or not."""
    return alerts_visible(user).filter(seen_at__isnull=True).exclude(severity=Alert.Severity.INFO)
