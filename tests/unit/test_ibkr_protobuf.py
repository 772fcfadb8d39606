"""The newer wire format: binary message ids and protobuf, from server version 201 on."""

import json
import struct
from decimal import Decimal
from typing import Any

import pytest
from ibapi.message import IN
from ibapi.protobuf.AccountSummary_pb2 import AccountSummary
from ibapi.protobuf.ErrorMessage_pb2 import ErrorMessage
from ibapi.protobuf.ManagedAccounts_pb2 import ManagedAccounts
from ibapi.protobuf.MarketDataType_pb2 import MarketDataType as MarketDataTypeMessage
from ibapi.protobuf.NextValidId_pb2 import NextValidId
from ibapi.protobuf.OpenOrder_pb2 import OpenOrder as OpenOrderMessage
from ibapi.protobuf.OrderStatus_pb2 import OrderStatus as OrderStatusMessage
from ibapi.protobuf.PnL_pb2 import PnL
from ibapi.protobuf.Position_pb2 import Position as PositionMessage
from ibapi.protobuf.TickPrice_pb2 import TickPrice

from ibkr.client.encoder import Encoder
from ibkr.convert.contracts import routed
from ibkr.convert.orders import ib_order
from ibkr.errors import RequestRefused
from ibkr.port import BrokerEvent
from ibkr.types import (
    AccountValue,
    BrokerError,
    Contract,
    DataKindChanged,
    OpenOrder,
    OrderRequest,
    OrderStatus,
    Position,
    PriceKind,
    QuoteField,
    Tick,
)
from tests.environment import golden_folder
from tests.unit.test_ibkr_decode import Bench

GOLDEN = golden_folder()
AAPL = Contract(con_id=265598, symbol="AAPL", sec_type="STK", currency="USD", exchange="SMART")
ORDER = OrderRequest(
    account="DU1",
    action="BUY",
    quantity=Decimal("1E+2"),
    order_type="LMT",
    tif="DAY",
    order_ref="r",
    limit_price=Decimal("10.5"),
)


@pytest.fixture(params=[213, 226])
def bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(request.param)


def _hear(bench: Bench, message_id: int, message: Any) -> list[BrokerEvent]:
    before = len(bench.events)
    frame = (200 + message_id).to_bytes(4, "big") + message.SerializeToString()
    bench.client.on_frames([frame])
    return bench.events[before:]


def _line(bench: Bench) -> int:
    bench.client.subscribe_quotes([AAPL])
    return min(bench.client._by_number)


def test_a_login_is_understood(bench: Bench) -> None:
    _hear(bench, IN.MANAGED_ACCTS, ManagedAccounts(accountsList="DU1,DU2,"))
    _hear(bench, IN.NEXT_VALID_ID, NextValidId(orderId=17))
    assert bench.client.greeted
    assert bench.client.accounts == ("DU1", "DU2")
    assert bench.client.next_order_id() == 17


def test_prices_and_their_kind_are_understood(bench: Bench) -> None:
    line = _line(bench)
    kind = _hear(bench, IN.MARKET_DATA_TYPE, MarketDataTypeMessage(reqId=line, marketDataType=3))
    assert kind == [DataKindChanged(265598, PriceKind.DELAYED)]
    price, size = _hear(
        bench, IN.TICK_PRICE, TickPrice(reqId=line, tickType=66, price=262.41, size="300")
    )
    assert isinstance(price, Tick)
    assert isinstance(size, Tick)
    assert (price.field, price.value) == (QuoteField.BID, Decimal("262.41"))
    assert (size.value, size.kind) == (Decimal(300), PriceKind.DELAYED)


def test_a_price_that_is_absent_is_missing(bench: Bench) -> None:
    price, _ = _hear(bench, IN.TICK_PRICE, TickPrice(reqId=_line(bench), tickType=1))
    assert isinstance(price, Tick)
    assert price.value is None


def test_errors_are_attributed(bench: Bench) -> None:
    line = _line(bench)
    (event,) = _hear(bench, IN.ERR_MSG, ErrorMessage(id=line, errorCode=354, errorMsg="no data"))
    assert isinstance(event, BrokerError)
    assert (event.code, event.con_id) == (354, 265598)


