"""The gate with 500 positions and 200 working orders: the forty checks, and the whole door.

Prints JSON lines: CPU of this process for each order, p50 and p99. The door adds to the checks
what reads rows and quotes and what stores the decision; the order book answers from memory.
"""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from apps.lib import clock
from apps.lib import redis as store
from apps.risk.book import Activity, ActivityQuestion, WorkingOrder
from apps.risk.types import OrderIntent
from benchmarks.processes import load, say
from benchmarks.stage import stage

if TYPE_CHECKING:
    from apps.accounts.models import BrokerAccount

POSITIONS, WORKING, ROUNDS = 500, 200, 1000
CODE, FIRST = "DU1234567", 1_000_000
NOTHING: Any = {
    "orders_account": 0,
    "orders_instrument": 0,
    "cancels_account": 0,
    "cancels_instrument": 0,
    "messages": 0,
}


class Orders:
    """200 orders over as many instruments."""

    def __init__(self, account_id: int) -> None:
        self._orders = [_order(account_id, number) for number in range(WORKING)]

    def working(self, account_id: int | None) -> Sequence[WorkingOrder]:  # noqa: ARG002
        return self._orders

    def activity(self, question: ActivityQuestion) -> Activity:  # noqa: ARG002
        return Activity(**NOTHING)

    def ledger(self, account_id: int) -> dict[int, Decimal]:  # noqa: ARG002
        return {}


def _order(account_id: int, number: int) -> WorkingOrder:
    return WorkingOrder(
        order_id=number + 1,
        account_id=account_id,
        con_id=FIRST + number,
        side="BUY" if number % 2 else "SELL",
        quantity=Decimal(5),
        remaining=Decimal(5),
        limit_price=Decimal(90) if number % 2 else Decimal(110),
        stop_price=None,
        order_type="LMT",
        tif="DAY",
        state="submitted",
        external=False,
        accepted_at=clock.now(),
    )


def furnish() -> "BrokerAccount":
    """500 positions of a million, all valued, and an account that may trade."""
    # Django has its settings only now.
    from apps.accounts.models import AccountValue, BrokerAccount, Position  # noqa: PLC0415
    from apps.marketdata.models import Instrument  # noqa: PLC0415
    from apps.risk.models import GuardState  # noqa: PLC0415

    at = clock.now()
    account, _ = BrokerAccount.objects.update_or_create(
        code=CODE,
        defaults={
            "connection_id": 1,
            "base_currency": "USD",
            "first_seen_at": at,
            "last_seen_at": at,
            "values_at": at + timedelta(hours=1),
            "positions_at": at,
        },
    )
    spans = [[(at - timedelta(hours=1)).isoformat(), (at + timedelta(hours=9)).isoformat()]]
    Instrument.objects.bulk_create(_instruments(Instrument, spans, at))
    Position.objects.bulk_create(_positions(Position, account, at))
    told = {"NetLiquidation": 1_000_000, "AvailableFunds": 600_000, "EquityWithLoanValue": 10**6}
    told |= {"MaintMarginReq": 100_000, "ExcessLiquidity": 800_000, "GrossPositionValue": 500_000}
    AccountValue.objects.bulk_create(
        AccountValue(account=account, tag=tag, currency="USD", amount=amount, at=at)
        for tag, amount in told.items()
    )
    GuardState.objects.create(account=account, since_at=at, evaluated_at=at + timedelta(hours=1))
    return account


def _instruments(model: Any, spans: list[list[str]], at: Any) -> list[Any]:
    return [
        model(
            con_id=FIRST + number,
            symbol=f"S{number}",
            sec_type="STK",
            exchange="SMART",
            currency="USD",
            min_tick=Decimal("0.01"),
            industry=f"Sector {number % 11}",
            liquid_hours=spans,
            trading_hours=spans,
            details_at=at,
        )
        for number in range(POSITIONS)
    ]


def _positions(model: Any, account: "BrokerAccount", at: Any) -> list[Any]:
    return [
        model(
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
        for number in range(POSITIONS)
    ]


def quote(slug: str) -> None:
    at = round((clock.now() + timedelta(minutes=30)).timestamp() * 1000)
    told = {"bid": "99.98", "ask": "100.02", "last": "100", "kind": "live", "at": at}
    key = store.QUOTES.format(slug=slug)
    store.client().hset(key, str(FIRST), orjson.dumps({**told, "average_volume": "1000000"}))
    store.client().set(store.QUOTES_ALIVE.format(slug=slug), 1)
    store.client().set(store.LEASE.format(name=f"connection:{slug}"), "{}")
    link = {"state": "ready", "since_at": clock.now().isoformat(), "code": "", "sentence": ""}
    store.client().set(store.LINK.format(slug=slug), orjson.dumps(link))


def measured(work: Callable[[], None]) -> dict[str, float]:
    """Milliseconds of CPU."""
    for _ in range(50):
        work()
    took = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        took.append((time.process_time() - started) * 1000)
    took.sort()
    return {"p50_ms": round(took[ROUNDS // 2], 3), "p99_ms": round(took[ROUNDS * 99 // 100], 3)}


def main() -> None:
    with stage() as found:
        from apps.risk import book  # noqa: PLC0415
        from apps.risk.checks import evaluate  # noqa: PLC0415
        from apps.risk.selectors.snapshot import snapshot_take  # noqa: PLC0415
        from apps.risk.services import gate_check  # noqa: PLC0415

        account = furnish()
        quote(account.connection.slug)
        book.register(Orders(account.pk))
        intent = OrderIntent(
            account_id=account.pk,
            con_id=FIRST,
            side="BUY",
            quantity=Decimal(10),
            order_type="LMT",
            tif="DAY",
            source="page",
            limit_price=Decimal(100),
        )
        taken, limits = snapshot_take(intent, at=clock.now())
        refused = [v for v in evaluate(intent, taken, limits) if not v.passed]
        if refused:
            raise RuntimeError(f"{found.slugs}: the order should pass: {refused}")
        parts: dict[str, Callable[[], object]] = {
            "checks": lambda: evaluate(intent, taken, limits),
            "snapshot": lambda: snapshot_take(intent, at=clock.now()),
            "door": lambda: gate_check(intent=intent, at=clock.now()),
        }
        for name, work in parts.items():
            say(what="gate", part=name, positions=POSITIONS, working=WORKING, **measured(work),
                load=load())  # fmt: skip


if __name__ == "__main__":
    main()
