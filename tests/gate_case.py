"""Snapshots of a good day for the gate, and cases that differ from it in one thing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.risk.book import Activity, WorkingOrder
from apps.risk.case import Case
from apps.risk.levels import Guard
from apps.risk.policy import Limits, Row, Subject
from apps.risk.snapshot import (
    Account,
    Instrument,
    Line,
    Link,
    Quote,
    Snapshot,
    Standing,
)
from apps.risk.types import OrderIntent
from ibkr.types import LinkState, MarginImpact, PriceBand, PriceKind, Session
from tests.factories import NOON

D = Decimal
Trial = Callable[[str], Case]
STOCK, OTHER = 1, 2
SELL = {"side": "SELL"}
HOURS = (Session(NOON - timedelta(hours=3), NOON + timedelta(hours=3)),)
NO_ACTIVITY = Activity(
    orders_account=0, orders_instrument=0, cancels_account=0, cancels_instrument=0, messages=0
)
BASE = Snapshot(
    at=NOON,
    account=Account(
        id=1,
        code="DU1234567",
        mode="paper",
        base_currency="USD",
        pinned=("DU1234567",),
        connected=("DU1234567",),
        net_liquidation=D(100_000),
        available=D(50_000),
        equity_with_loan=D(100_000),
        maintenance=D(20_000),
        excess=D(60_000),
        look_ahead_excess=D(60_000),
        gross=D(30_000),
        rates={"USD": D(1), "HKD": D("0.125")},
    ),
    link=Link(state=LinkState.READY, worker=True),
    standing=Standing(guard=Guard.OK, evaluated_at=NOON),
    instrument=Instrument(
        con_id=STOCK,
        symbol="AAPL",
        kind="STK",
        currency="USD",
        primary_exchange="NYSE",
        bands=(PriceBand(D(0), D("0.01")),),
        liquid=HOURS,
        trading=HOURS,
        average_volume=D(1_000_000),
    ),
    quote=Quote(bid=D("99.99"), ask=D("100.01"), last=D(100), kind=PriceKind.LIVE, at=NOON),
    lines=(
        Line(STOCK, D(100), D(100), "USD", str(STOCK), "Technology"),
        Line(OTHER, D(200), D(100), "USD", str(OTHER), "Energy"),
    ),
    working=(),
    activity=NO_ACTIVITY,
)
"""100 AAPL and 200 of another, at 100 each, in an account of 100,000."""

INTENT = OrderIntent(
    account_id=1,
    con_id=STOCK,
    side="BUY",
    quantity=D(10),
    order_type="LMT",
    tif="DAY",
    source="page",
    limit_price=D(100),
)


def trial(
    order: dict[str, Any] | None = None,
    limits: dict[str, str] | None = None,
    account: dict[str, Any] | None = None,
    **changed: Any,
) -> Callable[[str], Case]:
    """A case for a code: what differs from a good day, and the limits of that code."""

    def made(code: str) -> Case:
        snapshot = replace(BASE, account=replace(BASE.account, **(account or {})), **changed)
        subject = Subject(kind="STK", net_liquidation=snapshot.account.net_liquidation)
        rows = [Row(1, code, limits)] if limits else []
        return Case(replace(INTENT, **(order or {})), snapshot, Limits(subject, rows))

    return made


def both(order: dict[str, Any] | None = None, **missing: Any) -> dict[str, Trial]:
    """The same missing input, for a purchase and for a sale of what is held."""
    return {
        "raising": trial(order, **missing),
        "lowering": trial({**(order or {}), **SELL}, **missing),
    }


def instrument(**changed: Any) -> Instrument:
    assert BASE.instrument is not None
    return replace(BASE.instrument, **changed)


def quote(**changed: Any) -> Quote:
    assert BASE.quote is not None
    return replace(BASE.quote, **changed)


def activity(**changed: Any) -> Activity:
    return replace(NO_ACTIVITY, **changed)


def standing(**changed: Any) -> Standing:
    return replace(BASE.standing, **changed)


def resting(**changed: Any) -> WorkingOrder:
    told: dict[str, Any] = {
        "order_id": 7,
        "account_id": 1,
        "con_id": STOCK,
        "side": "BUY",
        "quantity": D(10),
        "remaining": D(10),
        "limit_price": D(100),
        "stop_price": None,
        "order_type": "LMT",
        "tif": "DAY",
        "state": "submitted",
        "external": False,
        "accepted_at": NOON - timedelta(hours=1),
    }
    return WorkingOrder(**(told | changed))


def margin(initial: str, maintenance: str, equity: str) -> MarginImpact:
    names = ("initial_before", "initial_change", "maintenance_before", "maintenance_change")
    rest = ("equity_before", "equity_change", "commission", "commission_min", "commission_max")
    return MarginImpact(
        initial_after=D(initial),
        maintenance_after=D(maintenance),
        equity_after=D(equity),
        commission_currency="USD",
        warning="",
        **dict.fromkeys((*names, *rest)),
    )


def lost(count: int) -> tuple[datetime, ...]:
    return tuple(NOON - timedelta(minutes=n + 1) for n in range(count))
