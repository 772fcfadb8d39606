"""A gateway worker that must not run says why and leaves; one that runs heals by itself."""

import subprocess
import sys
from datetime import datetime
from typing import Any

import pytest

from tests.portal import BASE_DIR, Portal, eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

REFUSED = 3


def worker(portal: Portal, node: str, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "celery", "-A", "ibportal", "worker", "-n", f"{node}@tests"]
    return subprocess.run(
        [*command, "--without-gossip", "--without-mingle", *options],
        cwd=BASE_DIR,
        env=portal.settings_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(done: "subprocess.CompletedProcess[str]") -> str:
    assert done.returncode == REFUSED, done.stderr
    assert "Traceback" not in done.stderr
    sentences = [li for li in done.stderr.splitlines() if "Gateway worker refused" in li]
    assert len(sentences) == 1, done.stderr
    return sentences[0]


def test_a_second_holder_is_told_who_holds_the_connection(shared_portal: Portal) -> None:
    done = worker(shared_portal, "gateway-demo", "-Q", "gateway.demo", "-P", "threads")
    pid = shared_portal.pids("gateway-demo@")[0]
    assert f"already has a gateway worker ({_host()} pid {pid}" in refused(done)
    assert shared_portal.readiness()["ready"]


def test_a_prefork_pool_is_refused(shared_portal: Portal) -> None:
    done = worker(shared_portal, "gateway-demo", "-Q", "gateway.demo", "-P", "prefork", "-c", "1")
    assert "--pool threads" in refused(done)


def test_an_unknown_connection_is_refused(shared_portal: Portal) -> None:
    done = worker(shared_portal, "gateway-none", "-Q", "gateway.none", "-P", "threads")
    assert "there is no connection 'none'" in refused(done)


def test_a_worker_without_its_queue_is_refused(shared_portal: Portal) -> None:
    done = worker(shared_portal, "gateway-demo", "-Q", "default", "-P", "threads")
    assert "--queues gateway.demo" in refused(done)


def fault(portal: Portal, kind: str, **parameters: Any) -> None:
    portal.simulator("/fault", {"kind": kind, **parameters})


def newest_event(portal: Portal) -> int:
    return int(portal.query("SELECT max(id) FROM accounts_linkevent")[0][0])


def losses(portal: Portal, since: int) -> list[int]:
    """What became of the link; a loss may be over before anybody can look at the state."""
    events = portal.query("SELECT id, state FROM accounts_linkevent")
    return [number for number, state in events if number > since and state != "ready"]


def newest_pnl(portal: Portal) -> datetime:
    rows = portal.query("SELECT max(pnl_at) FROM accounts_brokeraccount")
    return datetime.fromisoformat(str(rows[0][0]))


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("drop", {}),
        ("half_frame", {}),
        ("nightly_reset", {"seconds": 5}),
        ("silence", {"seconds": 25}),
    ],
)
def test_a_fault_of_the_broker_heals_without_a_new_worker(
    shared_portal: Portal, kind: str, parameters: dict[str, Any]
) -> None:
    pids = shared_portal.pids("gateway-demo@")
    told = newest_event(shared_portal)
    fault(shared_portal, kind, **parameters)
    eventually(lambda: losses(shared_portal, told), within=60, what=f"{kind} to be noticed")
    eventually(lambda: shared_portal.readiness()["ready"], within=60, what=f"healing after {kind}")
    before = newest_pnl(shared_portal)
    eventually(lambda: newest_pnl(shared_portal) > before, within=30, what="data to flow again")
    assert shared_portal.pids("gateway-demo@") == pids
    rows = shared_portal.query(
        "SELECT account_id, con_id FROM accounts_position GROUP BY 1, 2 HAVING count(*) > 1"
    )
    assert rows == []


def test_lost_and_restored_connectivity_is_shown_with_its_codes(shared_portal: Portal) -> None:
    fault(shared_portal, "connectivity", code=1100)
    eventually(
        lambda: "1100" in str(_link_codes(shared_portal)), within=30, what="1100 in the history"
    )
    fault(shared_portal, "connectivity", code=1101)
    eventually(lambda: shared_portal.readiness()["ready"], within=30, what="ready after 1101")
    fault(shared_portal, "connectivity", code=1100)
    eventually(lambda: not shared_portal.readiness()["ready"], within=30, what="the second 1100")
    fault(shared_portal, "connectivity", code=1102)
    eventually(lambda: shared_portal.readiness()["ready"], within=30, what="ready after 1102")


def _link_codes(portal: Portal) -> list[Any]:
    return [row[0] for row in portal.query("SELECT code FROM accounts_linkevent ORDER BY id")]


def _host() -> str:
    import socket  # noqa: PLC0415

    return socket.gethostname()


def test_a_search_in_chinese_is_refused_with_a_sentence(shared_portal: Portal) -> None:
    code = (
        "from apps.accounts.models import Connection;"
        "from apps.marketdata.services import instruments_search;"
        "c = Connection.objects.get(slug='demo');"
        "print([row['symbol'] for row in instruments_search(connection=c, text='AAPL')]);"
        "instruments_search(connection=c, text='\u82f9\u679c')"
    )
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", code],
        cwd=BASE_DIR,
        env=shared_portal.settings_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "AAPL" in done.stdout
    assert "in Latin letters only" in done.stderr
