"""A run of orders for the close against a simulator whose clock nears the close of New York."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from apps.accounts.models import BrokerAccount
from apps.lib import clock
from apps.lib import redis as store
from apps.marketdata.models import MarketRule
from apps.trading import services
from apps.trading.holders import Holder
from apps.trading.models import Order, Policy, Strategy, TradeRun
from apps.trading.services import run_advance, run_approve, run_start, snapshot_create
from apps.trading.services.reports import run_report
from apps.trading.states import OrderState, RunState
from ibkr.port import register as register_port
from tests.factories import make_user, tell_values, worker_says
from tests.gate_data import guard_awake
from tests.marketdata_data import milliseconds, put_quotes
from tests.order_desk import OrderDesk, order_desk
from tests.portal import eventually
from tests.risk_data import allow
from tests.wire.conftest import StartSimulator
from tests.wire.live_session import ACCOUNT
from tests.wire.simulator import Simulator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]

SPEED = 12
CLOSE_AT = datetime(2026, 4, 6, 20, 0, tzinfo=UTC)
CUT_OFF = CLOSE_AT - timedelta(minutes=10)
SCENARIO = f"""
[clock]
start = "2026-04-06 15:40:00 US/Eastern"
speed = {SPEED}.0

[market]
frozen = true

[hours]
around_the_clock = false

[[accounts]]
code = "{ACCOUNT}"
base = "USD"
cash = {{ USD = 100000.0 }}
positions = [["KO", 500, 70.0]]
"""
VALUES = {
    "NetLiquidation": "135000",
    "TotalCashValue": "100000",
    "AvailableFunds": "100000",
    "EquityWithLoanValue": "135000",
    "MaintMarginReq": "0",
    "ExcessLiquidity": "135000",
    "GrossPositionValue": "35000",
    "ExchangeRate": "1.00",
}
PRICES = {"KO": 70, "SPY": 600, "IBM": 250}


class Hand:
    """The portal's clock, which a test sets: the simulator's runs on, a minute in five seconds."""

    def __init__(self) -> None:
        self.at = CUT_OFF - timedelta(minutes=10)

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    made = Hand()
    monkeypatch.setattr(clock, "now", made.now)
    return made


@pytest.fixture
def sim(twsim: StartSimulator, tmp_path: Path) -> Simulator:
    file = tmp_path / "close.toml"
    file.write_text(SCENARIO, encoding="utf-8")
    started = twsim(str(file), server_version=226)
    for symbol, price in PRICES.items():
        started.market(symbol, price)
    return started


@pytest.fixture
def desk(sim: Simulator, hand: Hand) -> Iterator[OrderDesk]:
    store.client().flushdb()
    del hand
    with order_desk(sim) as made:
        register_port(made.row.slug, made.port)
        with worker_says(made.row, at=clock.now()):
            yield made
        register_port(made.row.slug, None)
    store.client().flushdb()


def account_of(desk: OrderDesk) -> BrokerAccount:
    return BrokerAccount.objects.get(code=ACCOUNT, connection=desk.row)


def refresh(desk: OrderDesk) -> None:
    """What the stream, the guard and the account updates tell all the time."""
    at, account = clock.now(), account_of(desk)
    tell_values(account, [(tag, amount, "USD") for tag, amount in VALUES.items()], at)
    guard_awake(account, at)
    fresh = {"kind": "live", "average_volume": "5e7", "at": milliseconds(at)}
    quotes = {
        desk.stock(symbol).con_id: {"bid": str(price), "ask": str(price), "last": str(price)}
        | fresh
        for symbol, price in PRICES.items()
    }
    put_quotes(desk.row.slug, quotes)


def strategy_of(desk: OrderDesk) -> Strategy:
    account = account_of(desk)
    strategy = Strategy.objects.create(account=account, name="close")
    Policy.objects.create(
        strategy=strategy,
        version=1,
        made_at=clock.now(),
        style="moc",
        not_targeted="keep",
        turnover_cap=Decimal(1),
    )
    weigh(desk, strategy, KO="0.10", SPY="0.15", IBM="0.10")
    return strategy


def weigh(desk: OrderDesk, strategy: Strategy, **weights: str) -> None:
    snapshot_create(
        user=None,
        strategy=strategy,
        weights={desk.stock(symbol): Decimal(weight) for symbol, weight in weights.items()},
        dated_on=clock.now().date(),
        origin="api",
        at=clock.now(),
    )


def advance(desk: OrderDesk, run: TradeRun) -> TradeRun:
    """What beat and the gateway worker do."""
    refresh(desk)
    for _round in range(10):
        if not run_advance(run_id=run.pk, at=clock.now()):
            break
    holder = Holder(
        slug=desk.row.slug,
        connection_id=desk.row.pk,
        client_id=lambda: desk.row.client_id,
        leases=lambda: {ACCOUNT: "17-18"},
    )
    for order in Order.objects.filter(plan_line__plan__run=run, state=OrderState.ACCEPTED):
        services.order_submit(order_id=order.pk, holder=holder, now=clock.now)
    return TradeRun.objects.get(pk=run.pk)


def test_orders_for_the_close_are_sent_before_the_cut_off_and_fill_at_the_close(
    desk: OrderDesk, hand: Hand
) -> None:
    MarketRule.objects.update_or_create(
        rule_id=26, defaults={"bands": [["0", "0.01"]], "fetched_at": clock.now()}
    )
    refresh(desk)
    trader = allow(make_user("alice", account_of(desk)), "trade", "approve_run")
    strategy = strategy_of(desk)
    run = run_start(user=trader, strategy=strategy, at=clock.now())
    assert run.state == RunState.PLANNED, run.sentence
    run_approve(user=trader, run=run, digest=run.plan.digest, at=clock.now())

    eventually(lambda: advance(desk, run).ended_at, within=60, what="the run to end")
    run.refresh_from_db()
    assert run.state == RunState.DONE
    assert run.sentence.endswith("3 still work at the broker.")
    orders = list(Order.objects.filter(plan_line__plan__run=run).order_by("pk"))
    assert [order.side for order in orders] == ["SELL", "BUY", "BUY"]
    placed = desk.sim.ledger("order")
    assert {(row["order_type"], row["tif"]) for row in placed} == {("MOC", "DAY")}
    assert desk.sim.ledger("execution") == []

    hand.at = CUT_OFF + timedelta(minutes=1)
    refresh(desk)
    weigh(desk, strategy, KO="0.05")
    late = run_start(user=trader, strategy=strategy, period="late", at=clock.now())
    assert (late.state, late.code) == (RunState.REFUSED, "session")
    assert "The cut-off has passed" in late.sentence

    waiting = Order.objects.filter(plan_line__plan__run=run).exclude(state=OrderState.FILLED)
    eventually(lambda: not waiting.exists(), within=150, what="the fills at the close")
    for order in orders:
        desk.agrees(order)
    fills = desk.sim.ledger("execution")
    assert all(datetime.fromisoformat(row["at"]) >= CLOSE_AT for row in fills)
    assert run_report(run).totals.full_lines == 3
