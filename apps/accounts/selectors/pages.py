"""Reads that only pages need."""

from collections.abc import Iterable

from django.db.models import QuerySet

from apps.accounts.models import AccountValue, BrokerAccount, Connection, LinkEvent
from apps.accounts.permissions import User
from apps.accounts.selectors.accounts import accounts_visible


def accounts_whole(user: User) -> list[BrokerAccount]:
    """The accounts of a user, their positions read at once; the values are few, read by account."""
    return list(accounts_visible(user).prefetch_related("positions"))


def any_account() -> bool:
    """Whether the gateway has seen an account at all, whoever may look at it."""
    return BrokerAccount.objects.exists()


def connections_of(accounts: Iterable[BrokerAccount]) -> list[Connection]:
    """Each connection once, in the order of the accounts."""
    return list({account.connection_id: account.connection for account in accounts}.values())


def account_values(account: BrokerAccount) -> QuerySet[AccountValue]:
    return account.values.order_by("tag", "currency")


def link_events(*, newest: int) -> list[LinkEvent]:
    """The last events over all enabled connections."""
    events = LinkEvent.objects.filter(connection__enabled=True).select_related("connection")
    return list(events.order_by("-at", "-id")[:newest])
