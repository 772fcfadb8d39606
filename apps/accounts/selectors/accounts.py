"""Accounts as a user may see them, and what they hold."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount, Connection, Finding, Position
from apps.accounts.permissions import User, is_superuser, is_user
from apps.accounts.state import SHOWN_TAGS, compose
from apps.lib.errors import NotFound
from apps.lib.prepared import Asked, Whole
from ibkr.types import Contract

ANY = Whole(
    BrokerAccount,
    lambda account_id: BrokerAccount.objects.filter(pk=account_id).order_by(),
    connection=Connection,
)
GRANTED = Whole(
    BrokerAccount,
    lambda account_id, user_id: BrokerAccount.objects.filter(
        pk=account_id, grants__user=user_id
    ).order_by(),
    connection=Connection,
)


def accounts_visible(user: User) -> QuerySet[BrokerAccount]:
    """Superusers see all accounts, others those they hold a grant for."""
    accounts = BrokerAccount.objects.select_related("connection")
    if not is_user(user):
        return accounts.none()
    return accounts if is_superuser(user) else accounts.filter(grants__user=user.pk)


def account_get(user: User, pk: int | str) -> BrokerAccount:
    """Raises NotFound for what is missing and, with the same words, for what is not theirs."""
    account = None
    if str(pk).isascii() and str(pk).isdigit() and len(str(pk)) < 19:
        account = account_seen(user, int(pk))
    if account is None:
        raise NotFound(
            _("There is no such account, or you have not been given access to it."),
            remedy=_("Ask an administrator for a grant on the account."),
        )
    return account


def account_seen(user: User, account_id: int) -> BrokerAccount | None:
    """One account of `accounts_visible`, with its connection, by a prepared query."""
    if not is_user(user) or user.pk is None:
        return None
    if is_superuser(user):
        found = ANY.first(account_id=account_id)
    else:
        found = GRANTED.first(account_id=account_id, user_id=int(user.pk))
    if found is not None:
        found.seen_by = int(user.pk)
    return found


def account_asked(user: User, account_id: int) -> list[Asked]:
    """The question of `account_seen` for `together`."""
    if not is_user(user) or user.pk is None:
        return []
    if is_superuser(user):
        return [ANY.asked(account_id=account_id)]
    return [GRANTED.asked(account_id=account_id, user_id=int(user.pk))]


def account_state(account: BrokerAccount, *, unmask: bool) -> dict[str, Any]:
    """State of the topic `accounts:<pk>`."""
    shown = account.values.filter(tag__in=SHOWN_TAGS)
    values = {(value.tag, value.currency): value for value in shown}
    return compose(account, values, account.positions.all(), unmask=unmask)


def accounts_of(connection: Connection) -> list[BrokerAccount]:
    return list(connection.accounts.all())


def contracts_held(connection: Connection) -> dict[str, list[Contract]]:
    """The instruments each account of the connection holds, by account id, in conId order."""
    held: dict[str, list[Contract]] = {}
    rows = Position.objects.filter(account__connection=connection).select_related("account")
    for position in rows.order_by("account__code", "con_id"):
        held.setdefault(position.account.code, []).append(_contract(position))
    return held


def findings_open(user: User) -> QuerySet[Finding]:
    """Unresolved findings of the accounts the user may see, the newest first."""
    return Finding.objects.filter(
        resolved_at__isnull=True, account__in=accounts_visible(user)
    ).select_related("account")


def _contract(position: Position) -> Contract:
    return Contract(
        con_id=position.con_id,
        symbol=position.symbol,
        sec_type=position.sec_type,
        currency=position.currency,
        exchange=position.exchange,
        primary_exchange=position.primary_exchange,
        local_symbol=position.local_symbol,
        trading_class=position.trading_class,
        multiplier=position.multiplier,
        expiry=position.expiry,
        strike=position.strike,
        right=position.right,
    )
