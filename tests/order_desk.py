"""A gateway's way of orders in this process: real session, ordered inbox, wiring, and pictures."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db import close_old_connections

from apps.accounts.models import BrokerAccount, Connection
from apps.lib import clock
from apps.marketdata.ingest import on_contract_details
from apps.marketdata.models import Instrument
from apps.trading import fills
from apps.trading.models import Order, Source
from apps.trading.reconcile import BrokerPicture
from apps.trading.services.terms import contract_of, request_from
from apps.trading.states import OrderState
from ibkr.port import BrokerEvent, BrokerPort
from ibkr.session import Session
from ibkr.types import Contract, LinkState, ManagedAccounts
from ibportal.gateway import wiring
from ibportal.gateway.inbox import Inbox
from ibportal.gateway.order_writers import OrderWriters
from ibportal.gateway.orders import OrderCare
from ibportal.gateway.working import Working
from tests.factories import make_connection
from tests.portal import eventually
from tests.wire.live_session import ACCOUNT, FAST
from tests.wire.simulator import Simulator

_client_ids = itertools.count(500)
WITHIN = 30.0


class OrderDesk:
    """One client of the simulator; what it hears is written as the gateway worker writes it."""

    def __init__(self, row: Connection, sim: Simulator) -> None:
        self.row, self.sim = row, sim
        self.inbox = Inbox(self._write, lambda: None)
        self._pictures = 0
        self.care = OrderCare(self.inbox.put, clock.now)
        self.working = Working(lambda: row.client_id, clock.now)
        orders = OrderWriters(lambda: row.client_id, self.care.look_soon, self._pictured)
        self._writer = wiring.writer_for(row.pk, clock.now, orders)
        settings = replace(FAST, port=sim.port, client_id=row.client_id)
        self.session = Session(settings, self._hear, on_up=self._up, now=clock.now)

    @property
    def port(self) -> BrokerPort:
        return self.session.port

    @property
    def ready(self) -> bool:
        return self.session.link.state is LinkState.READY

    def place(self, **fields: Any) -> Order:
        """Claimed and committed, then on the wire, then marked as sent unless answered before."""
        order = self.row_of(**fields)
        assert order.ib_order_id is not None
        self.port.place_order(order.ib_order_id, contract_of(order.instrument), request_from(order))
        at = clock.now()
        claimed = Order.objects.filter(pk=order.pk, state=OrderState.CLAIMED)
        claimed.update(state=OrderState.SENT, sent_at=at)
        return order

    def row_of(self, **fields: Any) -> Order:
        given: dict[str, Any] = {
            "side": "BUY",
            "quantity": Decimal(10),
            "order_type": "MKT",
            "tif": "DAY",
            "source": Source.PAGE,
            "state": OrderState.CLAIMED,
            "ref": f"ibp-{uuid4().hex[:26]}",
            "ib_order_id": self.port.next_order_id(),
            "client_id": self.row.client_id,
            "accepted_at": clock.now(),
            "claimed_at": clock.now(),
        }
        instrument = fields.pop("instrument", None) or self.stock()
        account = BrokerAccount.objects.get(code=ACCOUNT)
        rows = Order.objects
        return rows.create(
            account=account, connection=self.row, instrument=instrument, **given | fields
        )

    def stock(self, symbol: str = "AAPL") -> Instrument:
        found = Instrument.objects.filter(symbol=symbol, sec_type="STK", currency="USD").first()
        if found is None:
            query = Contract(symbol=symbol, sec_type="STK", exchange="SMART", currency="USD")
            found = on_contract_details(details=self.port.contract_details(query), at=clock.now())[
                0
            ]
        return found

    def look(self) -> bool:
        """Asks for a picture of all orders, and waits until it is in the database."""
        before = self._pictures
        self.care.look_soon()
        self.care.care(self.port, self.row)
        eventually(lambda: self._pictures > before, within=WITHIN, what="a picture")
        return True

    def until(self, order: Order, *states: str, look: bool = False) -> Order:
        """The row, as soon as it is in one of these states."""

        def arrived() -> bool:
            if look and self.ready:
                self.look()
            order.refresh_from_db()
            return order.state in states

        eventually(arrived, within=WITHIN, what=f"order {states}")
        return order

    def agrees(self, order: Order) -> Order:
        """Waits until the row says what the simulator's ledger says of its order, and checks it."""

        def same() -> bool:
            order.refresh_from_db()
            return ours(order) == theirs(self.sim, order)

        try:
            eventually(same, within=WITHIN, what="the ledger")
        except AssertionError:
            assert ours(order) == theirs(self.sim, order)
        return order

    def _pictured(self, picture: BrokerPicture, look_again: bool) -> None:  # noqa: FBT001  # a callback
        self._pictures += 1
        self.care.written(picture, look_again)

    def _hear(self, event: BrokerEvent) -> None:
        self.working.hear(event)
        if wiring.stored(event):
            self.inbox.put(event)

    def _up(self, port: BrokerPort) -> None:
        self._hear(ManagedAccounts(port.accounts, clock.now()))
        port.subscribe_positions()
        self.care.bring_up(port, self.row)
        close_old_connections()

    def _write(self, events: Sequence[Any]) -> None:
        self._writer(events)


def ours(order: Order) -> dict[str, Any]:
    return {
        "filled": order.filled,
        "worth": round(order.filled * (order.average_price or Decimal(0)), 4),
        "commission": order.commission or Decimal(0),
        "fills": sorted(order.executions.values_list("exec_id", flat=True)),
    }


def theirs(sim: Simulator, order: Order) -> dict[str, Any]:
    """From the simulator's own append-only record; corrections and busts replace."""
    rows = [row for row in sim.ledger() if row.get("order_ref") == order.ref]
    reports = [row for row in rows if row["kind"] in ("execution", "correction", "bust")]
    standing = {fills.split_exec_id(row["exec_id"])[0]: row for row in reports}
    counted = [row for row in standing.values() if row["kind"] != "bust"]
    paid = {row["exec_id"]: row["amount"] for row in rows if row["kind"] == "commission"}
    filled = sum((_number(row["quantity"]) for row in counted), Decimal(0))
    worth = sum((_number(row["quantity"]) * _number(row["price"]) for row in counted), Decimal(0))
    fee = sum((_number(paid.get(row["exec_id"], 0)) for row in counted), Decimal(0))
    return {
        "filled": filled,
        "worth": round(worth, 4),
        "commission": fee,
        "fills": sorted(row["exec_id"] for row in reports),
    }


def _number(value: float) -> Decimal:
    return Decimal(str(value))


@contextmanager
def order_desk(sim: Simulator, **fields: Any) -> Iterator[OrderDesk]:
    """Ready, with a client id that no other desk of this process had."""
    client_id = next(_client_ids)
    row = make_connection(f"orders-{client_id}", client_id=client_id, **fields)
    desk = OrderDesk(row, sim)
    desk.inbox.start()
    desk.session.start()
    try:
        eventually(lambda: desk.ready, within=WITHIN, what=f"a link, not {desk.session.link}")
        yield desk
    finally:
        desk.session.stop()
        desk.inbox.stop(WITHIN)
