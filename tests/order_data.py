"""Orders as the portal stores them and the broker's words about them, for tests of trading."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from apps.accounts.models import BrokerAccount
from apps.marketdata.ingest import on_contract_details
from apps.marketdata.models import Instrument
from apps.trading import ingest
from apps.trading.models import Order, OrderChange, Source
from apps.trading.states import OrderState
from ibkr.types import (
    BrokerError,
    Commission,
    CompletedOrder,
    Contract,
    ContractDetails,
    Execution,
    OpenOrder,
    OrderRequest,
    OrderStatus,
)
from ibportal.gateway.order_writers import OrderWriters
from ibportal.gateway.wiring import writer_for
from tests.factories import NOON, make_account, make_connection, stock

CLIENT, ORDER_ID, PERM = 7, 11, 900_001
Message = OpenOrder | OrderStatus | Execution | Commission | BrokerError


def make_instrument(contract: Contract | None = None) -> Instrument:
    told = ContractDetails(contract=contract or stock(), min_tick=Decimal("0.01"))
    return on_contract_details(details=[told], at=NOON)[0]


def make_order(account: BrokerAccount | None = None, **fields: Any) -> Order:
    """A limit order for 10, sent a second ago and not yet answered."""
    account = account or make_account(make_connection(client_id=CLIENT))
    given: dict[str, Any] = {
        "instrument": fields.pop("instrument", None) or make_instrument(),
        "ref": "ibp-test-1",
        "source": Source.PAGE,
        "side": "BUY",
        "quantity": Decimal(10),
        "order_type": "LMT",
        "limit_price": Decimal(100),
        "tif": "DAY",
        "state": OrderState.SENT,
        "client_id": CLIENT,
        "ib_order_id": ORDER_ID,
        "accepted_at": NOON - timedelta(seconds=2),
        "claimed_at": NOON - timedelta(seconds=1),
        "sent_at": NOON - timedelta(seconds=1),
    }
    return Order.objects.create(account=account, connection=account.connection, **given | fields)


def ask_change(order: Order, **fields: Any) -> OrderChange:
    given = {"number": 1, "quantity": order.quantity, "limit_price": order.limit_price}
    given |= {"state": OrderChange.State.SENT, "asked_at": NOON}
    return OrderChange.objects.create(order=order, **given | fields)


def request(**changes: Any) -> OrderRequest:
    fields: dict[str, Any] = {
        "account": "DU1234567",
        "action": "BUY",
        "quantity": Decimal(10),
        "order_type": "LMT",
        "limit_price": Decimal(100),
        "tif": "DAY",
        "order_ref": "ibp-test-1",
    }
    return OrderRequest(**fields | changes)


def opened(status: str = "Submitted", **changes: Any) -> OpenOrder:
    ids: dict[str, Any] = {
        "order_id": ORDER_ID,
        "client_id": CLIENT,
        "perm_id": PERM,
        "contract": stock(),
    }
    named = {name: changes.pop(name) for name in tuple(ids) if name in changes}
    return OpenOrder(**ids | named, request=request(**changes), status=status)


def status(name: str, filled: int = 0, **changes: Any) -> OrderStatus:
    fields: dict[str, Any] = {
        "order_id": ORDER_ID,
        "client_id": CLIENT,
        "perm_id": PERM,
        "parent_id": 0,
        "status": name,
        "filled": Decimal(filled),
        "remaining": Decimal(10 - filled),
        "average_fill_price": None,
        "last_fill_price": None,
        "why_held": "",
    }
    return OrderStatus(**fields | changes)


def filled(exec_id: str, quantity: int = 1, price: int = 100, **changes: Any) -> Execution:
    fields: dict[str, Any] = {
        "exec_id": exec_id,
        "order_id": ORDER_ID,
        "client_id": CLIENT,
        "perm_id": PERM,
        "account": "DU1234567",
        "contract": stock(),
        "side": "BOT",
        "quantity": Decimal(quantity),
        "price": Decimal(price),
        "cumulative_quantity": Decimal(quantity),
        "average_price": Decimal(price),
        "exchange": "NASDAQ",
        "order_ref": "ibp-test-1",
        "at": NOON,
    }
    return Execution(**fields | changes)


def paid(exec_id: str, amount: str = "1.05") -> Commission:
    return Commission(exec_id, Decimal(amount), "USD", None)


def error(code: int, text: str = "", order_id: int = ORDER_ID) -> BrokerError:
    return BrokerError(code, text or f"text of {code}", NOON, order_id, None, order_id)


def completed(status: str = "Cancelled", text: str = "", **changes: Any) -> CompletedOrder:
    told: Mapping[str, Any] = {
        "perm_id": changes.pop("perm_id", PERM),
        "filled": Decimal(changes.pop("filled", 0)),
        "contract": changes.pop("contract", stock()),
        "completed_at": NOON,
    }
    return CompletedOrder(**told, request=request(**changes), status=status, completed_status=text)


def tell_together(connection_id: int, *messages: Message) -> None:
    """As the gateway's inbox hands over what has come in one go."""
    orders = OrderWriters(lambda: CLIENT, lambda: None, lambda *_: None)
    writer_for(connection_id, lambda: NOON, orders)(messages)


def tell(connection_id: int, *messages: Message, seconds: float = 0) -> None:
    """Through the same doors as the gateway."""
    at = NOON + timedelta(seconds=seconds)
    for message in messages:
        match message:
            case OpenOrder():
                ingest.on_open_order(connection_id, message, at)
            case OrderStatus():
                ingest.on_order_status(connection_id, message, at)
            case Execution():
                ingest.on_execution(connection_id, message, at)
            case Commission():
                ingest.on_commission(connection_id, message, at)
            case BrokerError():
                ingest.on_order_error(connection_id, message, CLIENT, at)
