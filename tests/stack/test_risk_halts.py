"""What stops trading, in a whole portal: a loss, a silent guard, flattening, a dropped link.

Each test can run alone: it leaves the account without a level, or waits until it has none.
"""

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.portal import Portal, eventually
from tests.stack.risk_desk import ACCOUNT, Desk

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]
MIXED = "DU1234567"
"""Shares long and short, futures, options, a currency balance."""
SILENT_AFTER = 3
"""Periods without a look, after which nothing that raises risk passes."""
PERIOD = 3
LATENCY = 3
"""Seconds that the broker's P&L may be on its way to our rows."""
FELL = 0.70


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with Portal(tmp_path_factory.mktemp("halts"), GUARD_SECONDS=str(PERIOD)) as running:
        yield running


@pytest.fixture(scope="module")
def desk(portal: Portal) -> Desk:
    found = Desk(portal)
    eventually(
        lambda: found.guard() in {"ok", "warn"} and len(found.looks()) >= 2,
        within=90,
        what="the guard to have looked twice",
    )
    return found


def test_a_loss_halts_cancels_and_refuses_until_a_person_gives_a_reason(desk: Desk) -> None:
    price = desk.price()
    ref = resting_order(desk, price)
    moved_at = desk.move(price * FELL)
    eventually(lambda: desk.guard() == "halted", within=60, what="the guard to halt")

    after = [look["state"] for look in desk.looks() if _at(look) > moved_at]
    assert after.index("halted") <= 1 + LATENCY // PERIOD
    assert desk.risk()["kill"]["level"] == 3
    eventually(lambda: "Cancelled" in desk.statuses(ref), within=60, what="the order's end")
    assert "Filled" not in desk.statuses(ref)
    assert_refused(desk, "after the halt")

    desk.portal.interrupt()
    desk.portal.start(ready=False)
    eventually(lambda: desk.portal.readiness()["ready"], within=120, what="the portal to be back")
    desk.log_in()
    desk.move(price)
    count = len(desk.looks())
    eventually(lambda: len(desk.looks()) >= count + 2, within=60, what="two more looks")
    assert desk.guard() == "halted"
    assert_refused(desk, "after the restart")

    assert desk.post("/risk/lift/", account=desk.pk, reason="")[0] == 400
    assert desk.post("/risk/lift/", account=desk.pk, reason="the price was wrong")[0] == 200
    assert desk.guard() in {"ok", "warn"}
    accepted(desk, "once more")


def resting_order(desk: Desk, price: float) -> str:
    """Above the market, so that a fall does not fill it; its orderRef, once it works."""
    terms = {"order_type": "LMT", "tif": "GTC", "limit_price": f"{price * 1.03:.2f}"}
    eventually(
        lambda: desk.order("resting", "SELL", **terms)[0] == 201, within=60, what="the order"
    )
    ref = ref_of(desk, "resting")
    eventually(lambda: "Submitted" in desk.statuses(ref), within=60, what="the order to work")
    return ref


def assert_refused(desk: Desk, key: str) -> None:
    status, told = desk.order(key, order_type="MKT", tif="DAY")
    assert status == 409, told
    loss = desk.refused()["daily_loss"]
    assert abs(float(loss["value"])) > abs(float(loss["limit"])) > 0
    assert "Kill level 3 is set" in told["message"]
    assert "the limit is" in told["message"]


def accepted(desk: Desk, key: str) -> None:
    eventually(
        lambda: desk.order(key, order_type="MKT", tif="DAY")[0] == 201,
        within=60,
        what="an order to be accepted again",
    )


def _at(look: Any) -> datetime:
    return datetime.fromisoformat(look["at"])


@contextmanager
def killed(portal: Portal, pattern: str) -> Iterator[list[int]]:
    """kill -9 of these processes, and of every successor that the supervisor starts; their ids."""
    dead: list[int] = []
    over = threading.Event()

    def hunt() -> None:
        while not over.wait(0.1):
            for pid in portal.pids(pattern):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    dead.append(pid)

    hunter = threading.Thread(target=hunt, daemon=True)
    hunter.start()
    try:
        yield dead
    finally:
        over.set()
        hunter.join()


def test_while_the_guard_is_dead_only_what_lowers_risk_passes(desk: Desk) -> None:
    desk.lift()
    accepted(desk, "before the guard dies")
    with killed(desk.portal, "celery -A ibportal beat") as dead:
        eventually(lambda: len(dead) >= 2, within=60, what="beat to die with its successor")
        newest = _at(desk.looks()[-1])
        silent_at = newest + timedelta(seconds=SILENT_AFTER * PERIOD + 1)
        eventually(lambda: datetime.now(UTC) > silent_at, within=60, what="a long silence")
        status, told = desk.order("more risk", order_type="MKT", tif="DAY")
        assert (status, "The guard has been silent for" in told["message"]) == (409, True)
        assert set(desk.refused()) == {"guard_silent"}
        silence = desk.refused()["guard_silent"]
        assert float(silence["value"]) > float(silence["limit"]) == SILENT_AFTER * PERIOD

        status, told = desk.order("less risk", "SELL", order_type="MKT", tif="DAY")
        assert status == 201, told
        ref = ref_of(desk, "less risk")
        eventually(lambda: "Filled" in desk.statuses(ref), within=60, what="the sale's fill")
        assert _at(desk.looks()[-1]) == newest
    accepted(desk, "with the guard back")


def ref_of(desk: Desk, key: str) -> str:
    rows = desk.select(
        f"SELECT ref FROM trading_order WHERE idempotency_key = '{key}'"  # noqa: S608  # ours
    )
    return str(rows[0][0])


