"""Orders, fills, runs and plans as the services and the gateway would leave them."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.accounts.models import BrokerAccount
from apps.lib import clock
from apps.marketdata.models import Instrument
from apps.trading.models import (
    DecisionSnapshot,
    Execution,
    Order,
    OrderEvent,
    Plan,
    PlanLine,
    Policy,
    RunEvent,
    Strategy,
    TradeRun,
)
from apps.trading.states import ENDED, OrderState, RunState


def make_order(account: BrokerAccount, instrument: Instrument, **fields: Any) -> Order:
    """A day limit order to buy 100, working, placed by nobody."""
    at = fields.pop("at", None) or clock.now()
    told: dict[str, Any] = {
        "connection": account.connection,
        "source": "page",
        "side": "BUY",
        "quantity": Decimal(100),
        "order_type": "LMT",
        "tif": "DAY",
        "limit_price": Decimal("99.5"),
        "state": OrderState.SUBMITTED,
        "accepted_at": at,
    }
    told |= fields
    if told["state"] in ENDED:
        told.setdefault("ended_at", at)
    order = Order.objects.create(account=account, instrument=instrument, **told)
    add_event(order, "accepted", at=at, before="", after="accepted", origin="portal")
    return order


def add_event(order: Order, kind: str, *, at: datetime, **fields: Any) -> OrderEvent:
    number = order.events.count() + 1
    return OrderEvent.objects.create(order=order, number=number, kind=kind, at=at, **fields)


def make_execution(order: Order, base: str, revision: int = 1, **fields: Any) -> Execution:
    told: dict[str, Any] = {
        "side": order.side,
        "quantity": Decimal(10),
        "price": Decimal("99.5"),
        "exchange": "NASDAQ",
        "at": clock.now(),
        "recorded_at": clock.now(),
        "client_id": 1,
        "ib_order_id": 1,
    }
    return Execution.objects.create(
        connection=order.connection,
        account=order.account,
        instrument=order.instrument,
        order=order,
        exec_id=f"{base}.{revision:02}",
        base=base,
        revision=revision,
        **(told | fields),
    )


def make_strategy(account: BrokerAccount, name: str = "weekly") -> Strategy:
    strategy = Strategy.objects.create(account=account, name=name)
    Policy.objects.create(strategy=strategy, version=1, made_at=clock.now())
    return strategy


def make_snapshot(strategy: Strategy, weights: dict[Instrument, str]) -> DecisionSnapshot:
    now = clock.now()
    snapshot = DecisionSnapshot.objects.create(
        strategy=strategy, dated_on=now.date(), origin="csv", digest="d" * 64, made_at=now
    )
    for instrument, weight in weights.items():
        snapshot.weights.create(instrument=instrument, weight=Decimal(weight))
    return snapshot


def make_run(snapshot: DecisionSnapshot, **fields: Any) -> TradeRun:
    strategy = snapshot.strategy
    told: dict[str, Any] = {
        "connection": strategy.account.connection,
        "account": strategy.account,
        "policy": strategy.policies.get(),
        "mode": strategy.account.connection.mode,
        "period": "2026-W47",
        "state": RunState.PLANNED,
        "created_at": clock.now(),
    }
    return TradeRun.objects.create(strategy=strategy, snapshot=snapshot, **(told | fields))


def make_plan(run: TradeRun, lines: list[dict[str, Any]], **fields: Any) -> Plan:
    """`lines` give instrument and what differs from a plain buy of ten at 100."""
    now = clock.now()
    told: dict[str, Any] = {
        "digest": "a" * 64,
        "nlv": Decimal(100000),
        "cash_before": Decimal(40000),
        "cash_after": Decimal(2500),
        "buffer": Decimal(2000),
        "turnover": Decimal("0.375"),
        "cost": Decimal("12.34"),
        "made_at": now,
        "expires_at": now + timedelta(minutes=15),
    }
    plan = Plan.objects.create(run=run, **(told | fields))
    for number, line in enumerate(lines, start=1):
        make_line(plan, number, **line)
    return plan


def make_line(plan: Plan, number: int, **fields: Any) -> PlanLine:
    told: dict[str, Any] = {
        "target_weight": Decimal("0.10"),
        "weight_before": Decimal("0.09"),
        "weight_after": Decimal("0.10"),
        "position": Decimal(90),
        "working": Decimal(0),
        "quantity": Decimal(10),
        "price": Decimal(100),
        "price_kind": "live",
        "price_at": clock.now(),
        "fx": Decimal(1),
        "value": Decimal(1000),
    }
    return PlanLine.objects.create(plan=plan, number=number, **(told | fields))


def add_run_event(run: TradeRun, kind: str, **data: Any) -> RunEvent:
    number = run.events.count() + 1
    return RunEvent.objects.create(run=run, number=number, kind=kind, data=data, at=clock.now())
