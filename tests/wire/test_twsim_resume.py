"""A simulator killed and started again on its ledger, as a real ibapi client finds it."""

import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

from ibapi.execution import ExecutionFilter

from tests.wire.conftest import Connect, StartSimulator
from tests.wire.simulator import ROOT, Simulator
from tests.wire.tws_client import TwsClient, order, stock

ACCOUNT = "DU1234567"
NEWEST = 226


def _facts(client: TwsClient) -> dict[str, Any]:
    """Positions, executions with fees, open and completed orders, as this client is told them."""
    client.forget()
    client.reqPositions()
    client.reqExecutions(1, ExecutionFilter())
    client.reqAllOpenOrders()
    client.reqCompletedOrders(apiOnly=False)
    for end in ("positionEnd", "execDetailsEnd", "openOrderEnd", "completedOrdersEnd"):
        client.wait(end)
    fees = client.all("commissionAndFeesReport")
    return {
        "positions": {(row[0], row[1].conId): row[2:] for row in client.all("position")},
        "executions": [vars(row[2]) for row in client.all("execDetails")],
        "fees": [vars(row[0]) for row in fees],
        "open": [(row[0], row[2].permId, row[3].status) for row in client.all("openOrder")],
        "statuses": client.all("orderStatus"),
        "completed": [(row[1].permId, row[2].status) for row in client.all("completedOrder")],
    }


def _text(facts: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in facts.items()}


def _place(client: TwsClient, order_id: int, made: Any) -> int:
    made.account = ACCOUNT
    client.placeOrder(order_id, stock(), made)
    return order_id


def _filled(client: TwsClient, order_id: int) -> None:
    client.wait("orderStatus", lambda number, its, *_: (number, its) == (order_id, "Filled"))


def test_a_killed_simulator_comes_back_with_its_book(
    twsim: StartSimulator, connect: Connect, tmp_path: Path
) -> None:
    options = ("--ledger", str(tmp_path / "ledger.jsonl"))
    first = twsim(server_version=NEWEST, options=options)
    client = connect(first, 6)
    _filled(client, _place(client, 1, order("BUY", 10, orderRef="one")))
    _filled(client, _place(client, 2, order("SELL", 4, orderRef="two")))
    resting = _place(client, 3, order("BUY", 5, "LMT", lmtPrice=100.0, tif="GTC", orderRef="three"))
    client.wait("orderStatus", lambda number, its, *_: (number, its) == (resting, "Submitted"))
    client.wait("commissionAndFeesReport", count=2)
    before = _facts(client)
    first.process.kill()
    first.process.wait()
    client.wait("connectionClosed")
    again = connect(twsim(server_version=NEWEST, port=first.port, options=options), 6)
    told = again.wait("openOrder")

    assert (told[0], told[2].orderRef, told[3].status) == (resting, "three", "Submitted")
    assert again.wait("nextValidId") == (4,)
    assert _text(_facts(again)) == _text(before)
    assert len(before["executions"]) == 2
    assert before["positions"][ACCOUNT, 265598][0] == Decimal(306)
    _filled(again, _place(again, 4, order("BUY", 1)))
    after = _facts(again)
    assert after["executions"][-1]["execId"] > before["executions"][-1]["execId"]
    assert after["executions"][-1]["permId"] > max(row[1] for row in before["open"])


def test_no_fill_that_was_told_is_lost_by_a_kill_in_the_midst(
    twsim: StartSimulator, connect: Connect, tmp_path: Path
) -> None:
    """Orders are on their way and fills coming when the process dies."""
    options = ("--ledger", str(tmp_path / "ledger.jsonl"), "--step", "0.001")
    first = twsim(server_version=NEWEST, options=options)
    client = connect(first, 6)
    killer = threading.Thread(target=_kill_after, args=(client, first))
    killer.start()
    for number in range(1, 31):
        _place(client, number, order("BUY", number))
    killer.join()
    client.wait("connectionClosed")
    told = {row[2].execId for row in client.all("execDetails")}
    acknowledged = {row[0] for row in client.all("openOrder")}
    again = connect(twsim(server_version=NEWEST, port=first.port, options=options), 6)
    (next_id,) = again.wait("nextValidId")
    facts = _facts(again)

    bought = {row["execId"]: row["shares"] for row in facts["executions"]}
    assert told
    assert told <= set(bought)
    assert facts["positions"][ACCOUNT, 265598][0] >= 300 + sum(bought[number] for number in told)
    assert next_id > max(acknowledged)


def _kill_after(client: TwsClient, simulator: Simulator) -> None:
    client.wait("execDetails", count=3)
    simulator.process.kill()
    simulator.process.wait()


def test_a_fill_is_on_disk_before_a_client_hears_of_it(
    twsim: StartSimulator, connect: Connect
) -> None:
    simulator = twsim(server_version=NEWEST)
    client = connect(simulator, 6)
    written: list[bool] = []

    def heard(_: int, __: Any, execution: Any) -> None:
        text = simulator.ledger_path.read_text()
        written.append(f'"exec_id":"{execution.execId}"' in text and text.endswith("\n"))
        client.record("execDetails", _, __, execution)

    client.execDetails = heard
    for number in range(1, 6):
        _place(client, number, order("BUY", number))
    client.wait("execDetails", count=5)
    assert written == [True] * 5


def test_the_ledger_of_another_scenario_is_refused_in_a_sentence(
    twsim: StartSimulator, tmp_path: Path
) -> None:
    ledger = str(tmp_path / "ledger.jsonl")
    twsim(options=("--ledger", ledger)).stop()
    command = [sys.executable, "-m", "twsim", "--port", "0", "--scenario", "demo"]
    command += ["--ledger", ledger]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 1
    assert done.stderr.startswith(f"twsim: the ledger {ledger} was made for scenario quiet")
    assert "remove the file" in done.stderr
    assert done.stderr.count("\n") == 1