def test_flattening_with_partial_fills_a_reject_and_a_disconnect_ends_flat(portal: Portal) -> None:
    desk = Desk(portal, MIXED)
    desk.lift()
    eventually(desk.ready, within=60, what="a link")
    assert len(held(desk)) >= 20
    portal.simulator("/fault", {"kind": "reject_next"})

    status, _switch = desk.post("/risk/kill/", account=desk.pk, level=4, reason="leave the market")
    assert status == 200
    eventually(lambda: closings(desk), within=60, what="a first closing order at the broker")
    portal.simulator("/fault", {"kind": "drop"})
    portal.simulator("/fault", {"kind": "refuse", "seconds": 5})

    with suppress(AssertionError):
        eventually(lambda: ended(desk), within=300, what="an end")
    flatten = desk.risk()["flatten"]
    assert flatten["state"] == "done", flatten
    assert (held(desk), resting(desk)) == ({}, [])
    happened = at_broker(desk)
    assert happened["rejected"] >= 1
    assert happened["partial"] >= 1
    assert down_while(desk)
    assert desk.risk()["kill"]["level"] == 4
    status, told = desk.order("while flat", order_type="MKT", tif="DAY")
    assert (status, "Kill level 4 is set" in told["message"]) == (409, True)


def test_flattening_stays_latched_and_says_why_while_another_order_rests(desk: Desk) -> None:
    desk.lift()
    bid = {"symbol": "AAPL", "action": "BUY", "quantity": 1, "price": 10.0}
    desk.portal.simulator("/fault", {"kind": "manual_order", "account": ACCOUNT, **bid})

    assert desk.post("/risk/kill/", account=desk.pk, level=4, reason="leave the market")[0] == 200
    with suppress(AssertionError):
        eventually(lambda: "placed elsewhere" in flatten_says(desk), within=180, what="the reason")
    assert "placed elsewhere" in flatten_says(desk)
    told = desk.risk()
    assert (told["flatten"]["state"], told["flatten"]["closed_at"]) == ("stuck", None)
    assert told["kill"]["level"] == 4
    assert held(desk) == {}
    assert [order["action"] for order in resting(desk)] == ["BUY"]

    assert desk.post("/orders/global-cancel/", connection="demo", confirm="demo")[0] == 204
    eventually(lambda: ended(desk), within=120, what="an end")
    assert (desk.risk()["flatten"]["state"], resting(desk)) == ("done", [])


def flatten_says(desk: Desk) -> str:
    return str(desk.risk()["flatten"]["sentence"])


def held(desk: Desk) -> dict[str, float]:
    """At the broker, by its own state."""
    told = desk.portal.simulator("/state")["accounts"][desk.account]["positions"]
    securities = {con_id: row for con_id, row in told.items() if row["sec_type"] != "CASH"}
    return {con_id: row["quantity"] for con_id, row in securities.items() if row["quantity"]}


def resting(desk: Desk) -> list[Any]:
    """Whoever placed it, at the broker, by its own state."""
    orders = desk.portal.simulator("/state")["orders"]
    return [order for order in orders if order["account"] == desk.account]


def closings(desk: Desk) -> list[Any]:
    return desk.select(
        "SELECT id FROM trading_order WHERE source = 'flatten' AND sent_at IS NOT NULL"
    )


def at_broker(desk: Desk) -> Counter[str]:
    """What became of the closing orders, by the simulator's own ledger."""
    rows = desk.select("SELECT ref FROM trading_order WHERE source = 'flatten'")
    refs = {str(ref) for (ref,) in rows}
    told = [row for row in desk.portal.simulator("/ledger") if row.get("order_ref") in refs]
    fills = Counter(row["order_ref"] for row in told if row["kind"] == "execution")
    refused = {row["order_ref"] for row in told if row.get("status") == "Inactive"}
    return Counter(partial=sum(n > 1 for n in fills.values()), rejected=len(refused))


def down_while(desk: Desk) -> bool:
    """Whether the link was away after the first closing order was sent and came back before the
    flattening ended."""
    began, over = desk.select(
        "SELECT (SELECT min(sent_at) FROM trading_order WHERE source = 'flatten'),"
        " (SELECT max(closed_at) FROM risk_flatten)"
    )[0]
    rows = desk.select("SELECT state, at FROM accounts_linkevent")
    states = [state for state, at in rows if began < at < over]
    return "disconnected" in states and "ready" in states


def ended(desk: Desk) -> Any:
    """The flattening once it is closed."""
    with suppress(OSError):
        flatten = desk.risk()["flatten"]
        return flatten if flatten and flatten["closed_at"] else None
    return None


def test_a_dropped_connection_stays_down_until_it_is_lifted(desk: Desk) -> None:
    desk.lift()
    eventually(lambda: desk.portal.readiness()["ready"], within=60, what="a link to drop")

    assert desk.post("/risk/kill/", level=5, reason="let go of the broker")[0] == 200
    wire = "/state"
    eventually(
        lambda: desk.portal.simulator(wire)["wire"]["clients"] == [],
        within=30,
        what="the simulator to be left alone",
    )
    eventually(lambda: all(confirmed(desk)), within=60, what="the gateway to answer each command")
    assert desk.portal.simulator(wire)["wire"]["clients"] == []

    assert desk.post("/risk/lift/", reason="the broker is fine")[0] == 200
    eventually(
        lambda: (
            desk.portal.simulator(wire)["wire"]["clients"] != []
            and desk.portal.readiness()["ready"]
        ),
        within=90,
        what="the link to come back by itself",
    )


def confirmed(desk: Desk) -> list[bool]:
    """For each command of level 5, whether it was carried out."""
    rows = desk.select("SELECT confirmed_at FROM risk_gatewaycommand WHERE account_id IS NULL")
    return [row[0] is not None for row in rows] or [False]
