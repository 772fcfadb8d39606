"""A session over every mixture of text and protobuf that a TWS between 201 and 226 speaks."""

import pytest
from ibapi.execution import ExecutionFilter

from tests.wire.conftest import Connect, StartSimulator
from tests.wire.tws_client import order, stock

MIXTURES = (201, 203, 204, 205, 206, 207, 208, 210, 211, 212, 213, 214, 226)
"""Every version at which a theme went from text to protobuf, and those after the last."""
NO = False


@pytest.mark.parametrize("version", MIXTURES)
def test_a_trade_from_search_to_commission(
    version: int, twsim: StartSimulator, connect: Connect
) -> None:
    client = connect(twsim(server_version=version))
    assert client.serverVersion() == version

    client.reqContractDetails(1, stock())
    found = client.wait("contractDetails", lambda req_id, _: req_id == 1)[1].contract
    client.wait("contractDetailsEnd")
    client.reqMktData(2, found, "", NO, NO, [])
    client.wait("tickPrice", lambda req_id, *_: req_id == 2)
    client.reqHistoricalData(3, found, "", "1 D", "1 hour", "TRADES", 1, 1, NO, [])
    client.wait("historicalDataEnd", lambda req_id, *_: req_id == 3)
    order_id = client.wait("nextValidId")[0]
    client.placeOrder(order_id, found, order("BUY", 10, account="DU1234567"))
    opened = client.wait("openOrder", lambda number, *_: number == order_id)
    client.wait("orderStatus", lambda number, status, *_: (number, status) == (order_id, "Filled"))
    filled = client.wait("execDetails", lambda req_id, *_: req_id == -1)[2]
    paid = client.wait("commissionAndFeesReport", lambda report: report.execId == filled.execId)
    client.reqPositions()
    client.wait("position", lambda _, held, *__: held.conId == found.conId)
    client.wait("positionEnd")
    client.reqExecutions(4, ExecutionFilter())
    client.wait("execDetails", lambda req_id, *_: req_id == 4)
    client.reqCompletedOrders(apiOnly=False)
    client.wait("completedOrdersEnd")

    assert opened[1].right == ("?" if version < 203 else "")
    assert (filled.orderId, filled.cumQty) == (order_id, 10)
    assert paid[0].commissionAndFees > 0
