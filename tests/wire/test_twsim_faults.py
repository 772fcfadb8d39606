"""Every fault as a real ibapi client meets it, and what is left when it is over."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ibapi.execution import ExecutionFilter

from tests.wire.conftest import Connect, StartSimulator
from tests.wire.simulator import Simulator, wait_until
from tests.wire.tws_client import TwsClient, order, stock

ACCOUNT = "DU1234567"
QUIET = Path(__file__).parents[2] / "twsim" / "scenarios" / "quiet.toml"


@pytest.fixture
def simulator(twsim: StartSimulator) -> Simulator:
    return twsim()


@pytest.fixture
def client(simulator: Simulator, connect: Connect) -> TwsClient:
    return connect(simulator, 1)


def _listen(client: TwsClient) -> None:
    client.reqMktData(1, stock(), "", 0, 0, [])
    client.wait("tickGeneric")
    client.forget()


def _buy(client: TwsClient, order_id: int, quantity: int = 1) -> None:
    client.placeOrder(order_id, stock(), order("BUY", quantity, account=ACCOUNT))


def _again(simulator: Simulator, connect: Connect, client_id: int = 1) -> TwsClient:
    """Connects as soon as it is possible again."""
    made: list[TwsClient] = []

    def try_once() -> bool:
        client = connect(simulator, client_id, ready=False)
        made.append(client)
        return bool(client.isConnected())

    wait_until(try_once, seconds=30)
    made[-1].ready()
    return made[-1]


def test_drop_closes_one_client_or_all(
    simulator: Simulator, client: TwsClient, connect: Connect
) -> None:
    other = connect(simulator, 2)
    simulator.fault("drop", client_id=1)
    client.wait("connectionClosed")
    other.reqCurrentTime()
    other.wait("currentTime")
    simulator.fault("drop")
    other.wait("connectionClosed")
    _again(simulator, connect)


def test_refuse_turns_new_clients_away_for_a_while(
    simulator: Simulator, client: TwsClient, connect: Connect
) -> None:
    simulator.fault("refuse", seconds=4.0)
    late = connect(simulator, 2, ready=False)
    assert not late.isConnected()
    client.reqCurrentTime()
    client.wait("currentTime")
    _again(simulator, connect, 2)


def test_silence_says_nothing_and_then_everything(simulator: Simulator, client: TwsClient) -> None:
    simulator.fault("silence", seconds=4.0)
    client.forget()
    client.reqCurrentTime()
    assert client.hears_nothing("currentTime", 0.6)
    client.wait("currentTime")
    assert client.isConnected()


def test_half_a_frame_then_the_end(simulator: Simulator, client: TwsClient) -> None:
    simulator.fault("half_frame", then="close")
    client.forget()
    client.reqCurrentTime()
    client.wait("connectionClosed")
    assert client.all("currentTime") == []


def test_half_a_frame_then_the_rest(simulator: Simulator, client: TwsClient) -> None:
    simulator.fault("half_frame", then="stall", seconds=4.0)
    client.forget()
    client.reqCurrentTime()
    assert client.hears_nothing("currentTime", 0.4)
    client.wait("currentTime")


def test_frames_cut_at_random_points_arrive_whole(simulator: Simulator, client: TwsClient) -> None:
    simulator.fault("split", seconds=30)
    client.reqPositions()
    client.wait("positionEnd")
    assert len(client.all("position")) >= 25
    client.reqContractDetails(1, stock())
    assert client.wait("contractDetails")[1].longName == "APPLE INC"


def test_reports_come_twice(simulator: Simulator, client: TwsClient) -> None:
    simulator.fault("duplicate_reports", count=20)
    _buy(client, 1)
    client.wait("execDetails", count=2)
    client.wait("commissionAndFeesReport")
    assert len({row[2].execId for row in client.all("execDetails")}) == 1


def test_an_execution_comes_after_the_status_it_causes(
    simulator: Simulator, client: TwsClient
) -> None:
    simulator.fault("out_of_order")
    _buy(client, 1)
    client.wait("execDetails")
    calls = [
        (name, found) for name, found in client.heard if name in ("execDetails", "orderStatus")
    ]
    filled = next(
        place
        for place, (name, found) in enumerate(calls)
        if name == "orderStatus" and found[1] == "Filled"
    )
    executed = next(place for place, (name, _) in enumerate(calls) if name == "execDetails")
    assert filled < executed


def test_a_correction_raises_the_last_number_of_the_execution_id(
    simulator: Simulator, client: TwsClient
) -> None:
    _buy(client, 1, 10)
    client.wait("commissionAndFeesReport")
    first = client.wait("execDetails")[2]
    simulator.fault("correction", price=250.0)
    second = client.wait("execDetails", count=2)[2]
    assert (second.price, second.shares) == (250.0, Decimal(10))
    assert first.execId.rpartition(".")[0] == second.execId.rpartition(".")[0]
    assert int(second.execId.rpartition(".")[2]) == int(first.execId.rpartition(".")[2]) + 1
    assert simulator.ledger("correction")[0]["replaces"] == first.execId


def test_a_bust_takes_the_position_back(simulator: Simulator, client: TwsClient) -> None:
    client.reqPositions()
    client.wait("positionEnd")
    _buy(client, 1, 10)
    client.wait("position", lambda _, of, size, __: of.symbol == "AAPL" and size == 310)
    client.wait("commissionAndFeesReport")
    simulator.fault("bust")
    client.wait("position", lambda _, of, size, __: of.symbol == "AAPL" and size == 300, count=2)
    client.wait("execDetails", count=2)


def test_the_next_order_is_rejected_and_the_one_after_not(
    simulator: Simulator, client: TwsClient
) -> None:
    simulator.fault("reject_next", code=201, text="Order rejected - reason:No such luck")
    _buy(client, 1)
    assert client.error_for(1, 201) == "Order rejected - reason:No such luck"
    client.wait("orderStatus", lambda _, status, *__: status in ("Inactive", "Cancelled"))
    _buy(client, 2)
    client.wait("orderStatus", lambda its_id, status, *_: (its_id, status) == (2, "Filled"))


def test_lost_connectivity_stops_data_and_1102_keeps_the_lines(
    simulator: Simulator, client: TwsClient
) -> None:
    _listen(client)
    simulator.fault("connectivity", code=1100)
    client.error_for(-1, 1100)
    simulator.market("AAPL", 300.0)
    assert client.hears_nothing("tickPrice")
    simulator.fault("connectivity", code=1102)
    client.error_for(-1, 1102)
    simulator.market("AAPL", 301.0)
    client.wait("tickPrice", lambda _, tick, price, __: (tick, price) == (4, 301.0))


def test_restored_connectivity_with_1101_has_lost_the_lines(
    simulator: Simulator, client: TwsClient
) -> None:
    _listen(client)
    simulator.fault("connectivity", seconds=0.3, back=1101)
    client.error_for(-1, 1100)
    client.error_for(-1, 1101)
    simulator.market("AAPL", 300.0)
    assert client.hears_nothing("tickPrice")
    client.reqMktData(1, stock(), "", 0, 0, [])
    client.wait("tickPrice")


@pytest.mark.parametrize(
    ("farm", "broken", "back"),
    [("data", 2103, 2104), ("history", 2105, 2106), ("definitions", 2157, 2158)],
)
def test_a_farm_breaks_and_comes_back(
    simulator: Simulator, client: TwsClient, farm: str, broken: int, back: int
) -> None:
    client.forget()
    simulator.fault("farm", farm=farm)
    client.error_for(-1, broken)
    if farm == "history":
        client.reqHistoricalData(1, stock(), "", "1 D", "1 hour", "TRADES", 1, 1, 0, [])
        client.error_for(1, 162)
    simulator.fault("farm", farm=farm, on=False)
    client.error_for(-1, back)


def test_a_nightly_reset_closes_everything_and_comes_back_with_positions(
    simulator: Simulator, client: TwsClient, connect: Connect
) -> None:
    _buy(client, 1, 5)
    client.wait("commissionAndFeesReport")
    client.placeOrder(2, stock(), order("BUY", 1, "LMT", lmtPrice=10.0, account=ACCOUNT))
    keep = order("BUY", 1, "LMT", lmtPrice=11.0, tif="GTC", account=ACCOUNT)
    client.placeOrder(3, stock(), keep)
    client.wait("orderStatus", lambda its_id, status, *_: (its_id, status) == (3, "Submitted"))
    simulator.fault("nightly_reset", seconds=0.8)
    client.wait("connectionClosed")
    again = _again(simulator, connect)
    assert [row[0] for row in again.all("openOrder")] == [3]
    again.reqPositions()
    again.wait("positionEnd")
    held = again.wait("position", lambda _, of, *__: of.symbol == "AAPL")
    assert held[2] == Decimal(305)


def test_a_restart_can_lose_the_last_orders_and_their_ids(
    simulator: Simulator, client: TwsClient, connect: Connect
) -> None:
    client.placeOrder(1, stock(), order("BUY", 1, "LMT", lmtPrice=10.0, account=ACCOUNT))
    client.wait("orderStatus", lambda _, status, *__: status == "Submitted")
    assert simulator.fault("restart_lost_ids", seconds=0.5, lost=60) == 1
    client.wait("connectionClosed")
    again = _again(simulator, connect)
    assert again.wait("nextValidId") == (1,)
    assert again.all("openOrder") == []


def test_a_competing_session_takes_the_data_away(simulator: Simulator, client: TwsClient) -> None:
    _listen(client)
    simulator.fault("competing_session")
    assert client.error_for(1, 10197) == "No market data during competing live session"
    client.reqMktData(2, stock("MSFT"), "", 0, 0, [])
    client.error_for(2, 10197)
    simulator.market("AAPL", 300.0)
    assert client.hears_nothing("tickPrice")
    simulator.fault("competing_session", on=False)
    simulator.market("AAPL", 301.0)
    client.wait("tickPrice", lambda _, tick, price, __: (tick, price) == (4, 301.0))


def test_data_can_be_delayed_for_everyone(simulator: Simulator, client: TwsClient) -> None:
    simulator.fault("delayed_only")
    client.reqMktData(1, stock(), "", 0, 0, [])
    client.error_for(1, 10168)
    client.reqMarketDataType(3)
    client.reqMktData(2, stock(), "", 0, 0, [])
    client.error_for(2, 10167)
    client.wait("tickPrice", lambda _, tick, *__: tick == 68)


@pytest.mark.parametrize("code", [354, 10089, 10168, 10186])
def test_live_data_is_refused_with_the_code_wished_for(
    simulator: Simulator, client: TwsClient, code: int
) -> None:
    simulator.fault("delayed_only", code=code)
    client.reqMktData(1, stock(), "", 0, 0, [])
    assert client.error_for(1, code).startswith("Requested market data")
    assert client.hears_nothing("tickPrice")


def test_a_part_that_is_not_subscribed_is_left_out_and_said(
    simulator: Simulator, client: TwsClient
) -> None:
    simulator.fault("partly_subscribed")
    client.reqMktData(1, stock(), "", 0, 0, [])
    assert client.error_for(1, 10090).startswith("Part of requested market data")
    client.wait("tickGeneric", lambda req_id, *_: req_id == 1)
    ticks = {row[1] for row in client.all("tickPrice", lambda req_id, *_: req_id == 1)}
    assert ticks >= {6, 7, 9, 14}
    assert not ticks & {1, 2, 4}
    client.reqMarketDataType(3)
    client.reqMktData(2, stock(), "", 0, 0, [])
    client.error_for(2, 10167)
    client.wait("tickPrice", lambda req_id, tick, *_: (req_id, tick) == (2, 68))


def test_history_can_be_out_of_patience(simulator: Simulator, client: TwsClient) -> None:
    simulator.fault("pacing", seconds=60)
    client.reqHistoricalData(1, stock(), "", "1 D", "1 hour", "TRADES", 1, 1, 0, [])
    assert "pacing violation" in client.error_for(1, 162)
    client.reqRealTimeBars(2, stock(), 5, "TRADES", 1, [])
    assert "pacing violation" in client.error_for(2, 420)


def test_10349_says_cancelled_while_the_order_lives(
    simulator: Simulator, client: TwsClient
) -> None:
    simulator.fault("order_alive_10349")
    client.placeOrder(1, stock(), order("BUY", 1, "LMT", lmtPrice=10.0, account=ACCOUNT))
    client.error_for(1, 10349)
    client.wait("orderStatus", lambda _, status, *__: status == "Cancelled")
    client.forget()
    client.reqOpenOrders()
    client.wait("openOrderEnd")
    assert client.wait("openOrder")[0] == 1


def test_a_halted_instrument_says_so_and_does_not_trade(
    simulator: Simulator, client: TwsClient
) -> None:
    _listen(client)
    simulator.fault("halt", symbol="AAPL")
    simulator.market("AAPL", 290.0)
    client.wait("tickGeneric", lambda _, tick, value: (tick, value) == (49, 1.0))
    _buy(client, 1)
    assert client.hears_nothing("execDetails")
    simulator.fault("halt", symbol="AAPL", on=False)
    client.wait("execDetails")


def test_an_order_entered_by_hand_belongs_to_client_0(
    simulator: Simulator, client: TwsClient, connect: Connect
) -> None:
    master = connect(simulator, 0)
    simulator.fault("manual_order", symbol="AAPL", action="BUY", quantity=3, price=10.0)
    opened = master.wait("openOrder")
    assert (opened[0], opened[2].clientId) == (0, 0)
    assert client.all("openOrder") == []
    client.reqAllOpenOrders()
    client.wait("openOrderEnd")
    assert client.wait("openOrder")[0] == 0


def test_a_scenario_can_schedule_its_faults(
    twsim: StartSimulator, connect: Connect, tmp_path: Path
) -> None:
    path = tmp_path / "stormy.toml"
    fault = '[[faults]]\nat_seconds = 0.5\nkind = "drop"\n'
    path.write_text(f"{QUIET.read_text()}\n{fault}")
    client = connect(twsim(str(path)), ready=False)
    client.wait("connectionClosed")


def test_a_scenario_with_an_unknown_fault_does_not_start(
    twsim: StartSimulator, tmp_path: Path
) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(f'{QUIET.read_text()}\n[[faults]]\nat_seconds = 1\nkind = "locusts"\n')
    with pytest.raises(AssertionError, match="there is no fault 'locusts'"):
        twsim(str(path))


def test_after_faults_everything_is_counted_once(
    simulator: Simulator, client: TwsClient, connect: Connect
) -> None:
    simulator.fault("duplicate_reports", count=50)
    for order_id in (1, 2, 3):
        _buy(client, order_id)
    client.wait("commissionAndFeesReport", count=3)
    simulator.fault("drop")
    again = _again(simulator, connect)
    again.reqExecutions(5, ExecutionFilter())
    again.wait("execDetailsEnd")
    heard: list[Any] = [row[2].execId for row in again.all("execDetails")]
    assert sorted(set(heard)) == sorted(row["exec_id"] for row in simulator.ledger("execution"))
    assert simulator.state()["accounts"][ACCOUNT]["positions"]["265598"]["quantity"] == 303
