"""Who may stop trading, and who may let it go on."""

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import User as Person
from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount
from apps.accounts.permissions import User, is_superuser, is_user
from apps.accounts.selectors import account_seen
from apps.lib.errors import NotAllowed

KILL = "risk.kill"
LIFT = "risk.lift"
LIMITS = "risk.change_limits"
CHANNELS = "risk.change_channel"
TRADE = "trading.trade"
"""The order pages sit above this app, so their permission is named here by the shared contract."""


def _has(user: User, *permissions: str) -> bool:
    return (
        is_user(user)
        and isinstance(user, AbstractUser)
        and any(user.has_perm(permission) for permission in permissions)
    )


def may_kill(user: User, account: BrokerAccount | None) -> bool:
    """Whoever may trade an account may stop it; stopping everything needs a permission by name."""
    wanted = (KILL, LIFT) if account is None else (KILL, LIFT, TRADE)
    return _has(user, *wanted) and _granted(user, account)


def may_lift(user: User, account: BrokerAccount | None) -> bool:
    return _has(user, LIFT) and _granted(user, account)


def check_may_kill(user: User, account: BrokerAccount | None) -> None:
    if not may_kill(user, account):
        raise NotAllowed(
            _("You may not stop trading here."),
            remedy=_("Ask an administrator for the permission to raise the kill level."),
        )


def check_may_lift(user: User, account: BrokerAccount | None) -> None:
    if not may_lift(user, account):
        raise NotAllowed(
            _("You may not lift kill levels, halts and locks here."),
            remedy=_("Ask an administrator for the permission to lift them."),
        )


def may_change_limits(user: User, account: BrokerAccount | None) -> bool:
    return _has(user, LIMITS) and _granted(user, account)


def check_may_change_limits(user: User, account: BrokerAccount | None) -> Person:
    """The user, for the change's own row. Limits of everything need no grant of an account."""
    if not (isinstance(user, Person) and _has(user, LIMITS) and _granted(user, account)):
        raise NotAllowed(
            _("You may not change limits here."),
            remedy=_("Ask an administrator for the permission to change limits."),
        )
    return user


def _granted(user: User, account: BrokerAccount | None) -> bool:
    if account is None or is_superuser(user):
        return True  # superusers see all accounts: a stop need not ask the database for that
    return account_seen(user, account.pk) is not None


def may_change_channels(user: User) -> bool:
    return _has(user, CHANNELS)


def check_may_change_channels(user: User) -> Person:
    if not (isinstance(user, Person) and may_change_channels(user)):
        raise NotAllowed(
            _("You may not change alert channels."),
            remedy=_("Ask an administrator for the permission to change channels."),
        )
    return user
