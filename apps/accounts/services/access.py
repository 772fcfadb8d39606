"""Who sees which account, and under which name it is shown."""

from django.contrib.auth.models import User
from django.db import transaction

from apps.accounts.models import AccountGrant, BrokerAccount
from apps.accounts.topics import account_topic
from apps.lib import realtime


def grant_give(*, user: User, account: BrokerAccount) -> AccountGrant:
    """Giving it twice leaves one grant."""
    grant, _created = AccountGrant.objects.get_or_create(user=user, account=account)
    return grant


def grant_revoke(*, user: User, account: BrokerAccount) -> None:
    AccountGrant.objects.filter(user=user, account=account).delete()


def account_rename(*, account: BrokerAccount, alias: str) -> None:
    """An empty alias shows the masked account id again."""
    account.alias = alias
    with transaction.atomic():
        account.save(update_fields=["alias"])
        realtime.publish(account_topic(account.pk), {"card": {"name": str(account)}})
