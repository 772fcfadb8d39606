"""Which accounts a connection has: created when first seen, never moved between connections."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.ingest.book import Book
from apps.accounts.ingest.reading import Found, Scope, read
from apps.accounts.masks import mask_account
from apps.accounts.models import BrokerAccount
from apps.lib.errors import PortalError

log = logging.getLogger(__name__)
Event = TypeVar("Event")

PSEUDO_ACCOUNTS = {"", "All"}
"""Advisers' account groups arrive under these names; they hold nothing of their own."""


class AccountTaken(PortalError):
    code = "account_taken"
    status = 409


def on_accounts(*, connection_id: int, codes: Sequence[str], at: datetime) -> list[BrokerAccount]:
    """Stores the login's accounts, in the given order.

    Raises AccountTaken, and stores nothing, when one belongs to another connection.
    """
    wanted = [code for code in dict.fromkeys(codes) if code not in PSEUDO_ACCOUNTS]
    with transaction.atomic():
        known = {a.code: a for a in _rows(wanted)}
        for account in known.values():
            _refuse_foreign(account, connection_id)
        BrokerAccount.objects.filter(code__in=known).update(last_seen_at=at)
        for code in wanted:
            if code not in known:
                known[code] = _create(code, connection_id, at)
    return [known[code] for code in wanted]


def books(*, connection_id: int, scopes: Mapping[str, Scope], at: datetime) -> dict[str, Book]:
    """What may change of these accounts by code, without those of other connections."""
    found: dict[str, Book] = {}
    for code, scope in scopes.items():
        if code in PSEUDO_ACCOUNTS:
            continue
        rows = read(code, scope)
        if rows is None:
            rows = Found(_create(code, connection_id, at), [], [])
        if rows.account.connection_id != connection_id:
            log.warning("event for %s ignored: other connection", mask_account(code))
        else:
            found[code] = Book(rows)
    return found


def grouped(events: Iterable[Event], account: Callable[[Event], str]) -> dict[str, list[Event]]:
    groups: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        groups[account(event)].append(event)
    return groups


def _rows(codes: Sequence[str]) -> list[BrokerAccount]:
    return list(BrokerAccount.objects.select_related("connection").filter(code__in=codes))


def _create(code: str, connection_id: int, at: datetime) -> BrokerAccount:
    account = BrokerAccount.objects.create(
        code=code, connection_id=connection_id, first_seen_at=at, last_seen_at=at
    )
    return BrokerAccount.objects.select_related("connection").get(pk=account.pk)


def _refuse_foreign(account: BrokerAccount, connection_id: int) -> None:
    if account.connection_id != connection_id:
        raise AccountTaken(
            _("Account %(account)s already belongs to the connection “%(connection)s”.")
            % {"account": account.masked, "connection": account.connection.label},
            remedy=_("Log in with another account, or remove that connection's account first."),
        )
