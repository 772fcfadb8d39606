"""Orders from placing to their end, as a real ibapi client hears them."""

import json
from decimal import Decimal
from typing import Any

import pytest
from ibapi.const import UNSET_DOUBLE
from ibapi.execution import ExecutionFilter
from ibapi.order_cancel import OrderCancel

from tests.wire.conftest import Connect, StartSimulator
from tests.wire.simulator import Simulator, wait_until
from tests.wire.tws_client import TwsClient, contract, order, stock

ACCOUNT = "DU1234567"
AAPL = 265598


def _next_id(client: TwsClient) -> int:
    return int(client.wait("nextValidId")[0])


def _place(client: TwsClient, made: Any, of: Any = None) -> int:
    """Places with the client's next id; the id."""
    order_id = _next_id(client) + len(getattr(client, "placed", []))
    client.placed = [*getattr(client, "placed", []), order_id]
    made.account = made.account or ACCOUNT
    client.placeOrder(order_id, of or stock(), made)
    return order_id


def _status(client: TwsClient, order_id: int, status: str) -> tuple[Any, ...]:
    return client.wait("orderStatus", lambda its_id, its, *_: (its_id, its) == (order_id, status))


def test_a_market_order_is_told_in_the_recorded_order(
    standing_twsim: Simulator, client: TwsClient
) -> None:
    client.forget()
    client.reqIds(-1)
    order_id = _place(client, order("BUY", 10, orderRef="mine"))
    client.wait("commissionAndFeesReport")
    names = [name for name in client.names() if name != "nextValidId"]
    assert names[:2] == ["openOrder", "orderStatus"]
    pairs = [name for name in names if name in ("openOrder", "orderStatus")]
    assert pairs == ["openOrder", "orderStatus"] * (len(pairs) // 2)
    statuses = [row[1] for row in client.all("orderStatus")]
    assert statuses[0] == "PreSubmitted"
    assert statuses[-1] == "Filled"
    assert names.index("execDetails") < names.index("commissionAndFeesReport")
    assert names[-1] == "commissionAndFeesReport"
    _, _, filled, remaining, average, perm_id, parent, last, client_id = _status(
        client, order_id, "Filled"
    )[:9]
    assert (filled, remaining, parent, client_id) == (Decimal(10), Decimal(0), 0, client.clientId)
    assert average == last == pytest.approx(262.42, abs=1)
    assert perm_id > 1_000_000
    paid = [row[3] for row in client.all("openOrder") if row[3].status == "Filled"]
    assert paid[0].commissionAndFees == UNSET_DOUBLE
    assert paid[-1].commissionAndFees == 1.0


def test_an_execution_says_who_traded_what(client: TwsClient) -> None:
    order_id = _place(client, order("BUY", 3, orderRef="why"))
    req_id, of, execution = client.wait("execDetails")
    assert (req_id, of.conId, execution.orderId) == (-1, AAPL, order_id)
    assert (execution.side, execution.shares, execution.cumQty) == ("BOT", Decimal(3), Decimal(3))
    assert (execution.acctNumber, execution.orderRef) == (ACCOUNT, "why")
    assert execution.execId.count(".") == 3
    assert execution.time.endswith(" US/Eastern")
    (report,) = client.wait("commissionAndFeesReport")
    assert (report.execId, report.currency) == (execution.execId, "USD")
    assert report.commissionAndFees > 0
    # a protobuf report leaves the field out, and ibapi says 0 for a field left out
    assert report.realizedPNL == (UNSET_DOUBLE if client.serverVersion() <= 200 else 0.0)


def test_a_closing_trade_reports_its_realized_pnl(client: TwsClient) -> None:
    _place(client, order("SELL", 3), stock("MSFT"))
    (report,) = client.wait("commissionAndFeesReport")
    assert 0 < report.realizedPNL < 1000


def test_a_resting_order_is_cancelled_in_the_recorded_order(client: TwsClient) -> None:
    order_id = _place(client, order("BUY", 1, "LMT", lmtPrice=10.0))
    _status(client, order_id, "Submitted")
    client.forget()
    client.cancelOrder(order_id, OrderCancel())
    assert client.error_for(order_id, 202) == "Order Canceled - reason:"
    said = [row[1] for row in client.all("orderStatus")]
    assert set(said) == {"PendingCancel", "Cancelled"}
    assert said[-1] == "Cancelled"
    assert said.count("Cancelled") == 1
    names = client.names()
    assert names[-1] == "error"
    assert names[-2] == "orderStatus"
    assert names[-3] != "openOrder", "the last status comes without an openOrder"


@pytest.mark.parametrize(("again", "code"), [(0, 10147), (1, 10148)])
def test_a_cancel_of_nothing_is_refused(client: TwsClient, again: int, code: int) -> None:
    order_id = 987_654
    if again:
        order_id = _place(client, order("BUY", 1, "LMT", lmtPrice=10.0))
        _status(client, order_id, "Submitted")
        client.cancelOrder(order_id, OrderCancel())
        client.error_for(order_id, 202)
    client.cancelOrder(order_id, OrderCancel())
    client.error_for(order_id, code)


def test_an_order_is_changed_under_its_own_id(client: TwsClient) -> None:
    made = order("BUY", 2, "LMT", lmtPrice=10.0)
    order_id = _place(client, made)
    _status(client, order_id, "Submitted")
    client.forget()
    made.lmtPrice, made.totalQuantity = 11.5, Decimal(4)
    client.placeOrder(order_id, stock(), made)
    changed = client.wait("openOrder", lambda *row: row[2].lmtPrice == 11.5)
    assert changed[2].totalQuantity == Decimal(4)
    made.action = "SELL"
    client.placeOrder(order_id, stock(), made)
    client.error_for(order_id, 105)
    client.cancelOrder(order_id, OrderCancel())
    _status(client, order_id, "Cancelled")


def test_a_used_order_id_gets_an_error(client: TwsClient) -> None:
    order_id = _place(client, order("BUY", 1))
    _status(client, order_id, "Filled")
    client.placeOrder(order_id, stock(), order("BUY", 1, account=ACCOUNT))
    client.wait("error", lambda *row: row[0] == order_id and row[2] in (103, 104))


def test_a_what_if_gives_margins_and_no_status(client: TwsClient) -> None:
    order_id = _place(client, order("BUY", 100, "LMT", lmtPrice=262.0, whatIf=True))
    its_id, of, made, state = client.wait("openOrder")
    assert (its_id, of.conId, made.whatIf) == (order_id, AAPL, True)
    before, change, after = (
        float(value)
        for value in (state.initMarginBefore, state.initMarginChange, state.initMarginAfter)
    )
    assert after == pytest.approx(before + change, abs=0.05)
    assert change > 0
    assert float(state.maintMarginAfter) > 0
    assert state.commissionAndFees == 1.0
    assert state.commissionAndFeesCurrency == "USD"
    assert client.all("orderStatus") == []


def test_a_stop_waits_for_its_trigger(twsim: StartSimulator, connect: Connect) -> None:
    simulator = twsim()
    client = connect(simulator)
    order_id = _place(client, order("SELL", 5, "STP", auxPrice=250.0))
    assert _status(client, order_id, "PreSubmitted")[9] == "trigger"
    opened = client.wait("openOrder")
    assert opened[2].auxPrice == 250.0
    simulator.market("AAPL", 249.0)
    _status(client, order_id, "Filled")
    assert client.wait("execDetails")[2].price < 250.0


def test_a_bracket_fills_one_child_and_cancels_the_other(
    twsim: StartSimulator, connect: Connect
) -> None:
    simulator = twsim()
    client = connect(simulator)
    parent = _place(client, order("BUY", 5, "LMT", lmtPrice=263.0, transmit=False))
    assert client.hears_nothing("openOrder")
    gain = _place(client, order("SELL", 5, "LMT", lmtPrice=280.0, parentId=parent, transmit=False))
    loss = _place(client, order("SELL", 5, "STP", auxPrice=240.0, parentId=parent))
    _status(client, parent, "Filled")
    _status(client, gain, "Submitted")
    assert client.wait("openOrder", lambda its_id, *_: its_id == loss)[2].parentId == parent
    simulator.market("AAPL", 281.0)
    _status(client, gain, "Filled")
    _status(client, loss, "Cancelled")


@pytest.mark.parametrize(("tif", "ends"), [("IOC", "Cancelled"), ("FOK", "Inactive")])
def test_an_immediate_order_that_cannot_trade_ends(client: TwsClient, tif: str, ends: str) -> None:
    order_id = _place(client, order("BUY", 1, "LMT", lmtPrice=10.0, tif=tif))
    _status(client, order_id, ends)


def test_open_orders_are_one_s_own_and_all_open_orders_everybody_s(
    twsim: StartSimulator, connect: Connect
) -> None:
    simulator = twsim()
    first, second = connect(simulator, 1), connect(simulator, 2)
    mine = _place(first, order("BUY", 1, "LMT", lmtPrice=10.0, orderRef="mine"))
    _place(second, order("BUY", 2, "LMT", lmtPrice=11.0))
    _place(second, order("BUY", 3, "LMT", lmtPrice=12.0))
    second.wait("orderStatus", lambda its_id, *_: its_id == 2)
    assert {row[0] for row in first.all("openOrder")} == {mine}
    first.forget()
    first.reqOpenOrders()
    first.wait("openOrderEnd")
    assert [row[0] for row in first.all("openOrder")] == [mine]
    assert first.wait("openOrder")[2].orderRef == "mine"
    first.forget()
    first.reqAllOpenOrders()
    first.wait("openOrderEnd")
    owners = [(row[2].clientId, row[0]) for row in first.all("openOrder")]
    assert sorted(owners) == [(1, 1), (2, 1), (2, 2)], "two sockets, in whatever order"
    first.reqAutoOpenOrders(1)
    first.error_for(-1, 321)


def test_a_global_cancel_cancels_everybody_s_orders(
    twsim: StartSimulator, connect: Connect
) -> None:
    simulator = twsim()
    first, second = connect(simulator, 1), connect(simulator, 2)
    _place(first, order("BUY", 1, "LMT", lmtPrice=10.0))
    _place(second, order("BUY", 2, "LMT", lmtPrice=11.0))
    _status(second, 1, "Submitted")
    _status(first, 1, "Submitted")
    second.reqGlobalCancel(OrderCancel())
    _status(first, 1, "Cancelled")
    _status(second, 1, "Cancelled")
    assert simulator.state()["orders"] == []


def test_completed_orders_are_listed(client: TwsClient) -> None:
    order_id = _place(client, order("BUY", 1, "LMT", lmtPrice=10.0, orderRef="gone"))
    _status(client, order_id, "Submitted")
    client.cancelOrder(order_id, OrderCancel())
    client.error_for(order_id, 202)
    client.reqCompletedOrders(0)
    client.wait("completedOrdersEnd")
    found = client.wait("completedOrder", lambda _, made, __: made.orderRef == "gone")
    of, made, state = found
    assert (of.symbol, made.totalQuantity, state.status) == ("AAPL", Decimal(1), "Cancelled")
    assert state.completedStatus.startswith("Cancelled")
    assert state.completedTime.endswith(" US/Eastern")


def _executions(client: TwsClient, req_id: int, **wanted: Any) -> list[Any]:
    chosen = ExecutionFilter()
    for name, value in wanted.items():
        setattr(chosen, name, value)
    client.reqExecutions(req_id, chosen)
    client.wait("execDetailsEnd", lambda its_id: its_id == req_id)
    return [row[2] for row in client.all("execDetails") if row[0] == req_id]


def test_executions_are_replayed_with_commissions_and_filtered(
    twsim: StartSimulator, connect: Connect
) -> None:
    client = connect(twsim(), 4)
    _place(client, order("BUY", 1), stock("AAPL"))
    _place(client, order("SELL", 2), stock("MSFT"))
    client.wait("commissionAndFeesReport", count=2)
    client.forget()
    client.reqIds(-1)
    assert [found.shares for found in _executions(client, 20)] == [Decimal(1), Decimal(2)]
    reports = client.all("commissionAndFeesReport")
    assert {row[0].execId for row in reports} == {
        row[2].execId for row in client.all("execDetails")
    }
    assert [found.shares for found in _executions(client, 21, symbol="MSFT")] == [Decimal(2)]
    assert [found.side for found in _executions(client, 22, side="BUY")] == ["BOT"]
    assert _executions(client, 23, clientId=77) == []
    assert len(_executions(client, 24, clientId=4, acctCode=ACCOUNT)) == 2
    assert _executions(client, 25, time="20991231-00:00:00") == []
    assert len(_executions(client, 26, time="20200101-00:00:00", secType="STK")) == 2
    client.reqExecutions(27, _filter(time="noon"))
    client.error_for(27, 321)


def _filter(**wanted: Any) -> ExecutionFilter:
    made = ExecutionFilter()
    for name, value in wanted.items():
        setattr(made, name, value)
    return made


def test_executions_can_be_asked_for_by_day_at_version_200(client: TwsClient) -> None:
    _place(client, order("BUY", 1))
    client.wait("commissionAndFeesReport")
    if client.serverVersion() < 200:
        return
    assert _executions(client, 30, lastNDays=1)
    assert _executions(client, 31, specificDates=[20200101]) == []


def test_an_unknown_contract_refuses_the_order(client: TwsClient) -> None:
    order_id = _place(client, order("BUY", 1), stock("NOSUCH"))
    client.error_for(order_id, 200)
    assert client.all("openOrder") == []


def test_an_unknown_order_type_gets_321(client: TwsClient) -> None:
    order_id = _place(client, order("BUY", 1, "FEELINGS"))
    client.wait("error", lambda its_id, _, code, *__: its_id == order_id and code in (321, 387))


def test_an_option_order_trades(client: TwsClient) -> None:
    client.reqPositions()
    client.wait("positionEnd")
    held = client.wait("position", lambda _, of, *__: (of.symbol, of.secType) == ("AAPL", "OPT"))[1]
    order_id = _place(client, order("BUY", 1), contract(conId=held.conId, exchange="SMART"))
    _status(client, order_id, "Filled")
    of = client.wait("openOrder")[1]
    assert (of.right, of.strike, of.multiplier) == (held.right, held.strike, "100")


def test_what_the_client_set_comes_back_in_the_open_order(client: TwsClient) -> None:
    made = order(
        "BUY",
        7,
        "LMT",
        lmtPrice=12.25,
        tif="GTC",
        orderRef="ref",
        outsideRth=True,
        ocaGroup="group",
        ocaType=2,
        hidden=True,
        displaySize=5,
    )
    order_id = _place(client, made)
    _, _, back, state = client.wait("openOrder")
    assert (back.lmtPrice, back.tif, back.orderRef) == (12.25, "GTC", "ref")
    assert (back.outsideRth, back.hidden, back.displaySize) == (True, True, 5)
    assert (back.ocaGroup, back.ocaType) == ("group", 2)
    assert (back.account, back.clientId) == (ACCOUNT, client.clientId)
    assert state.status in ("PreSubmitted", "Submitted")
    client.cancelOrder(order_id, OrderCancel())
    _status(client, order_id, "Cancelled")


def test_the_ledger_file_holds_what_the_client_heard(
    twsim: StartSimulator, connect: Connect
) -> None:
    simulator = twsim()
    client = connect(simulator, 6)
    _place(client, order("BUY", 10, orderRef="kept"))
    execution = client.wait("execDetails")[2]
    client.wait("commissionAndFeesReport")
    _, *rows = [json.loads(line) for line in simulator.ledger_path.read_text().splitlines()]
    for row in rows:
        row.pop("state", None)
        row.pop("more", None)
    assert rows == simulator.ledger()
    kinds = [row["kind"] for row in rows]
    assert kinds[0] == "order"
    assert {"status", "execution", "commission"} <= set(kinds)
    (filled,) = simulator.ledger("execution")
    assert (filled["exec_id"], filled["price"]) == (execution.execId, execution.price)
    assert (filled["client_id"], filled["order_id"]) == (6, 1)


def test_ids_go_on_where_they_stopped(client: TwsClient) -> None:
    order_id = _place(client, order("BUY", 1, "LMT", lmtPrice=10.0))
    _status(client, order_id, "Submitted")
    client.forget()
    client.reqIds(-1)
    wait_until(lambda: client.all("nextValidId"))
    assert client.wait("nextValidId") == (order_id + 1,)
