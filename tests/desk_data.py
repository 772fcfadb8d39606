"""A believable account for page and browser tests, told through ingest as a gateway would."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User

from apps.accounts import ingest, services
from apps.accounts.models import BrokerAccount, Connection, EquityPoint
from apps.lib import clock
from apps.lib import redis as store
from ibkr.types import (
    AccountPnL,
    AccountValue,
    Contract,
    LinkChanged,
    LinkState,
    PortfolioItem,
    PositionPnL,
)

PASSWORD = "correct horse battery"
CODE = "DU1234567"
READY = "Connected; positions and values are up to date."
ALIVE_MS = 600_000


@dataclass(frozen=True, slots=True)
class Holding:
    contract: Contract
    quantity: str
    cost: str
    price: str
    rate: str = "1"
    daily: str = "12.5"


def _stock(con_id: int, symbol: str, currency: str = "USD", exchange: str = "NASDAQ") -> Contract:
    return Contract(
        con_id=con_id,
        symbol=symbol,
        sec_type="STK",
        currency=currency,
        exchange=exchange,
        local_symbol=symbol,
        multiplier=Decimal(1),
    )


def _option(con_id: int, symbol: str, strike: str, right: str, currency: str = "USD") -> Contract:
    return Contract(
        con_id=con_id,
        symbol=symbol,
        sec_type="OPT",
        currency=currency,
        exchange="SMART",
        local_symbol=f"{symbol} {strike}{right}",
        multiplier=Decimal(100),
        expiry=date.today() + timedelta(days=27),  # noqa: DTZ011  # an expiry is a local date
        strike=Decimal(strike),
        right=right,
    )


BOOK = (
    Holding(_stock(1, "AAPL"), "300", "171.23", "228.87", daily="-214.5"),
    Holding(_stock(2, "MSFT"), "120", "388.10", "415.02", daily="318.12"),
    Holding(_stock(3, "NVDA"), "250", "92.5", "141.98", daily="1022.5"),
    Holding(_stock(4, "SPY", exchange="ARCA"), "150", "540.12", "593.67", daily="75"),
    Holding(_stock(5, "700", "HKD", "SEHK"), "1000", "352.4", "405.6", "0.1285", daily="-88.4"),
    Holding(_stock(6, "SAP", "EUR", "IBIS"), "90", "182.1", "224.35", "1.05", daily="14.2"),
    Holding(_option(7, "AAPL", "240", "C"), "-3", "412.25", "3.85", daily="33"),
    Holding(_option(8, "SPY", "570", "P"), "5", "488.9", "5.12", daily="-61"),
    Holding(_option(9, "700", "420", "C", "HKD"), "-10", "812", "7.35", "0.1285", daily="22.4"),
    Holding(
        Contract(
            con_id=10,
            symbol="MES",
            sec_type="FUT",
            currency="USD",
            exchange="CME",
            local_symbol="MESZ5",
            multiplier=Decimal(5),
            expiry=date(2030, 12, 20),
        ),
        "2",
        "29875",
        "5988.25",
        daily="112.5",
    ),
    Holding(
        Contract(con_id=11, symbol="EUR", sec_type="CASH", currency="USD", exchange="IDEALPRO"),
        "25000",
        "1.08123",
        "1.05142",
        daily="-5",
    ),
    Holding(_stock(12, "PENNY"), "10000", "0.4512", "0.3975", daily="0"),
)
VALUES = {
    ("NetLiquidation", "USD"): "412358.27",
    ("TotalCashValue", "USD"): "86211.4",
    ("AvailableFunds", "USD"): "231877.91",
    ("BuyingPower", "USD"): "927511.64",
    ("ExcessLiquidity", "USD"): "248310.05",
    ("InitMarginReq", "USD"): "180480.36",
    ("MaintMarginReq", "USD"): "164048.22",
    ("GrossPositionValue", "USD"): "326146.87",
    ("Cushion", ""): "0.602172",
    ("CashBalance", "USD"): "61204.11",
    ("CashBalance", "HKD"): "148211.6",
    ("CashBalance", "EUR"): "-5702.25",
    ("ExchangeRate", "USD"): "1",
    ("ExchangeRate", "HKD"): "0.1285",
    ("ExchangeRate", "EUR"): "1.05",
}


def make_user(name: str, *, superuser: bool = False) -> User:
    """With PASSWORD as password."""
    manager = get_user_model().objects
    make = manager.create_superuser if superuser else manager.create_user
    return make(name, password=PASSWORD)


def make_connection(slug: str = "demo", *, mode: str = "paper") -> Connection:
    label = "Simulated TWS" if slug == "demo" else slug.title()
    port = 4001 if mode == "live" else 4002
    return services.connection_create(slug=slug, label=label, port=port, mode=mode)


def make_account(
    connection: Connection, *, code: str = CODE, alias: str = "", book: Sequence[Holding] = BOOK
) -> BrokerAccount:
    """The account with values, positions, P&L and two hours of equity."""
    at = clock.now()
    ingest.on_accounts(connection_id=connection.pk, codes=[code], at=at)
    values = [AccountValue(code, tag, value, cur) for (tag, cur), value in VALUES.items()]
    ingest.on_figures(connection_id=connection.pk, events=values, at=at)
    hold(connection, code, book, at)
    pnl = AccountPnL(code, Decimal("1228.72"), Decimal("31877.2"), Decimal("-402.15"))
    ingest.on_figures(connection_id=connection.pk, events=[pnl], at=at)
    account = BrokerAccount.objects.select_related("connection").get(code=code)
    if alias:
        services.account_rename(account=account, alias=alias)
    _equity(account, at)
    return account


def hold(connection: Connection, code: str, book: Sequence[Holding], at: datetime) -> None:
    items = [_item(code, holding) for holding in book]
    ingest.on_figures(connection_id=connection.pk, events=items, at=at)
    pnls = [_pnl(item, holding) for item, holding in zip(items, book, strict=True)]
    ingest.on_figures(connection_id=connection.pk, events=pnls, at=at)


def _item(code: str, holding: Holding) -> PortfolioItem:
    quantity, price = Decimal(holding.quantity), Decimal(holding.price)
    value = quantity * price * (holding.contract.multiplier or 1)
    cost = quantity * Decimal(holding.cost)
    return PortfolioItem(
        account=code,
        contract=holding.contract,
        quantity=quantity,
        average_cost=Decimal(holding.cost),
        market_price=price,
        market_value=value,
        unrealized_pnl=value - cost,
        realized_pnl=Decimal(0),
    )


def _pnl(item: PortfolioItem, holding: Holding) -> PositionPnL:
    rate = Decimal(holding.rate)
    assert item.market_value is not None
    assert item.unrealized_pnl is not None
    return PositionPnL(
        account=item.account,
        con_id=item.contract.con_id,
        quantity=item.quantity,
        daily=Decimal(holding.daily),
        unrealized=item.unrealized_pnl * rate,
        realized=Decimal(0),
        value=item.market_value * rate,
    )


def _equity(account: BrokerAccount, at: datetime) -> None:
    waves = (0, 4, 9, 7, 15, 22, 18, 26, 31, 24, 29, 37, 33, 41, 47, 44, 52, 49, 58, 61)
    EquityPoint.objects.bulk_create(
        EquityPoint(
            account=account,
            at=at - timedelta(minutes=6 * (len(waves) - index)),
            net_liquidation=Decimal(411_000) + 22 * wave,
        )
        for index, wave in enumerate(waves)
    )


def link_up(connection: Connection) -> None:
    """What a running gateway worker keeps in Redis, and the row and event that go with it."""
    change = LinkChanged(LinkState.READY, clock.now(), "", READY)
    link_told(connection.slug)
    ingest.on_link(connection_id=connection.pk, change=change)


def link_told(slug: str, *, state: LinkState = LinkState.READY, code: str = "") -> None:
    """The Redis half of it: the lease and the worker's word."""
    lease = store.LEASE.format(name=f"connection:{slug}")
    store.client().set(lease, json.dumps({"holder": "test", "token": 1}), px=ALIVE_MS)
    told = {"state": state.value, "since_at": clock.now().isoformat(), "code": code}
    store.client().set(store.LINK.format(slug=slug), json.dumps({**told, "sentence": READY}))


def link_down(slug: str) -> None:
    """The worker is gone: its lease runs out."""
    store.client().delete(store.LEASE.format(name=f"connection:{slug}"))
