"""An account that may trade: values, positions, quotes, a living link, guard and order book."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.accounts.models import BrokerAccount
from apps.lib.prepared import Asked
from apps.marketdata.models import MarketRule
from apps.risk import book as order_book
from apps.risk.book import Activity, ActivityQuestion, WorkingOrder
from apps.risk.models import GuardState
from tests.factories import NOON, hold, stock, tell_values, worker_says
from tests.marketdata_data import instrument, milliseconds, put_quotes

AAPL = 265598
VALUES = [
    ("NetLiquidation", "1000000.00", "USD"),
    ("AvailableFunds", "500000.00", "USD"),
    ("EquityWithLoanValue", "1000000.00", "USD"),
    ("MaintMarginReq", "200000.00", "USD"),
    ("ExcessLiquidity", "600000.00", "USD"),
    ("GrossPositionValue", "400000.00", "USD"),
    ("ExchangeRate", "1.00", "USD"),
    ("ExchangeRate", "0.128", "HKD"),
]
QUOTE = {"bid": "99.98", "ask": "100.02", "last": "100.00", "kind": "live", "average_volume": "5e7"}


@dataclass
class PaperBook:
    """An order book that says what the test put into it."""

    orders: list[WorkingOrder] = field(default_factory=list)
    history: Activity = field(
        default_factory=lambda: Activity(
            orders_account=0,
            orders_instrument=0,
            cancels_account=0,
            cancels_instrument=0,
            messages=0,
        )
    )
    positions: dict[int, Decimal] = field(default_factory=dict)

    def working(self, account_id: int | None) -> Sequence[WorkingOrder]:
        return [o for o in self.orders if account_id in {None, o.account_id}]

    def activity(self, question: ActivityQuestion) -> Activity:  # noqa: ARG002
        return self.history

    def ahead(self, question: ActivityQuestion) -> Sequence[Asked]:  # noqa: ARG002
        return ()

    def ledger(self, account_id: int) -> Mapping[int, Decimal]:  # noqa: ARG002
        return self.positions


@contextmanager
def keeps_orders(book: PaperBook | None = None) -> Iterator[PaperBook]:
    """Registers the book for the time being."""
    before = list(order_book._books)
    found = book or PaperBook()
    order_book.register(found)
    try:
        yield found
    finally:
        order_book._books[:] = before


@contextmanager
def no_book() -> Iterator[None]:
    """Nobody keeps orders for the time being."""
    before = list(order_book._books)
    order_book._books.clear()
    try:
        yield
    finally:
        order_book._books[:] = before


def guard_awake(account: BrokerAccount, at: datetime = NOON, **fields: Any) -> GuardState:
    """The guard has just looked, and all was well."""
    told = {"state": "ok", "since_at": at, "evaluated_at": at} | fields
    return GuardState.objects.update_or_create(account=account, defaults=told)[0]


@contextmanager
def ready_to_trade(
    account: BrokerAccount,
    *held: tuple[int, str, str, str],
    at: datetime = NOON,
    quote: Mapping[str, str] = QUOTE,
) -> Iterator[None]:
    """All but the order book is as on a good day; held is (conId, symbol, quantity, cost)."""
    rows = held or ((AAPL, "AAPL", "100", "90"),)
    MarketRule.objects.update_or_create(
        rule_id=26, defaults={"bands": [["0", "0.01"]], "fetched_at": at}
    )
    tell_values(account, VALUES, at)
    for con_id, symbol, _, _ in rows:
        instrument(con_id, symbol, industry="Technology")
    hold(account, *[(stock(c, s), q, cost) for c, s, q, cost in rows], at=at)
    prices = {c: {**quote, "at": milliseconds(at)} for c, *_ in rows}
    put_quotes(account.connection.slug, prices)
    guard_awake(account, at)
    with worker_says(account.connection, at=at):
        yield
