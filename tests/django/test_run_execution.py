"""A plan carried out step by step: first order, sells, buys from real funds, leftovers, halts."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import pytest

from apps.risk.checks.base import MISSING
from apps.risk.models import GateDecision, KillSwitch
from apps.trading.errors import RunRefused
from apps.trading.models import Order, OrderChange, TradeRun
from apps.trading.services import (
    run_approve,
    run_cancel,
    run_report,
    run_report_csv,
    run_resume,
    run_start,
    runs_advance,
)
from apps.trading.states import OPEN, OrderState, RunState
from tests.factories import NOON, later, worker_says
from tests.gate_data import guard_awake
from tests.run_data import (
    AAPL,
    CASH,
    JPM,
    KO,
    MSFT,
    Desk,
    acknowledge,
    advance,
    end,
    fill,
    orders_of,
    rebalancing,
    refresh_quotes,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]


@pytest.fixture
def desk(empty_redis: None) -> Iterator[Desk]:
    with rebalancing(held={AAPL: "2000", JPM: "1500"}) as made:
        made.weights(AAPL="0.10", JPM="0.10", MSFT="0.10", KO="0.08")
        yield made


def begin(desk: Desk) -> TradeRun:
    """Approved, and the first order accepted."""
    run = run_start(user=desk.trader, strategy=desk.strategy, at=NOON)
    assert run.state == RunState.PLANNED, run.sentence
    run_approve(user=desk.approver, run=run, digest=run.plan.digest, at=NOON)
    return advance(run, NOON)


def sold(desk: Desk) -> TradeRun:
    """All sells are filled and told."""
    run = begin(desk)
    fill(desk, *orders_of(run), at=later(seconds=2))
    run = advance(run, later(seconds=4))
    fill(desk, *orders_of(run, state=OrderState.ACCEPTED), at=later(seconds=6))
    return run


def symbols(orders: list[Order]) -> list[str]:
    return [order.instrument.symbol for order in orders]


def test_one_order_goes_first_and_the_rest_waits_for_its_acknowledgement(desk: Desk) -> None:
    run = begin(desk)
    (first,) = orders_of(run)
    assert (first.side, first.source, first.strategy) == ("SELL", "run", "weekly")
    assert (first.order_type, first.algo_strategy, first.tif) == ("LMT", "Adaptive", "DAY")
    assert first.idempotency_key == f"run-{run.pk}/1/1"
    assert first.limit_price == Decimal("99.00")
    assert len(orders_of(advance(run, later(seconds=10)))) == 1
    acknowledge(first, at=later(seconds=11))
    run = advance(run, later(seconds=12))
    assert [order.side for order in orders_of(run)] == ["SELL", "SELL"]


def test_buys_come_after_the_sells_are_filled_and_told(desk: Desk) -> None:
    run = sold(desk)
    assert {order.side for order in orders_of(run)} == {"SELL"}
    run = advance(run, later(seconds=8))
    buys = orders_of(run, side="BUY")
    assert sorted(symbols(buys)) == ["KO", "MSFT"]
    assert max(o.pk for o in orders_of(run, side="SELL")) < min(o.pk for o in buys)
    fill(desk, *buys, at=later(seconds=10))
    run = advance(run, later(seconds=12))
    assert (run.state, run.ended_at) == (RunState.DONE, later(seconds=12))
    assert "4 of 4" in run.sentence


def test_buys_are_sized_again_from_the_money_that_is_there(desk: Desk) -> None:
    run = sold(desk)
    desk.tell_cash(Decimal(70_000), later(seconds=7))
    run = advance(run, later(seconds=8))
    buys = orders_of(run, side="BUY")
    spent = sum(order.quantity * (order.limit_price or Decimal(0)) for order in buys)
    assert Decimal(0) < spent <= Decimal(70_000) - run.plan.buffer
    (sized,) = run.events.filter(kind="buys_sized")
    assert Decimal(sized.data["funds"]) == 70_000
    refused = run.events.filter(kind="line_over", data__code="no_cash")
    assert buys
    assert len(buys) + refused.count() <= 2


def test_buys_wait_for_account_values_from_after_the_sells_but_not_for_ever(desk: Desk) -> None:
    run = begin(desk)
    acknowledge(*orders_of(run), at=later(seconds=1))
    run = advance(run, later(seconds=2))
    for order in orders_of(run):
        record_fill(order, later(seconds=5))
    run = advance(run, later(seconds=8))
    assert orders_of(run, side="BUY") == []
    assert run.events.filter(kind="funds_asked").count() == 1
    refresh_quotes(desk, later(seconds=39))
    run = advance(run, later(seconds=40))
    assert orders_of(run, side="BUY")


def record_fill(order: Order, at: datetime) -> None:
    """An execution without any word of cash."""
    Order.objects.filter(pk=order.pk).update(
        state=OrderState.FILLED, filled=order.quantity, average_price=100, ended_at=at
    )
    order.executions.create(
        connection=order.connection,
        account=order.account,
        instrument=order.instrument,
        exec_id=f"e{order.pk}.01",
        base=f"e{order.pk}",
        revision=1,
        client_id=1,
        ib_order_id=1,
        side=order.side,
        quantity=order.quantity,
        price=100,
        at=at,
        recorded_at=at,
    )


def test_advancing_twice_or_after_a_crash_places_nothing_twice(desk: Desk) -> None:
    run = begin(desk)
    for _again in range(3):
        runs_advance(at=later(seconds=1))
    assert len(orders_of(run)) == 1
    acknowledge(*orders_of(run), at=later(seconds=2))
    for _again in range(3):
        runs_advance(at=later(seconds=3))
    assert [order.plan_line_id for order in orders_of(run)] == list(
        run.plan.lines.filter(quantity__lt=0).values_list("pk", flat=True)
    )


def test_an_order_that_surely_was_not_sent_is_tried_again_under_a_new_key(desk: Desk) -> None:
    run = begin(desk)
    end(orders_of(run)[0], OrderState.NOT_SENT, later(seconds=1))
    run = advance(run, later(seconds=2))
    assert [o.idempotency_key for o in orders_of(run)] == [
        f"run-{run.pk}/1/1",
        f"run-{run.pk}/1/2",
    ]
    end(orders_of(run)[1], OrderState.NOT_SENT, later(seconds=3), cancel_asked_at=later(seconds=3))
    run = advance(run, later(seconds=4))
    assert len([o for o in orders_of(run) if o.plan_line == orders_of(run)[0].plan_line]) == 2


@pytest.mark.parametrize(
    ("verdict", "again"),
    [
        ({"code": "message_rate"}, True),
        ({"code": "exposure", "template": MISSING}, True),
        ({"code": "exposure", "template": "Too much."}, False),
        ({"code": "reduce_only", "facts": {"why": "guard"}}, True),
        ({"code": "reduce_only", "facts": {"why": "kill level"}}, False),
    ],
)
def test_what_the_gate_refuses_before_the_wire_only_for_the_moment_is_tried_again(
    desk: Desk, verdict: dict[str, object], again: object
) -> None:
    run = begin(desk)
    order = orders_of(run)[0]
    end(order, OrderState.REFUSED, later(seconds=1), reason_code=verdict["code"])
    GateDecision.objects.create(
        account=desk.account,
        con_id=order.instrument_id,
        source="run",
        passed=False,
        intent={"order_id": order.pk},
        verdicts=[{"passed": False, "message": "", **verdict}],
        policy_version="",
        before_wire=True,
        at=later(seconds=1),
    )
    run = advance(run, later(seconds=2))
    same_line = [o for o in orders_of(run) if o.plan_line_id == order.plan_line_id]
    assert (len(same_line) == 2) == bool(again)
    assert len(orders_of(run)) == 2


def test_an_unknown_order_is_never_replaced_and_halts_the_run_until_it_is_settled(
    desk: Desk,
) -> None:
    run = begin(desk)
    order = orders_of(run)[0]
    Order.objects.filter(pk=order.pk).update(state=OrderState.UNKNOWN)
    assert advance(run, later(seconds=2)).state == RunState.EXECUTING
    run = advance(run, later(seconds=130))
    assert (run.state, run.code) == (RunState.HALTED, "unknown_order")
    assert order.ref in run.sentence
    assert len(orders_of(run)) == 1
    with pytest.raises(RunRefused):
        run_resume(user=desk.approver, run=run, at=later(seconds=131))
    acknowledge(order, at=later(seconds=132))
    refresh_quotes(desk, later(seconds=133))
    run = run_resume(user=desk.approver, run=run, at=later(seconds=133))
    run = advance(run, later(seconds=134))
    assert run.state == RunState.EXECUTING
    assert len(orders_of(run)) == 2


def test_the_first_order_rejected_halts_the_run(desk: Desk) -> None:
    run = begin(desk)
    end(orders_of(run)[0], OrderState.REJECTED, later(seconds=1), reason="No permission.")
    run = advance(run, later(seconds=2))
    assert (run.state, run.code) == (RunState.HALTED, "first_order_rejected")
    assert "No permission." in run.sentence
    assert len(orders_of(run)) == 1


def test_a_lost_link_is_waited_for_and_then_halts(desk: Desk) -> None:
    run = begin(desk)
    acknowledge(*orders_of(run), at=later(seconds=1))
    with worker_says(desk.account.connection, "disconnected", at=NOON):
        run = advance(run, later(seconds=2))
        assert (run.state, len(orders_of(run))) == (RunState.EXECUTING, 1)
        run = advance(run, later(minutes=11))
    assert (run.state, run.code) == (RunState.HALTED, "connection_unavailable")


def test_a_link_that_comes_back_lets_the_run_go_on(desk: Desk) -> None:
    run = begin(desk)
    acknowledge(*orders_of(run), at=later(seconds=1))
    with worker_says(desk.account.connection, "disconnected", at=NOON):
        run = advance(run, later(seconds=2))
    with worker_says(desk.account.connection, at=NOON):
        run = advance(run, later(seconds=30))
    assert len(orders_of(run)) == 2
    assert run.events.filter(kind="link_back").count() == 1


def test_a_kill_level_halts_a_run_and_starts_none(desk: Desk) -> None:
    run = sold(desk)
    other = run_start(user=desk.trader, strategy=desk.strategy, period="extra", at=later(seconds=7))
    KillSwitch.objects.create(account=desk.account, level=1, since_at=NOON)
    run = advance(run, later(seconds=8))
    assert (run.state, run.code) == (RunState.HALTED, "kill")
    run_approve(user=desk.approver, run=other, digest=other.plan.digest, at=later(seconds=8))
    assert advance(other, later(seconds=9)).state == RunState.APPROVED
    assert orders_of(run, side="BUY") == []


def test_stopping_a_run_cancels_what_still_works(desk: Desk) -> None:
    run = begin(desk)
    acknowledge(*orders_of(run), at=later(seconds=1))
    run_cancel(user=desk.trader, run=run, at=later(seconds=2), reason="changed my mind")
    run = advance(run, later(seconds=3))
    assert (run.state, run.code) == (RunState.HALTED, "stopped")
    assert "changed my mind" in run.sentence
    assert all(order.cancel_asked_at for order in orders_of(run))
    with pytest.raises(RunRefused):
        run_start(user=desk.trader, strategy=desk.strategy, at=later(seconds=4))


def test_leftovers_are_cancelled_after_a_while_and_the_report_says_so(desk: Desk) -> None:
    run = sold(desk)
    run = advance(run, later(seconds=8))
    msft, ko = sorted(orders_of(run, side="BUY"), key=lambda o: o.instrument.symbol, reverse=True)
    fill(desk, msft, at=later(seconds=10))
    acknowledge(ko, at=later(seconds=10))
    assert advance(run, later(seconds=100)).state == RunState.EXECUTING
    asked = Order.objects.filter(pk=ko.pk, cancel_asked_at__isnull=False)
    assert not asked.exists()
    advance(run, later(seconds=131))
    assert asked.exists()
    end(ko, OrderState.CANCELLED, later(seconds=132), reason="Cancelled.")
    run = advance(run, later(seconds=134))
    assert run.state == RunState.DONE
    lines = {line.name: line for line in run_report(run).lines}
    assert (lines["KO"].filled, lines["KO"].reason) == (Decimal(0), "Cancelled.")
    assert lines["MSFT"].filled == lines["MSFT"].intended


def test_leave_ends_the_run_while_the_order_works_on(desk: Desk) -> None:
    desk.policy(leftover="leave")
    run = sold(desk)
    run = advance(run, later(seconds=8))
    acknowledge(*orders_of(run, side="BUY"), at=later(seconds=9))
    assert advance(run, later(seconds=60)).state == RunState.EXECUTING
    run = advance(run, later(seconds=130))
    assert run.state == RunState.DONE
    assert all(order.state in OPEN for order in orders_of(run, side="BUY"))


@pytest.mark.parametrize(("leftover", "limit"), [("reprice", "100.40"), ("cross", "100.42")])
def test_a_leftover_follows_the_market_within_the_collar_and_is_then_cancelled(
    desk: Desk, leftover: str, limit: str
) -> None:
    desk.policy(leftover=leftover, style="midpoint", reprices=1)
    run = sold(desk)
    run = advance(run, later(seconds=8))
    buys = orders_of(run, side="BUY")
    assert {order.limit_price for order in buys} == {Decimal("100.00")}
    acknowledge(*buys, at=later(seconds=9))
    for con_id in (MSFT, KO):
        desk.quote(con_id, "100.40", at=later(seconds=130))
    guard_awake(desk.account, later(seconds=130))
    advance(run, later(seconds=130))
    changes = OrderChange.objects.filter(order__in=buys)
    assert {change.limit_price for change in changes} == {Decimal(limit)}
    changes.update(state=OrderChange.State.CONFIRMED)
    advance(run, later(seconds=200))
    assert changes.count() == 2
    advance(run, later(seconds=260))
    assert all(Order.objects.get(pk=o.pk).cancel_asked_at for o in buys)


def test_a_leftover_never_leaves_the_collar(desk: Desk) -> None:
    desk.policy(leftover="cross", style="midpoint")
    run = sold(desk)
    run = advance(run, later(seconds=8))
    buys = orders_of(run, side="BUY")
    acknowledge(*buys, at=later(seconds=9))
    for con_id in (MSFT, KO):
        desk.quote(con_id, "101.50", at=later(seconds=130))
    guard_awake(desk.account, later(seconds=130))
    advance(run, later(seconds=130))
    changes = OrderChange.objects.filter(order__in=buys)
    assert {change.limit_price for change in changes} == {Decimal("101.00")}


def test_cash_never_falls_below_the_buffer_at_the_worst_prices_allowed(desk: Desk) -> None:
    desk.weights(AAPL="0.10", JPM="0.10", MSFT="0.20", KO="0.20")
    run = sold(desk)
    run = advance(run, later(seconds=8))
    buys = orders_of(run, side="BUY")
    for order in buys:
        fill(desk, order, at=later(seconds=10), price=str(order.limit_price))
    advance(run, later(seconds=12))
    cash = desk.account.values.get(tag="TotalCashValue").amount
    assert cash is not None
    assert cash >= run.plan.buffer
    assert cash < CASH


def test_the_report_measures_slippage_against_arrival_and_late_fills_change_it(
    desk: Desk,
) -> None:
    run = sold(desk)
    run = advance(run, later(seconds=8))
    buys = orders_of(run, side="BUY")
    fill(desk, *buys, at=later(seconds=10), price="100.50")
    run = advance(run, later(seconds=12))
    report = run_report(run)
    lines = {line.name: line for line in report.lines}
    assert lines["MSFT"].slippage_bps == Decimal("50.00")
    assert lines["MSFT"].slippage == lines["MSFT"].filled * Decimal("0.50")
    assert lines["AAPL"].slippage_bps == 0
    assert report.totals.commission == 4
    assert report.totals.full_lines == 4
    assert lines["MSFT"].residual == 0
    Order.objects.filter(pk=buys[0].pk).update(average_price=Decimal("101.00"))
    again = {line.name: line for line in run_report(run).lines}
    assert again[buys[0].instrument.symbol].slippage_bps == Decimal("100.00")
    text = run_report_csv(run)
    assert text.splitlines()[0].startswith("number,name,con_id,side,intended,filled")
    assert len(text.splitlines()) == 1 + run.plan.lines.count()


def test_one_broken_run_does_not_hold_up_the_others(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    broken = run_start(user=desk.trader, strategy=desk.strategy, period="broken", at=NOON)
    TradeRun.objects.filter(pk=broken.pk).update(state=RunState.APPROVED)
    broken.plan.lines.all().delete()
    broken.plan.delete()
    run = begin(desk)
    acknowledge(*orders_of(run), at=later(seconds=1))
    runs_advance(at=later(seconds=2))
    assert len(orders_of(run)) == 2
    assert "could not be advanced" in caplog.text
