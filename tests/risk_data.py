"""Accounts, quotes, limits and people as risk meets them."""

import json
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import Permission, User

from apps.accounts.models import BrokerAccount
from apps.lib import clock
from apps.lib import redis as store
from apps.lib.prepared import Asked
from apps.risk.book import Activity, ActivityQuestion, WorkingOrder
from tests.factories import hold, make_account, make_connection, make_user, stock, tell_values

EQUITY = "100000.00"


def make_officer(name: str, *accounts: BrokerAccount) -> User:
    """May kill and lift, trade, and change limits."""
    return allow(make_user(name, *accounts), "kill", "lift", "change_limits")


def allow(user: User, *codenames: str) -> User:
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return User.objects.get(pk=user.pk)


def link_up(slug: str) -> None:
    """What a gateway worker with a ready link keeps in Redis."""
    told = {"state": "ready", "since_at": clock.now().isoformat(), "code": "", "sentence": ""}
    store.client().set(store.LEASE.format(name=f"connection:{slug}"), "held")
    store.client().set(store.LINK.format(slug=slug), json.dumps(told))


def make_held(at: datetime | None = None) -> BrokerAccount:
    """An account of 100,000 USD that holds 100 AAPL."""
    at = at or clock.now()
    account = make_account(make_connection())
    link_up("paper")
    tell_equity(account, EQUITY, at=at)
    hold(account, (stock(), "100", "150"), at=at)
    return account


def tell_equity(account: BrokerAccount, net: str, *, at: datetime) -> None:
    rows = [
        ("NetLiquidation", net, "USD"),
        ("GrossPositionValue", "15000", "USD"),
        ("ExcessLiquidity", "80000", "USD"),
        ("ExchangeRate", "1.00", "USD"),
    ]
    tell_values(account, rows, at=at)


class Shelf:
    """An order book for tests of risk alone: what is put on it is working or in the ledger."""

    def __init__(self) -> None:
        self.orders: list[WorkingOrder] = []
        self.kept: dict[int, Decimal] = {}
        self.rejects: dict[str, int] = {}

    def working(self, account_id: int | None) -> list[WorkingOrder]:
        return [o for o in self.orders if account_id in {None, o.account_id}]

    def activity(self, question: ActivityQuestion) -> Activity:
        return Activity(
            orders_account=0,
            orders_instrument=0,
            cancels_account=0,
            cancels_instrument=0,
            messages=0,
            rejects=self.rejects.get(question.strategy, 0),
        )

    def ahead(self, question: ActivityQuestion) -> list[Asked]:
        del question
        return []

    def ledger(self, account_id: int) -> dict[int, Decimal]:
        del account_id
        return dict(self.kept)
