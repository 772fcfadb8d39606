"""Who may trade, approve and upload: a permission by name and a grant on the account."""

from django.contrib.auth.models import AbstractUser
from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount
from apps.accounts.permissions import User, is_superuser, is_user
from apps.accounts.selectors import account_seen
from apps.lib.errors import NotAllowed

TRADE = "trading.trade"
APPROVE = "trading.approve_run"
UPLOAD = "trading.upload_snapshot"
MANAGE = "trading.change_strategy"


def has(user: User, permission: str) -> bool:
    return is_user(user) and isinstance(user, AbstractUser) and user.has_perm(permission)


def may_trade(user: User) -> bool:
    return has(user, TRADE)


def may_approve(user: User) -> bool:
    return has(user, APPROVE)


def may_upload(user: User) -> bool:
    return has(user, UPLOAD)


def check_may_trade(user: User, account: BrokerAccount) -> None:
    """Raises NotAllowed without the permission or without a grant on the account."""
    if not may_trade(user):
        raise NotAllowed(
            _("You may look at orders, but not place, change or cancel them."),
            remedy=_("Ask an administrator for the permission to trade."),
        )
    _check_grant(user, account)


def check_may_approve(user: User, account: BrokerAccount) -> None:
    if not may_approve(user):
        raise NotAllowed(
            _("You may not approve trade runs."),
            remedy=_("Ask an administrator for the permission to approve them."),
        )
    _check_grant(user, account)


def check_may_upload(user: User, account: BrokerAccount) -> None:
    if not may_upload(user):
        raise NotAllowed(
            _("You may not upload target weights."),
            remedy=_("Ask an administrator for the permission to upload them."),
        )
    _check_grant(user, account)


def check_may_manage(user: User, account: BrokerAccount) -> None:
    """Who may make strategies and change their policies."""
    if not has(user, MANAGE):
        raise NotAllowed(
            _("You may not change strategies and their policies."),
            remedy=_("Ask an administrator for the permission to change strategies."),
        )
    _check_grant(user, account)


def _check_grant(user: User, account: BrokerAccount) -> None:
    if is_superuser(user):
        return  # they see all accounts: a cancel need not ask the database for that
    if account.seen_by == user.pk and account.seen_by is not None:
        return  # this object was read as theirs
    if account_seen(user, account.pk) is None:
        raise NotAllowed(
            _("You have not been given access to this account."),
            remedy=_("Ask an administrator for a grant on the account."),
        )
