"""The simulator's control interface and its command line."""

import http.client
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.wire.conftest import StartSimulator
from tests.wire.simulator import ROOT, ControlError, Simulator


@pytest.fixture(scope="module")
def simulator() -> Any:
    made = Simulator(["--port", "0", "--control", "0", "--scenario", "quiet"])
    yield made
    made.stop()


def test_the_first_line_says_where_it_listens(simulator: Simulator) -> None:
    assert simulator.port > 0
    assert simulator.control_port not in (0, simulator.port)
    assert (simulator.server_version, simulator.scenario) == (226, "quiet")


def test_state_shows_accounts_and_wire(simulator: Simulator) -> None:
    state = simulator.state()
    assert set(state["accounts"]) == {"DU1234567", "DU7654321"}
    assert state["wire"]["clients"] == []
    assert state["wire"]["server_version"] == 226
    assert state["orders"] == []


def test_a_price_can_be_set_by_symbol_or_contract_id(simulator: Simulator) -> None:
    simulator.market("AAPL", 275.5)
    simulator.market(265598, 276.5)
    held = simulator.state()["accounts"]["DU1234567"]["positions"]["265598"]
    assert held["market_price"] == pytest.approx(276.5, abs=0.5)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"symbol": "NOSUCH", "price": 1.0}, "NOSUCH"),
        ({"symbol": "AAPL", "price": "dear"}, "price must be a number"),
        ({"symbol": "AAPL", "price": -5}, "-5"),
        ({"price": 5}, "symbol must be"),
        ([1, 2], "JSON object"),
    ],
)
def test_a_bad_price_gets_400_and_a_sentence(simulator: Simulator, body: Any, says: str) -> None:
    with pytest.raises(ControlError, match=says) as caught:
        simulator.call("POST", "/market", body)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"kind": "earthquake"}, "there are: bust, competing_session"),
        ({}, "there is no fault None"),
        ({"kind": "refuse", "seconds": "long"}, "seconds must be a number"),
        ({"kind": "refuse", "second": 5}, "takes no second; its parameters are: seconds"),
        ({"kind": "drop", "client_id": "five"}, "client_id must be a whole number"),
        ({"kind": "half_frame", "then": "sing"}, "then must be stall or close"),
        ({"kind": "connectivity", "code": 1300}, "code must be 1100, 1101 or 1102"),
        ({"kind": "farm", "farm": "pig"}, "farm must be one of"),
        ({"kind": "correction"}, "no execution to correct"),
        ({"kind": "delayed_only", "code": 200}, "code must be one of 354, 10089"),
        ({"kind": "competing_session", "on": "yes"}, "on must be true or false"),
    ],
)
def test_a_bad_fault_gets_400_and_a_sentence(simulator: Simulator, body: Any, says: str) -> None:
    with pytest.raises(ControlError, match=says) as caught:
        simulator.call("POST", "/fault", body)
    assert caught.value.status == 400


def test_an_unknown_path_gets_404_and_a_wrong_method_405(simulator: Simulator) -> None:
    with pytest.raises(ControlError, match="GET /ledger") as missing:
        simulator.call("GET", "/secrets")
    assert missing.value.status == 404
    with pytest.raises(ControlError) as wrong:
        simulator.call("POST", "/state", {})
    assert wrong.value.status == 405


@pytest.mark.parametrize("raw", [b"nonsense\r\n\r\n", b"POST /fault HTTP/1.1\r\n\r\n"])
def test_what_is_no_json_request_gets_400(simulator: Simulator, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", simulator.control_port), timeout=30) as plain:
        plain.sendall(raw)
        answer = http.client.HTTPResponse(plain)
        answer.begin()
        assert answer.status == 400


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "twsim", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_taken_port_is_one_sentence_and_an_error(simulator: Simulator) -> None:
    done = _run("--port", str(simulator.port), "--scenario", "quiet")
    assert done.returncode != 0
    assert done.stdout == ""
    (sentence,) = done.stderr.splitlines()
    assert f"port {simulator.port}" in sentence


def test_a_taken_control_port_is_one_sentence_and_an_error(simulator: Simulator) -> None:
    done = _run("--port", "0", "--control", str(simulator.control_port), "--scenario", "quiet")
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--scenario", "nope"], "there is no scenario 'nope'; there are: "),
        (["--server-version", "90"], "is not a server version served here"),
        (["--port", "70000"], "is not a port"),
        (["--set", "lines=many"], "could not convert"),
        (["--set", "colour=1"], "is none of"),
    ],
)
def test_a_wrong_argument_is_said_without_a_traceback(arguments: list[str], says: str) -> None:
    done = _run("--port", "0", *arguments)
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_it_binds_loopback_only(simulator: Simulator) -> None:
    rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
    wanted = {f"{port:04X}" for port in (simulator.port, simulator.control_port)}
    bound = {row.split()[1] for row in rows if row.split()[3] == "0A"}
    found = {entry.split(":")[0] for entry in bound if entry.split(":")[1] in wanted}
    assert found == {"0100007F"}


def test_it_ends_quietly_on_a_signal(twsim: StartSimulator) -> None:
    made = twsim()
    made.process.terminate()
    assert made.process.wait(30) == 0
    assert made.errors() == ""
