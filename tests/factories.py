"""Makes rows the way the portal makes them: through services and ingest."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from django.contrib.auth.models import User

from apps.accounts import ingest, services
from apps.accounts.models import BrokerAccount, Connection
from apps.lib import realtime
from apps.lib import redis as store
from ibkr.types import AccountValue, Contract, Position, PositionsSnapshot

NOON = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
"""A Wednesday, noon in New York."""

Event = tuple[str, dict[str, Any]]


def make_connection(slug: str = "paper", **fields: Any) -> Connection:
    settings: dict[str, Any] = {"label": slug.title(), "port": 4002} | fields
    settings.setdefault("client_id", Connection.objects.count() + 1)
    return services.connection_create(slug=slug, **settings)


def make_account(connection: Connection, code: str = "DU1234567") -> BrokerAccount:
    return ingest.on_accounts(connection_id=connection.pk, codes=[code], at=NOON)[0]


def make_user(name: str, *accounts: BrokerAccount, **fields: Any) -> User:
    user = User.objects.create_user(name, password=f"{name}-password", **fields)
    for account in accounts:
        services.grant_give(user=user, account=account)
    return user


def stock(con_id: int = 265598, symbol: str = "AAPL", currency: str = "USD") -> Contract:
    return Contract(
        con_id=con_id,
        symbol=symbol,
        local_symbol=symbol,
        sec_type="STK",
        currency=currency,
        exchange="NASDAQ",
    )


def option(con_id: int = 700001, expiry: date = date(2026, 3, 20), **fields: Any) -> Contract:
    told: dict[str, Any] = {
        "symbol": "AAPL",
        "local_symbol": "AAPL  260320C00250000",
        "sec_type": "OPT",
        "currency": "USD",
        "multiplier": Decimal(100),
        "strike": Decimal(250),
        "right": "C",
    }
    return Contract(con_id=con_id, expiry=expiry, **(told | fields))


def hold(account: BrokerAccount, *held: tuple[Contract, str, str], at: datetime = NOON) -> None:
    """A complete snapshot of the account: (contract, quantity, average cost) each."""
    rows = tuple(Position(account.code, c, Decimal(q), Decimal(cost)) for c, q, cost in held)
    snapshot = PositionsSnapshot((account.code,), rows, at)
    ingest.on_positions_snapshot(connection_id=account.connection_id, snapshot=snapshot)
    account.refresh_from_db()


def tell_values(
    account: BrokerAccount, rows: Sequence[tuple[str, str, str]], at: datetime = NOON
) -> None:
    """(tag, value, currency) each."""
    values = [AccountValue(account.code, tag, value, currency) for tag, value, currency in rows]
    ingest.on_figures(connection_id=account.connection_id, events=values, at=at)
    account.refresh_from_db()


USUAL_VALUES = [
    ("AccountCode", "DU1234567", ""),
    ("AccountType", "INDIVIDUAL", ""),
    ("NetLiquidation", "100000.00", "USD"),
    ("TotalCashValue", "40000.00", "USD"),
    ("AvailableFunds", "50000.00", "USD"),
    ("ExcessLiquidity", "55000.00", "USD"),
    ("GrossPositionValue", "60000.00", "USD"),
    ("Cushion", "0.55", ""),
    ("CashBalance", "30000.00", "USD"),
    ("CashBalance", "78000.00", "HKD"),
    ("CashBalance", "40000.00", "BASE"),
    ("ExchangeRate", "1.00", "USD"),
    ("ExchangeRate", "0.128", "HKD"),
    ("ExchangeRate", "1.00", "BASE"),
]


@contextmanager
def worker_says(
    connection: Connection, state: str = "ready", *, code: str = "", at: datetime = NOON
) -> Iterator[None]:
    """A gateway worker holds the connection and reports this state."""
    lease = store.LEASE.format(name=f"connection:{connection.slug}")
    link = store.LINK.format(slug=connection.slug)
    told = {"state": state, "since_at": at.isoformat(), "code": code, "sentence": "All is well."}
    store.client().set(lease, json.dumps({"holder": "a test", "token": 1}), ex=600)
    store.client().set(link, json.dumps(told))
    try:
        yield
    finally:
        store.client().delete(lease, link)


@contextmanager
def publications() -> Iterator[list[Event]]:
    """The events that would go to browsers, caught where they leave for Redis."""
    events: list[Event] = []

    def catch(topic: str, data: realtime.Data) -> None:
        events.append((topic, data() if callable(data) else data))

    with patch.object(realtime, "_send", catch):
        yield events


def later(**span: float) -> datetime:
    return NOON + timedelta(**span)
