"""A loss in the market halts trading until a person lifts it, over a restart of every process."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.chaos.world import World
from tests.portal import Portal, eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]
ACCOUNT, VTI = "DU7654321", 12340041
PERIOD = 3
LATENCY = 3
"""Seconds that the broker's P&L may be on its way to our rows."""
FELL = 0.70


class Desk:
    """One account of the demo over the API, and the simulator's own word."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.log_in()
        self.pk = self.world.account_id(ACCOUNT)

    def log_in(self) -> None:
        self.world = World(self.portal, None)
        self.world.log_in()

    def get(self, path: str) -> Any:
        status, told = self.world.call(path)
        assert status == 200, told
        return told

    def post(self, path: str, **body: Any) -> tuple[int, Any]:
        return self.world.call(path, body)

    def risk(self) -> Any:
        return self.get(f"/risk/accounts/{self.pk}/")

    def guard(self) -> str:
        return str(self.risk()["guard"]["state"])

    def order(self, key: str, side: str = "BUY", **terms: Any) -> tuple[int, Any]:
        body = {"account": self.pk, "con_id": VTI, "side": side, "quantity": "1"} | terms
        return self.world.call("/orders/", body, key=key)

    def price(self) -> float:
        rows = self.get(f"/accounts/{self.pk}/positions/")["results"]
        return float(next(row for row in rows if row["con_id"] == VTI)["market_price"])

    def move(self, price: float) -> datetime:
        self.portal.simulator("/market", {"symbol": "VTI", "price": round(price, 2)})
        return datetime.now(UTC)

    def looks(self) -> list[Any]:
        """Oldest first."""
        rows = self.get(f"/risk/accounts/{self.pk}/evaluations/?limit=200")["results"]
        return list(reversed(rows))

    def statuses(self, ref: str) -> list[str]:
        """What the broker made of an order, in its own ledger."""
        rows = self.portal.simulator("/ledger")
        return [r["status"] for r in rows if r["kind"] == "status" and r["order_ref"] == ref]


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    running = Portal(tmp_path_factory.mktemp("halts"), GUARD_SECONDS=str(PERIOD))
    try:
        yield running.start()
    finally:
        running.close()


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
    ref = resting_sale(desk, price)
    moved_at = desk.move(price * FELL)
    eventually(lambda: desk.guard() == "halted", within=60, what="the guard to halt")

    after = [look["state"] for look in desk.looks() if _at(look) > moved_at]
    assert after.index("halted") <= 1 + LATENCY // PERIOD
    assert desk.risk()["kill"]["level"] == 3
    eventually(lambda: {"Cancelled", "Filled"} & set(desk.statuses(ref)), within=30, what="its end")
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
    eventually(
        lambda: desk.order("once more", order_type="MKT", tif="DAY")[0] == 201,
        within=60,
        what="an order to be accepted again",
    )


def resting_sale(desk: Desk, price: float) -> str:
    """Above the market, so that a fall does not fill it; its orderRef, once it works."""
    terms = {"order_type": "LMT", "tif": "GTC", "limit_price": f"{price * 1.03:.2f}"}
    body = {"account": desk.pk, "con_id": VTI, "side": "SELL", "quantity": "1"} | terms
    status, told = desk.world.insist("/orders/", body, key="resting")
    assert status == 201, told
    rows = desk.world.database.select(
        "SELECT ref FROM trading_order WHERE idempotency_key = 'resting'"
    )
    ref = str(rows[0][0])
    eventually(lambda: "Submitted" in desk.statuses(ref), within=60, what="the order to work")
    return ref


def assert_refused(desk: Desk, key: str) -> None:
    status, told = desk.order(key, order_type="MKT", tif="DAY")
    assert status == 409, told
    rows = desk.world.database.select(
        "SELECT verdicts FROM risk_gatedecision ORDER BY id DESC LIMIT 1"
    )
    assert "daily_loss" in str(rows[0][0])
    assert "Kill level 3 is set" in told["message"]
    assert "the limit is" in told["message"]


def _at(look: Any) -> datetime:
    return datetime.fromisoformat(look["at"])


def test_flattening_with_a_reject_and_a_disconnect_ends_flat_at_the_broker(desk: Desk) -> None:
    eventually(lambda: desk.get("/risk/")["kill"]["level"] == 0, within=30, what="no level")
    assert len(held(desk)) >= 4
    desk.portal.simulator("/fault", {"kind": "reject_next"})

    status, _switch = desk.post("/risk/kill/", account=desk.pk, level=4, reason="leave the market")
    assert status == 200
    eventually(lambda: closings(desk), within=60, what="a first closing order at the broker")
    desk.portal.simulator("/fault", {"kind": "drop"})
    desk.portal.simulator("/fault", {"kind": "refuse", "seconds": 5})

    with suppress(AssertionError):
        eventually(lambda: ended(desk), within=240, what="an end")
    flatten = desk.risk()["flatten"]
    assert flatten["state"] == "done", flatten
    assert held(desk) == {}
    assert sum(line["attempts"] for line in flatten["lines"]) > len(flatten["lines"])
    assert desk.risk()["kill"]["level"] == 4
    status, told = desk.order("while flat", order_type="MKT", tif="DAY")
    assert (status, "Kill level 4 is set" in told["message"]) == (409, True)


def held(desk: Desk) -> dict[str, float]:
    """At the broker, by its own state."""
    told = desk.portal.simulator("/state")["accounts"][ACCOUNT]["positions"]
    return {con_id: row["quantity"] for con_id, row in told.items() if row["quantity"]}


def closings(desk: Desk) -> list[Any]:
    return desk.world.database.select(
        "SELECT id FROM trading_order WHERE source = 'flatten' AND sent_at IS NOT NULL"
    )


def ended(desk: Desk) -> Any:
    """The flattening once it is closed."""
    status, told = desk.world.call(f"/risk/accounts/{desk.pk}/")
    flatten = told["flatten"] if status == 200 else None
    return flatten if flatten and flatten["closed_at"] else None


def test_a_dropped_connection_stays_down_until_it_is_lifted(desk: Desk) -> None:
    desk.post("/risk/lift/", account=desk.pk, reason="start over")
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
    rows = desk.world.database.select(
        "SELECT confirmed_at FROM risk_gatewaycommand WHERE account_id IS NULL"
    )
    return [row[0] is not None for row in rows] or [False]
