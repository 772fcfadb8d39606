"""`make run` as its user meets it: starts, heals, stops, starts again, explains what is wrong."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ibportal.run.plan import free_port
from tests.portal import Portal, eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with Portal(tmp_path_factory.mktemp("portal")) as running:
        yield running


def test_everything_is_ready_and_the_address_is_printed(portal: Portal) -> None:
    report = portal.readiness()
    assert report["ready"], report
    assert {"database", "redis", "worker", "beat", "link demo"} <= report["checks"].keys()
    assert portal.address in portal.output
    assert portal.password in portal.output


def test_the_demo_account_is_in_the_database(portal: Portal) -> None:
    eventually(
        lambda: portal.query("SELECT count(*) FROM accounts_position")[0][0] >= 20,
        within=30,
        what="twenty positions",
    )
    currencies = portal.query(
        "SELECT DISTINCT currency FROM accounts_accountvalue WHERE tag = 'CashBalance'"
    )
    assert {"USD", "HKD", "EUR"} <= {row[0] for row in currencies}


def test_a_killed_gateway_worker_is_noticed_and_returns_to_the_same_state(portal: Portal) -> None:
    before = portal.query(
        "SELECT account_id, con_id, quantity FROM accounts_position ORDER BY 1, 2"
    )
    portal.kill("gateway-demo@")
    eventually(
        lambda: "worker died" in portal.links().get("link demo", ""),
        within=30,
        what="the page to say that the gateway worker is gone",
    )
    eventually(lambda: portal.readiness()["ready"], within=60, what="the link to be ready again")
    after = portal.query("SELECT account_id, con_id, quantity FROM accounts_position ORDER BY 1, 2")
    assert after == before


@pytest.mark.parametrize("victim", ["supervisor.supervisord", "uvicorn", "valkey-server"])
def test_any_other_process_killed_comes_back(portal: Portal, victim: str) -> None:
    launcher = portal.pids("ibportal.run$")
    whole = set(portal.pids()) - set(launcher)
    doomed = whole if "supervisord" in victim else set(portal.pids(victim))
    portal.kill(victim)
    eventually(
        lambda: not doomed & set(portal.pids()) and portal.readiness()["ready"],
        within=90,
        what=f"the portal to be ready again after {victim} was killed",
    )
    assert portal.pids("ibportal.run$") == launcher
    assert len(portal.pids()) >= len(whole)


def test_a_second_launcher_in_the_same_folder_says_so(portal: Portal) -> None:
    second = Portal(portal.folder)
    second.start(ready=False)
    assert second.wait(60) == 1
    second.close()
    eventually(lambda: "already running" in second.output, within=30, what="a sentence")
    assert "Traceback" not in second.output


def test_ctrl_c_leaves_no_process_and_a_second_start_continues(portal: Portal) -> None:
    count = portal.query("SELECT count(*) FROM accounts_position")
    assert portal.interrupt() == 0
    assert portal.pids() == []
    portal.output = ""
    portal.start()
    assert portal.query("SELECT count(*) FROM accounts_position") == count
    assert portal.query("SELECT count(*) FROM accounts_connection") == [(1,)]


def test_the_simulated_book_outlives_a_kill_and_a_stop(portal: Portal) -> None:
    """Else the portal would rightly say that its positions do not fit."""
    order = {"symbol": "KO", "action": "BUY", "quantity": 7}
    portal.simulator("/fault", {"kind": "manual_order", **order})
    eventually(lambda: _shares(portal) == 257, within=30, what="the order to be filled")
    portal.kill("-m twsim")
    eventually(lambda: _shares(portal), within=60, what="the simulator to be back")
    assert _shares(portal) == 257
    assert portal.interrupt() == 0
    portal.start()
    eventually(lambda: _shares(portal), within=60, what="the simulator to be back")
    assert _shares(portal) == 257
    held = "SELECT quantity FROM accounts_position WHERE symbol = 'KO'"
    eventually(
        lambda: [float(row[0]) for row in portal.query(held)] == [257],
        within=30,
        what="the portal to hold the same",
    )


def _shares(portal: Portal) -> float:
    """Of KO, as the simulator says; 0 while it is starting."""
    with contextlib.suppress(OSError):
        held = portal.simulator("/state")["accounts"]["DU1234567"]["positions"].values()
        return sum(float(row["quantity"]) for row in held if row["symbol"] == "KO")
    return 0.0


def test_a_taken_port_is_said_in_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        portal = Portal(tmp_path, PORT=str(port))
        portal.start(ready=False)
        assert portal.wait(60) == 1
        portal.close()
    eventually(lambda: f"Port {port} is taken" in portal.output, within=30, what=portal.output)
    assert "Traceback" not in portal.output


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "eighty", "PORT must be a whole number"),
        ("DATABASE_URL", "mysql://nowhere", "DATABASE_URL must start with"),
        ("REDIS_URL", "localhost", "REDIS_URL must start with"),
        ("IB_MODE", "demo", "IB_MODE must be one of paper, live"),
        ("IB_PORT", "99999", "IB_PORT must be a whole number from 1 to 65535"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL must be one of"),
        ("TIME_ZONE", "Mars/Olympus", "TIME_ZONE must be a zone"),
        ("DEBUG", "perhaps", "DEBUG must be true or false"),
    ],
)
def test_a_bad_setting_is_one_sentence(
    tmp_path: Path, name: str, value: str, sentence: str
) -> None:
    portal = Portal(tmp_path)
    portal._environment[name] = value
    portal.start(ready=False)
    assert portal.wait(60) == 1
    portal.close()
    eventually(lambda: sentence in portal.output, within=30, what=portal.output)
    assert "Traceback" not in portal.output


def test_a_broker_that_is_not_there_is_said_and_the_page_can_be_found(tmp_path: Path) -> None:
    portal = Portal(tmp_path, IB_HOST="127.0.0.1", IB_PORT=str(free_port()))
    try:
        portal.start(ready=False)
        eventually(
            lambda: "nothing listens" in portal.output.lower(),
            within=120,
            what="the reason on the terminal",
        )
        eventually(lambda: portal.password in portal.output, within=60, what="address and password")
        assert portal.address in portal.output
    finally:
        portal.close()


def test_what_the_portal_keeps_is_for_its_owner_alone(portal: Portal) -> None:
    var = portal.folder / "var"
    assert var.stat().st_mode & 0o077 == 0
    kept = [path for path in var.rglob("*") if path.is_file() and "static" not in path.parts]
    assert kept
    assert [str(path) for path in kept if path.stat().st_mode & 0o077] == []
