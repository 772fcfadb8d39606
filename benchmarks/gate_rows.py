"""An account on a good day: 500 positions of a million, 200 working orders, all of it in rows."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from apps.lib import clock
from apps.lib import redis as store

if TYPE_CHECKING:
    from apps.accounts.models import BrokerAccount

POSITIONS, WORKING = 500, 200
CODE, FIRST = "DU1234567", 1_000_000
AHEAD = timedelta(hours=1)
"""Nothing goes stale while the benchmark runs."""
VALUES = {
    "NetLiquidation": 1_000_000,
    "AvailableFunds": 600_000,
    "EquityWithLoanValue": 1_000_000,
    "MaintMarginReq": 100_000,
    "ExcessLiquidity": 800_000,
    "GrossPositionValue": 500_000,
}


def furnish() -> "BrokerAccount":
    """All rows; the user of the stage may trade the account."""
    # Django has its settings only now.
    from django.contrib.auth.models import Permission, User  # noqa: PLC0415

    from apps.accounts.models import AccountValue, BrokerAccount  # noqa: PLC0415
    from apps.accounts.services.access import grant_give  # noqa: PLC0415
    from apps.risk.models import GuardState  # noqa: PLC0415

    at = clock.now()
    seen = {"first_seen_at": at, "last_seen_at": at, "values_at": at + AHEAD, "positions_at": at}
    account, _ = BrokerAccount.objects.update_or_create(
        code=CODE, defaults={"connection_id": 1, "base_currency": "USD", **seen}
    )
    AccountValue.objects.bulk_create(
        AccountValue(account=account, tag=tag, currency="USD", amount=amount, at=at)
        for tag, amount in VALUES.items()
    )
    GuardState.objects.create(account=account, since_at=at, evaluated_at=at + AHEAD)
    _hold(account, at)
    user = User.objects.get(username="bench")
    user.user_permissions.add(Permission.objects.get(codename="trade"))
    grant_give(user=user, account=account)
    return account


def _hold(account: "BrokerAccount", at: datetime) -> None:
    from apps.accounts.models import Position  # noqa: PLC0415
    from apps.marketdata.models import Instrument, MarketRule  # noqa: PLC0415
    from apps.trading.models import Order  # noqa: PLC0415

    MarketRule.objects.create(rule_id=26, bands=[["0", "0.01"]], fetched_at=at)
    spans = [[(at - AHEAD).isoformat(), (at + 9 * AHEAD).isoformat()]]
    Instrument.objects.bulk_create(_instrument(Instrument, n, spans, at) for n in range(POSITIONS))
    Position.objects.bulk_create(_position(Position, account, n, at) for n in range(POSITIONS))
    Order.objects.bulk_create(_order(Order, account, n, at) for n in range(WORKING))


def _instrument(model: Any, number: int, spans: list[list[str]], at: datetime) -> Any:
    return model(
        con_id=FIRST + number,
        symbol=f"S{number}",
        sec_type="STK",
        exchange="SMART",
        currency="USD",
        min_tick=Decimal("0.01"),
        valid_exchanges=["SMART"],
        market_rule_ids=[26],
        industry=f"Sector {number % 11}",
        liquid_hours=spans,
        trading_hours=spans,
        details_at=at,
    )


def _position(model: Any, account: "BrokerAccount", number: int, at: datetime) -> Any:
    return model(
        account=account,
        con_id=FIRST + number,
        symbol=f"S{number}",
        sec_type="STK",
        currency="USD",
        quantity=Decimal(10),
        average_cost=Decimal(100),
        value_base=Decimal("1000.5"),
        pnl_quantity=Decimal(10),
        updated_at=at,
    )


def _order(model: Any, account: "BrokerAccount", number: int, at: datetime) -> Any:
    """Sales above and purchases below the market, one in each of 200 instruments."""
    buys = number % 2 == 1
    return model(
        account=account,
        connection_id=account.connection_id,
        instrument_id=FIRST + number,
        ref=f"bench-{number}",
        idempotency_key=f"bench-{number}",
        source="api",
        side="BUY" if buys else "SELL",
        quantity=Decimal(5),
        order_type="LMT",
        tif="DAY",
        limit_price=Decimal(90 if buys else 110),
        state="submitted",
        accepted_at=at - AHEAD,
        acknowledged_at=at - AHEAD,
    )


def quote(slug: str) -> None:
    at = round((clock.now() + AHEAD / 2).timestamp() * 1000)
    told = {"bid": "99.98", "ask": "100.02", "last": "100", "kind": "live", "at": at}
    key = store.QUOTES.format(slug=slug)
    store.client().hset(key, str(FIRST), orjson.dumps({**told, "average_volume": "1000000"}))
    store.client().set(store.QUOTES_ALIVE.format(slug=slug), 1)
    store.client().set(store.LEASE.format(name=f"connection:{slug}"), "{}")
    link = {"state": "ready", "since_at": clock.now().isoformat(), "code": "", "sentence": ""}
    store.client().set(store.LINK.format(slug=slug), orjson.dumps(link))


def revalue(turn: int) -> None:
    """The broker's P&L stream tells every position's value anew, about once a second."""
    from django.db.models import F  # noqa: PLC0415

    from apps.accounts.models import Position  # noqa: PLC0415

    value = Decimal(1000 + turn % 7) + F("con_id") % 10
    Position.objects.update(value_base=value, updated_at=clock.now())


def settle(order_id: int) -> None:
    """An order of the benchmark's own is over, so that the next one meets the same account."""
    from apps.trading.models import Order  # noqa: PLC0415

    long_ago = clock.now() - timedelta(days=9)
    Order.objects.filter(pk=order_id).update(state="cancelled", accepted_at=long_ago)
