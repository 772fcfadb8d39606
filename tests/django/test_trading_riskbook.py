"""What risk is told of orders, and the ledger that the consistency check compares."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.services import findings_refresh
from apps.risk.book import ActivityQuestion, book
from apps.risk.models import LedgerBalance
from apps.trading.models import CommissionReport, Order, Source
from apps.trading.riskbook import TradingBook
from apps.trading.states import OrderState as S
from tests.factories import NOON, hold, later, stock
from tests.order_data import ask_change, filled, make_instrument, make_order, opened, tell
from tests.trading_data import make_line, make_plan, make_run, make_snapshot, make_strategy

pytestmark = pytest.mark.django_db


def question(order: Order, **fields: Any) -> ActivityQuestion:
    given: dict[str, Any] = {
        "account_id": order.account_id,
        "con_id": order.instrument_id,
        "at": NOON,
        "day_at": NOON - timedelta(hours=17),
        "week_at": NOON - timedelta(days=3),
        "recent_at": NOON - timedelta(hours=1),
    }
    return ActivityQuestion(**given | fields)


def another(order: Order, number: int, **fields: Any) -> Order:
    given = {"ref": f"ibp-{number}", "ib_order_id": 100 + number, "instrument": order.instrument}
    return make_order(order.account, **given | fields)


def test_the_trading_app_registers_its_book() -> None:
    assert isinstance(book(), TradingBook)


def test_every_order_that_may_still_fill_is_working() -> None:
    order = make_order()
    another(order, 1, state=S.FILLED)
    other = another(order, 2, state=S.UNKNOWN, side="SELL", source=Source.EXTERNAL, perm_id=5)
    tell(order.connection_id, opened("Submitted"), filled("a.01.01", 4))
    rows = book().working(order.account_id)
    assert [(row.order_id, row.state) for row in rows] == [
        (order.pk, "submitted"),
        (other.pk, "unknown"),
    ]
    assert (rows[0].remaining, rows[0].signed, rows[1].signed) == (
        Decimal(6),
        Decimal(6),
        Decimal(-10),
    )
    assert (rows[0].external, rows[1].external) == (False, True)
    assert not book().working(order.account_id + 1)
    assert len(book().working(None)) == 2


def test_the_day_is_counted_by_account_and_instrument_without_other_programs() -> None:
    order = make_order(cancel_asked_at=NOON - timedelta(minutes=1))
    another(order, 1, instrument=make_instrument(stock(1, "MSFT")))
    another(order, 2, accepted_at=NOON - timedelta(days=2))
    another(order, 3, source=Source.EXTERNAL, perm_id=5)
    ask_change(order)
    found = book().activity(question(order))
    counts = (found.orders_account, found.orders_instrument)
    assert counts == (2, 1)
    assert (found.cancels_account, found.cancels_instrument) == (1, 1)
    assert found.messages == 1, "the change; the orders came two seconds ago"
    assert [row.order_id for row in found.recent] == [order.pk]


def test_rejects_in_a_row_end_at_the_first_order_that_was_taken() -> None:
    order = make_order(state=S.SUBMITTED, acknowledged_at=NOON)
    assert book().activity(question(order)).rejects == 0
    for number, state in enumerate((S.REJECTED, S.REJECTED, S.REFUSED), start=1):
        told = None if state == S.REFUSED else NOON
        another(order, number, state=state, acknowledged_at=told, accepted_at=later(seconds=number))
    assert book().activity(question(order, at=later(minutes=1))).rejects == 2
    assert book().activity(question(order, strategy="weekly")).rejects == 0


def exited(order: Order, number: int, gain: str, **fields: Any) -> None:
    """A sale of the order's strategy with a realised gain, half an hour and less ago."""
    exit_ = another(order, number, side="SELL", strategy="weekly", **fields)
    at = NOON - timedelta(minutes=30 - number)
    exec_id = f"x{number}.01.01"
    ids: dict[str, Any] = {
        "order_ref": exit_.ref,
        "order_id": exit_.ib_order_id,
        "perm_id": 50 + number,
    }
    tell(order.connection_id, filled(exec_id, 1, side="SLD", at=at, **ids))
    CommissionReport.objects.create(
        connection=order.connection,
        exec_id=exec_id,
        amount=1,
        currency="USD",
        realized_pnl=Decimal(gain),
        recorded_at=NOON,
    )


def test_a_rebalance_that_sells_several_losers_is_one_losing_exit() -> None:
    order = make_order(strategy="weekly")
    strategy = make_strategy(order.account)
    plan = make_plan(make_run(make_snapshot(strategy, {})), [])
    instruments = [make_instrument(stock(n, f"S{n}")) for n in range(1, 5)]
    for number, instrument in enumerate(instruments):
        line = make_line(plan, number, instrument=instrument)
        exited(order, number, "-5", plan_line=line)
    found = book().activity(question(order, strategy="weekly"))
    assert len(found.losses_strategy) == 1


def test_losing_exits_are_counted_back_to_the_newest_winner() -> None:
    order = make_order(strategy="weekly")
    for number, gain in enumerate(["-5", "20", "-3", "-4"]):
        exited(order, number, gain)
    found = book().activity(question(order, strategy="weekly"))
    lost = (NOON - timedelta(minutes=27), NOON - timedelta(minutes=28))
    assert found.losses_instrument == lost
    assert found.losses_strategy == lost
    assert book().activity(question(order)).losses_strategy == ()


def test_traded_value_has_the_multiplier_and_leaves_busts_and_other_programs_out() -> None:
    order = make_order()
    tell(order.connection_id, filled("a.01.01", 2, 100), filled("b.01.01", 1, 300))
    tell(order.connection_id, filled("b.01.02", 0, 300))
    other: dict[str, Any] = {"order_ref": "", "client_id": 3, "order_id": 3, "perm_id": 77}
    tell(order.connection_id, opened("Submitted", **other), filled("c.01.01", 9, 100, **other))
    assert book().activity(question(order)).traded_week == (("USD", Decimal(200)),)
    order.instrument.multiplier = Decimal(100)
    order.instrument.save()
    found = book().activity(question(order))
    assert found.traded_week == (("USD", Decimal(20_000)),)
    assert found.traded_run == ()
    assert found.line_submissions == 0


def test_a_position_that_our_executions_do_not_explain_is_a_finding() -> None:
    order = make_order()

    def codes(seconds: float) -> set[str]:
        found = findings_refresh(account=order.account, at=later(seconds=seconds))
        return {f.code for f in found if f.code == "ledger_differs"}

    hold(order.account, (stock(), "5", "100"), (stock(9, "EUR"), "3", "1"))
    assert codes(60) == set(), "no balance has been adopted"
    for con_id, quantity in ((0, 0), (265598, 5), (9, 3)):
        LedgerBalance.objects.create(
            account=order.account, con_id=con_id, quantity=quantity, at=NOON
        )
    assert codes(61) == set()
    tell(order.connection_id, filled("a.01.01", 2), seconds=62)
    assert codes(63) == set(), "the position may be on its way"
    assert codes(120) == {"ledger_differs"}
    hold(order.account, (stock(), "7", "100"), (stock(9, "EUR"), "3", "1"))
    assert codes(180) == set()
