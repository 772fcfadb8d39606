"""The real path of an order: from the API to the simulator and back into the portal's rows."""

import pytest

from tests.chaos.world import World, world
from tests.portal import Portal, eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
VTI = 12340041


@pytest.fixture
def ground(shared_portal: Portal) -> World:
    with world(shared_portal, None) as made:
        known = lambda: made.call(f"/instruments/{VTI}/")[0] == 200  # noqa: E731
        eventually(known, within=120, what="the details of what is held, soon after the start")
        return made


def test_an_order_from_the_api_fills_and_agrees_with_the_ledger(ground: World) -> None:
    body = {
        "account": ground.account,
        "con_id": VTI,
        "side": "SELL",
        "quantity": "2",
        "order_type": "MKT",
    }
    status, placed = ground.insist("/orders/", body, key="stack-1")
    assert status == 201, placed
    path = f"/orders/{placed['id']}/"
    eventually(
        lambda: ground.call(path)[1].get("commission"), within=60, what="the fill and its price"
    )
    told = ground.call(path)[1]
    assert (told["state"], told["filled"]) == ("filled", "2")
    kinds = [event["kind"] for event in told["events"]]
    assert kinds[:2] == ["accepted", "claimed"]
    fills = ground.call(f"/executions/?order={placed['id']}")[1]["results"]
    assert [fill["quantity"] for fill in fills] == ["2"]

    eventually(
        lambda: ground.difference().is_none,
        within=60,
        what="the portal's rows and the ledger to agree",
    )


def test_what_if_tells_margin_and_places_nothing(ground: World) -> None:
    body = {
        "account": ground.account,
        "con_id": VTI,
        "side": "BUY",
        "quantity": "3",
        "order_type": "MKT",
    }
    before = len(ground.database.book().orders)
    status, told = ground.call("/orders/what-if/", body)
    assert status == 200, told
    assert told["commission_currency"] == "USD"
    assert len(ground.database.book().orders) == before
