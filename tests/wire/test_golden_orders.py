"""twsim's order frames beside recorded ones, field by field."""

import pytest

from tests.wire import golden
from twsim.domain.contracts import Contract
from twsim.domain.orders import Execution, Order, WorkingOrder
from twsim.messages import replies as say

pytestmark = golden.MARKS


def test_an_order_status_is_the_recorded_one() -> None:
    working = _working(golden.stock(), Order(action="SELL", quantity=1.0, order_type="LMT"))
    assert golden.written(say.OrderStatus(working)) == [golden.recorded("3")]


def _working(contract: Contract, order: Order) -> WorkingOrder:
    return WorkingOrder(
        order_id=0,
        client_id=0,
        perm_id=9000,
        contract=contract,
        order=order,
        status="PreSubmitted",
    )


OBDC = Contract(
    con_id=853200900,
    symbol="OBDC",
    sec_type="OPT",
    expiry="20261120",
    strike=10.0,
    right="P",
    multiplier="100",
    exchange="SMART",
    currency="USD",
    local_symbol="OBDC  261120P00010000",
    trading_class="OBDC",
)


def test_an_open_order_of_an_option_is_the_recorded_one() -> None:
    """Rule 80A alone is TWS's own business: it says 0 for an order entered by hand."""
    order = Order(
        action="SELL",
        quantity=1.0,
        order_type="LMT",
        limit_price=1.2,
        tif="GTC",
        account="DU9000001",
        raw={},
    )
    (written,) = golden.written(say.OpenOrder(_working(OBDC, order)))
    recorded = golden.recorded("5", holding="OBDC")
    different = [
        place
        for place, pair in enumerate(zip(written, recorded, strict=True))
        if len(set(pair)) > 1
    ]
    allocation, rule_80a = 30, 36
    assert different == [allocation, rule_80a]


@pytest.mark.parametrize(("kind", "count"), [(1, 165), (5, 163)])
def test_an_open_order_with_a_condition_has_the_recorded_fields(kind: int, count: int) -> None:
    texts = {
        1: "1\x1f1\x1fa\x1f1\x1f2918.10\x1f265598\x1fSMART\x1f4",
        5: "1\x1f5\x1fa\x1fSTK\x1fANY\x1fAAPL",
    }
    raw = {"conditions": texts[kind], "conditionsIgnoreRth": "1", "conditionsCancelOrder": "0"}
    order = Order(
        action="BUY",
        quantity=100.0,
        order_type="LMT",
        limit_price=14.59,
        tif="DAY",
        account="DU9000001",
        order_ref="x",
        raw=raw,
    )
    (written,) = golden.written(say.OpenOrder(_working(golden.stock(), order)))
    recorded = golden.recorded("5", holding="ANY" if kind == 5 else "2918.10")
    trail_stop = recorded.index("15.59")  # TWS made one up for a limit order
    assert len(written) == count
    golden.same_layout(written, recorded, loose=frozenset({trail_stop}))


@pytest.mark.parametrize(("version", "count"), [(165, 131), (176, 136), (200, 156)])
def test_a_plain_open_order_has_as_many_fields_as_recorded(version: int, count: int) -> None:
    order = Order(action="BUY", quantity=1.0, order_type="MKT")
    (written,) = golden.written(say.OpenOrder(_working(golden.stock(), order)), version)
    assert len(written) == count


@pytest.mark.parametrize("account", ["DU9000001", "DU12345"])
def test_a_completed_order_has_the_recorded_fields(account: str) -> None:
    recorded = golden.recorded("101", holding=account)
    trailing = account == "DU9000001"
    order = Order(
        action="BUY",
        quantity=1.0,
        order_type="TRAIL LIMIT" if trailing else "LMT",
        limit_price=2000.05,
        aux_price=1.0,
        tif="DAY",
        account=account,
        trail_stop_price=2000.0 if trailing else None,
        limit_price_offset=0.05 if trailing else None,
        oca_group="" if trailing else "1001",
    )
    working = _working(golden.stock(), order)
    working.status, working.completed_status = "Cancelled", "Cancelled by Trader"
    (written,) = golden.written(say.CompletedOrder(working, "20260415 11:00:11 US/Eastern"))
    auto_cancel_date, submitter, cash_qty = 85, 102, 82
    loose = frozenset({auto_cancel_date, submitter, cash_qty, 33})
    golden.same_layout(written, recorded, loose=loose)
    if trailing:
        differing = [p for p in range(len(written)) if written[p] != recorded[p]]
        assert differing == [23, submitter]  # the permId and the user's name


def test_an_execution_is_the_recorded_one() -> None:
    execution = Execution(
        exec_id="0000e0d5.69dd7411.01.01",
        order_id=1,
        client_id=94,
        perm_id=389211034,
        account="DU9000001",
        contract=golden.stock(exchange="IEX"),
        exchange="IEX",
        side="BOT",
        quantity=1.0,
        price=257.95,
        cumulative=1.0,
        average_price=257.95,
        at=0.0,
    )
    reply = say.ExecutionReport(-1, execution, "20260413 15:27:04 US/Eastern")
    assert golden.written(reply) == [golden.recorded("11")]
