"""What browsers may subscribe to: link states, and one topic for each account."""

from typing import Any

from apps.accounts.permissions import User, is_user, may_unmask
from apps.accounts.selectors import account_get, account_state, links_state
from apps.lib.errors import NotFound
from apps.lib.realtime import Topic

CONNECTIONS = "connections"
ACCOUNTS = "accounts"


def account_topic(pk: int) -> str:
    return f"{ACCOUNTS}:{pk}"


def _connections_allowed(user: User, key: str) -> bool:
    return key == "" and is_user(user)


def _connections_snapshot(user: User, key: str) -> dict[str, Any]:
    del user, key
    return links_state()


def _account_allowed(user: User, key: str) -> bool:
    try:
        account_get(user, key)
    except NotFound:
        return False
    return True


def _account_snapshot(user: User, key: str) -> dict[str, Any]:
    return account_state(account_get(user, key), unmask=may_unmask(user))


TOPICS = (
    Topic(CONNECTIONS, _connections_allowed, _connections_snapshot),
    Topic(ACCOUNTS, _account_allowed, _account_snapshot),
)
