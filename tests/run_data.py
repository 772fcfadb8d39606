"""An account with weights to rebalance to, and a broker that does what a test says."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from apps.accounts.models import BrokerAccount, Position
from apps.marketdata.models import Instrument
from apps.trading.models import DecisionSnapshot, Order, Policy, Strategy, TradeRun
from apps.trading.services import run_advance
from apps.trading.states import OrderState
from tests.factories import NOON, hold, make_account, make_connection, make_user, stock, tell_values
from tests.gate_data import keeps_orders, ready_to_trade
from tests.marketdata_data import instrument, milliseconds, put_quotes
from tests.risk_data import allow

AAPL, MSFT, KO, JPM = 265598, 272093, 8894, 1520593
NAMES = {AAPL: "AAPL", MSFT: "MSFT", KO: "KO", JPM: "JPM"}
ISSUERS = {AAPL: "Technology", MSFT: "Software", KO: "Beverages", JPM: "Banks"}
CASH, NET = Decimal(800_000), Decimal(1_000_000)
POLICY: dict[str, Any] = {
    "minimum_trade": Decimal(100),
    "turnover_cap": Decimal(1),
    "not_targeted": "keep",
    "made_at": NOON,
}


@dataclass
class Desk:
    """Everything a run needs; prices are 100 but where a test moves them."""

    account: BrokerAccount
    strategy: Strategy
    trader: User
    approver: User

    def weights(self, **weights: str) -> DecisionSnapshot:
        """By symbol."""
        ids = {symbol: con_id for con_id, symbol in NAMES.items()}
        made = DecisionSnapshot.objects.create(
            strategy=self.strategy,
            dated_on=NOON.date(),
            origin="csv",
            digest="d" * 64,
            made_at=NOON,
        )
        for symbol, weight in weights.items():
            made.weights.create(instrument_id=ids[symbol], weight=Decimal(weight))
        return made

    def policy(self, **fields: Any) -> Policy:
        version = Policy.objects.filter(strategy=self.strategy).count() + 1
        told = POLICY | fields
        return Policy.objects.create(strategy=self.strategy, version=version, **told)

    def quote(self, con_id: int, price: str, at: datetime = NOON, **fields: Any) -> None:
        middle = Decimal(price)
        quote = {"bid": str(middle - Decimal("0.02")), "ask": str(middle + Decimal("0.02"))}
        quote |= {"last": price, "kind": "live", "average_volume": "5e7"}
        quote |= {"at": milliseconds(at)} | fields
        put_quotes(self.account.connection.slug, {con_id: quote})

    def tell_cash(self, cash: Decimal, at: datetime) -> None:
        amounts = [("TotalCashValue", str(cash), "USD"), ("AvailableFunds", str(cash), "USD")]
        tell_values(self.account, amounts, at)


@contextmanager
def rebalancing(*, mode: str = "paper", held: Mapping[int, str] | None = None) -> Iterator[Desk]:
    """NLV 1,000,000, cash 800,000, 2,000 AAPL at 100; all quotes live and the guard awake."""
    code = "DU1234567" if mode == "paper" else "U1234567"
    account = make_account(make_connection(mode=mode), code)
    rows = [(c, NAMES[c], q, "90") for c, q in (held or {AAPL: "2000"}).items()]
    with ready_to_trade(account, *rows), keeps_orders():
        desk = _desk(account)
        tell_values(account, [("NetLiquidation", str(NET), "USD")])
        desk.tell_cash(CASH, NOON)
        for con_id, symbol in NAMES.items():
            instrument(con_id, symbol, industry=ISSUERS[con_id])
            desk.quote(con_id, "100.00")
        account.refresh_from_db()
        yield desk


def _desk(account: BrokerAccount) -> Desk:
    trader = allow(make_user("alice", account), "trade")
    approver = allow(make_user("bob", account), "trade", "approve_run")
    strategy = Strategy.objects.create(account=account, name="weekly")
    desk = Desk(account, strategy, trader, approver)
    desk.policy()
    return desk


def advance(run: TradeRun, at: datetime, rounds: int = 30) -> TradeRun:
    """What beat does, until nothing can be done at once."""
    for _round in range(rounds):
        if not run_advance(run_id=run.pk, at=at):
            break
    return TradeRun.objects.get(pk=run.pk)


def orders_of(run: TradeRun, **fields: Any) -> list[Order]:
    return list(Order.objects.filter(plan_line__plan__run=run, **fields).order_by("pk"))


def acknowledge(*orders: Order, at: datetime) -> None:
    """The broker works them."""
    for order in orders:
        Order.objects.filter(pk=order.pk).update(
            state=OrderState.SUBMITTED, acknowledged_at=at, perm_id=1000 + order.pk
        )


def fill(desk: Desk, *orders: Order, at: datetime, price: str = "100.00") -> None:
    """The broker fills them whole, and tells of positions and cash."""
    for order in orders:
        order.refresh_from_db()
        Order.objects.filter(pk=order.pk).update(
            state=OrderState.FILLED,
            filled=order.quantity,
            average_price=Decimal(price),
            commission=Decimal(1),
            commission_currency="USD",
            acknowledged_at=at,
            ended_at=at,
        )
        _settle(desk, order, Decimal(price), at)


def end(order: Order, state: OrderState, at: datetime, **fields: Any) -> None:
    Order.objects.filter(pk=order.pk).update(state=state, ended_at=at, **fields)


def _settle(desk: Desk, order: Order, price: Decimal, at: datetime) -> None:
    signed = order.quantity if order.side == "BUY" else -order.quantity
    held = {p.con_id: p.quantity for p in Position.objects.filter(account=desk.account)}
    held[order.instrument_id] = held.get(order.instrument_id, Decimal(0)) + signed
    rows = [(stock(c, NAMES[c]), str(q), "90") for c, q in held.items() if q]
    hold(desk.account, *rows, at=at)
    cash = desk.account.values.get(tag="TotalCashValue").amount or Decimal(0)
    desk.tell_cash(cash - signed * price - 1, at)
    desk.account.refresh_from_db()


def known(con_id: int) -> Instrument:
    return Instrument.objects.get(pk=con_id)


def refresh_quotes(desk: Desk, at: datetime) -> None:
    for con_id in NAMES:
        desk.quote(con_id, "100.00", at=at)