def test_account_rows_and_positions_are_understood(bench: Bench) -> None:
    row = AccountSummary(reqId=1, account="DU1", tag="Cushion", value="0.8")
    assert _hear(bench, IN.ACCOUNT_SUMMARY, row) == [AccountValue("DU1", "Cushion", "0.8", "")]
    held = PositionMessage(account="DU1", position="12", avgCost=101.25)
    held.contract.conId, held.contract.symbol, held.contract.secType = 265598, "AAPL", "STK"
    (event,) = _hear(bench, IN.POSITION_DATA, held)
    assert isinstance(event, Position)
    assert (event.quantity, event.average_cost) == (Decimal(12), Decimal("101.25"))
    assert event.contract.strike is None


def test_unset_profit_is_missing(bench: Bench) -> None:
    bench.client.subscribe_account("DU1")
    number = bench.client._pnl["DU1"]
    (event,) = _hear(bench, IN.PNL, PnL(reqId=number, dailyPnL=1.7976931348623157e308))
    assert (event.daily, event.unrealized) == (None, None)  # type: ignore[union-attr]  # a P&L


def test_an_order_without_ids_has_none(bench: Bench) -> None:
    message = OpenOrderMessage(orderId=5)
    message.contract.conId = 265598
    message.order.action, message.order.totalQuantity = "BUY", "10"
    message.order.orderType, message.order.tif = "MKT", "DAY"
    message.orderState.status = "Submitted"
    (order,) = _hear(bench, IN.OPEN_ORDER, message)
    assert isinstance(order, OpenOrder)
    assert (order.perm_id, order.client_id, order.request.parent_id) == (0, 0, 0)
    assert (order.request.limit_price, order.margin) == (None, None)
    (status,) = _hear(bench, IN.ORDER_STATUS, OrderStatusMessage(orderId=5, status="Submitted"))
    assert isinstance(status, OrderStatus)
    assert (status.perm_id, status.filled, status.average_fill_price) == (0, Decimal(0), None)


@pytest.mark.parametrize("version", [176, 200, 203, 213, 226])
def test_every_request_we_make_can_be_encoded(version: int) -> None:
    encoder = Encoder(version, 7)
    for call, *arguments in (
        ("startApi",),
        ("reqCurrentTime",),
        ("reqMktData", 1, routed(AAPL), "233", False, False, []),
        ("cancelMktData", 1),
        ("placeOrder", 5, routed(AAPL), ib_order(ORDER)),
        ("reqAccountSummary", 2, "All", "NetLiquidation"),
        ("reqPositions",),
        ("reqPnLSingle", 3, "DU1", "", 265598),
        ("reqContractDetails", 4, routed(AAPL)),
        ("reqHistoricalData", 6, routed(AAPL), "", "2 D", "1 hour", "TRADES", 1, 2, False, []),
        ("reqAllOpenOrders",),
        ("reqCompletedOrders", False),
        ("reqMarketRule", 26),
    ):
        frame = encoder.frame(call, *arguments)
        assert struct.unpack("!I", frame[:4])[0] == len(frame) - 4
        assert b"1E+2" not in frame


def test_what_ibapi_refuses_to_send_is_raised() -> None:
    with pytest.raises(RequestRefused):
        Encoder(200, 7).frame("reqMatchingSymbols", 1, "苹果")


@pytest.mark.golden
@pytest.mark.skipif(GOLDEN is None, reason="recorded TWS frames are absent")
@pytest.mark.parametrize("version", [200, 213, 226])
def test_our_frames_are_those_of_ibapis_own_client(version: int) -> None:
    assert GOLDEN is not None
    recorded = json.loads((GOLDEN / f"client_requests_stable_sv{version}.json").read_text())
    by_call = {row["call"]: row["raw_hex"][0] for row in recorded["requests"] if row["raw_hex"]}
    encoder = Encoder(version, 7)
    for name, call, *arguments in (
        ("handshake+startApi", "startApi"),
        ("reqCurrentTime", "reqCurrentTime"),
        ("reqMarketDataType(3)", "reqMarketDataType", 3),
    ):
        assert encoder.frame(call, *arguments)[4:].hex() == by_call[name]
