"""A run from frozen inputs to an approved plan, and every reason why there is none."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from apps.lib.errors import Invalid, NotAllowed, Unavailable
from apps.trading.errors import RunRefused
from apps.trading.models import Order, TradeRun
from apps.trading.services import run_answer, run_approve, run_cancel, run_start
from apps.trading.states import RunState
from tests.factories import NOON, hold, later, make_user, stock, worker_says
from tests.marketdata_data import instrument
from tests.run_data import AAPL, JPM, KO, MSFT, NAMES, Desk, advance, rebalancing
from tests.trading_data import make_order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]


@pytest.fixture
def desk(empty_redis: None) -> Iterator[Desk]:
    with rebalancing() as made:
        made.weights(AAPL="0.10", MSFT="0.10", KO="0.08", JPM="0.06")
        yield made


def start(desk: Desk, **fields: object) -> TradeRun:
    given: dict[str, object] = {"user": desk.trader, "at": NOON} | fields
    return run_start(strategy=desk.strategy, **given)  # type: ignore[arg-type]


def quantities(run: TradeRun) -> dict[int, Decimal]:
    return dict(run.plan.lines.values_list("instrument_id", "quantity"))


def test_a_run_freezes_its_inputs_and_plans_sells_before_buys(desk: Desk) -> None:
    run = start(desk)
    assert (run.state, run.sentence, run.refusals) == (RunState.PLANNED, "", [])
    assert quantities(run) == {AAPL: -1020, MSFT: 980, KO: 784, JPM: 588}
    assert run.plan.lines.get(number=1).instrument_id == AAPL
    assert run.inputs["nlv"] == "1000000"
    assert run.inputs["prices"][str(AAPL)]["kind"] == "live"
    assert run.inputs["policy_version"] == 1
    assert len(run.inputs_digest) == len(run.plan.digest) == 64
    assert run.plan.expires_at == NOON + timedelta(minutes=15)
    assert Order.objects.count() == 0


def test_a_plan_trades_in_the_lots_that_the_broker_told(desk: Desk) -> None:
    told = {KO: Decimal(100), MSFT: Decimal(500), JPM: Decimal("0.0001")}
    for con_id, size in told.items():
        instrument(con_id, NAMES[con_id], min_size=size, size_increment=size)
    run = start(desk)
    assert {c: row["lot"] for c, row in run.inputs["prices"].items()} == {
        str(AAPL): "1", str(KO): "100", str(MSFT): "500", str(JPM): "1",
    }  # fmt: skip
    assert quantities(run) == {AAPL: -1020, MSFT: 500, KO: 700, JPM: 588}


def test_what_is_less_than_the_broker_takes_of_a_contract_is_left_out(desk: Desk) -> None:
    instrument(JPM, "JPM", min_size=Decimal(600), size_increment=Decimal("0.0001"))
    run = start(desk)
    line = run.plan.lines.get(instrument=JPM)
    assert (run.state, line.quantity, line.reason) == (
        RunState.PLANNED,
        Decimal(0),
        "below_min_size",
    )


def test_the_same_period_a_second_time_is_refused_with_the_run_that_has_it(desk: Desk) -> None:
    first = start(desk)
    with pytest.raises(RunRefused) as refused:
        start(desk)
    assert refused.value.code == "period_taken"
    assert f"run {first.pk}" in refused.value.sentence
    assert first.period in refused.value.sentence
    assert TradeRun.objects.count() == 1


def test_an_extra_run_has_a_name_of_its_own_and_a_dry_run_takes_no_period(desk: Desk) -> None:
    assert start(desk).state == RunState.PLANNED
    assert start(desk, period="2026-W10 again").state == RunState.PLANNED
    assert start(desk, dry=True).state == RunState.PLANNED
    assert start(desk, dry=True).state == RunState.PLANNED


def test_a_cancelled_run_gives_its_period_back(desk: Desk) -> None:
    run = start(desk)
    run_cancel(user=desk.trader, run=run, at=NOON, reason="wrong file")
    run.refresh_from_db()
    assert (run.state, run.code) == (RunState.CANCELLED, "cancelled")
    assert "wrong file" in run.sentence
    assert run_cancel(user=desk.trader, run=run, at=NOON).state == RunState.CANCELLED
    assert start(desk).state == RunState.PLANNED


def test_without_a_healthy_link_the_run_is_blocked_and_nothing_is_sent(desk: Desk) -> None:
    with worker_says(desk.account.connection, "connecting", at=NOON):
        run = start(desk)
    assert (run.state, run.code) == (RunState.BLOCKED, "connection_unavailable")
    assert "link" in run.sentence.lower()
    assert Order.objects.count() == 0


def test_without_weights_there_is_no_run(desk: Desk) -> None:
    desk.strategy.snapshots.all().delete()
    with pytest.raises(RunRefused) as refused:
        start(desk)
    assert refused.value.code == "snapshot_missing"
    assert TradeRun.objects.count() == 0


def test_weights_above_a_hundred_percent_are_refused(desk: Desk) -> None:
    desk.weights(AAPL="0.60", MSFT="0.43")
    run = start(desk)
    assert (run.state, run.code) == (RunState.REFUSED, "weights_over_one")
    assert "103" in run.sentence


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"at": None}, "stale_price"), ({"last": None, "bid": None, "ask": None}, "price_missing")],
)
def test_a_run_waits_for_a_price_and_then_refuses_for_its_lack(
    desk: Desk, fields: dict[str, None], code: str
) -> None:
    old = later(minutes=-20)
    desk.quote(KO, "100.00", at=old, **({} if code == "stale_price" else fields))
    run = start(desk)
    assert run.state == RunState.PLANNING
    assert advance(run, later(seconds=20)).state == RunState.PLANNING
    run = advance(run, later(seconds=50))
    assert (run.state, run.code) == (RunState.REFUSED, code)
    assert "KO" in run.sentence


def test_a_run_has_no_price_while_tws_has_lost_its_broker(desk: Desk) -> None:
    with worker_says(desk.account.connection, code="1100"):
        run = start(desk)
        assert run.state == RunState.PLANNING
        run = advance(run, later(seconds=50))
    assert (run.state, run.code) == (RunState.REFUSED, "stale_price")
    assert "TWS has lost its connection" in run.sentence


def test_a_price_that_comes_in_time_lets_the_run_go_on(desk: Desk) -> None:
    desk.quote(KO, "100.00", at=later(minutes=-20))
    run = start(desk)
    desk.quote(KO, "100.00", at=later(seconds=4))
    assert advance(run, later(seconds=4)).state == RunState.PLANNED
    assert list(desk.account.connection.stream_targets.values_list("instrument_id", flat=True))


def test_a_line_the_gate_refuses_refuses_the_run_with_its_numbers(desk: Desk) -> None:
    desk.weights(MSFT="0.90")
    run = start(desk)
    assert run.state == RunState.REFUSED
    codes = {entry["code"] for entry in run.refusals}
    assert "concentration" in codes
    assert all(entry["con_id"] == MSFT for entry in run.refusals)
    assert run.plan.lines.exists()


def test_names_held_and_not_targeted_are_asked_about(desk: Desk) -> None:
    desk.policy(not_targeted="ask")
    desk.weights(MSFT="0.10")
    run = start(desk)
    assert run.state == RunState.AWAITING_ANSWER
    assert "AAPL" in run.sentence
    with pytest.raises(Invalid):
        run_answer(user=desk.trader, run=run, answers={AAPL: "perhaps"}, at=NOON)
    run = run_answer(user=desk.trader, run=run, answers={AAPL: "sell"}, at=NOON)
    assert run.state == RunState.PLANNED
    assert quantities(run)[AAPL] == -2000


def test_an_approval_binds_the_plan_and_only_who_may_gives_it(desk: Desk) -> None:
    run = start(desk)
    digest = run.plan.digest
    with pytest.raises(NotAllowed):
        run_approve(user=desk.trader, run=run, digest=digest, at=NOON)
    with pytest.raises(RunRefused) as refused:
        run_approve(user=desk.approver, run=run, digest="0" * 64, at=NOON)
    assert refused.value.code == "other_plan"
    approved = run_approve(user=desk.approver, run=run, digest=digest, at=NOON)
    assert (approved.state, approved.approved_by) == (RunState.APPROVED, desk.approver)
    again = run_approve(user=desk.approver, run=run, digest=digest, at=NOON)
    assert again.events.filter(kind="approved").count() == 1


def test_charlie_without_a_grant_may_not_start_answer_or_cancel(desk: Desk) -> None:
    charlie = make_user("charlie")
    with pytest.raises(NotAllowed):
        start(desk, user=charlie)
    run = start(desk)
    with pytest.raises(NotAllowed):
        run_cancel(user=charlie, run=run, at=NOON)


def test_an_expired_plan_is_refused(desk: Desk) -> None:
    run = start(desk)
    with pytest.raises(RunRefused) as refused:
        run_approve(
            user=desk.approver, run=run, digest=run.plan.digest, at=NOON + timedelta(minutes=15)
        )
    assert refused.value.code == "plan_expired"
    run.refresh_from_db()
    assert (run.state, run.code) == (RunState.EXPIRED, "plan_expired")


def test_a_plan_nobody_approves_expires_by_itself(desk: Desk) -> None:
    run = start(desk)
    assert advance(run, NOON + timedelta(minutes=14)).state == RunState.PLANNED
    assert advance(run, NOON + timedelta(minutes=15)).state == RunState.EXPIRED


def test_a_plan_is_refused_after_prices_moved(desk: Desk) -> None:
    run = start(desk)
    desk.quote(MSFT, "101.50", at=later(minutes=1))
    with pytest.raises(RunRefused) as refused:
        run_approve(user=desk.approver, run=run, digest=run.plan.digest, at=later(minutes=1))
    assert refused.value.code == "price_moved"
    assert "MSFT" in refused.value.sentence
    run.refresh_from_db()
    assert run.state == RunState.REFUSED
    assert run.refusals[0]["code"] == "price_moved"


def test_a_plan_is_refused_after_positions_or_orders_changed(desk: Desk) -> None:
    run = start(desk)
    make_order(desk.account, run.plan.lines.get(instrument=KO).instrument, at=NOON)
    with pytest.raises(RunRefused) as refused:
        run_approve(user=desk.approver, run=run, digest=run.plan.digest, at=NOON)
    assert refused.value.code == "orders_changed"
    other = start(desk)
    hold(desk.account, (stock(), "1900", "90"), at=later(seconds=1))
    with pytest.raises(RunRefused) as refused:
        run_approve(user=desk.approver, run=other, digest=other.plan.digest, at=NOON)
    assert refused.value.code == "positions_changed"


def test_an_approval_while_the_link_is_down_can_be_tried_again(desk: Desk) -> None:
    run = start(desk)
    with worker_says(desk.account.connection, "reconciling", at=NOON), pytest.raises(Unavailable):
        run_approve(user=desk.approver, run=run, digest=run.plan.digest, at=NOON)
    run.refresh_from_db()
    assert run.state == RunState.PLANNED


def test_paper_may_approve_itself_where_the_policy_says_so(desk: Desk) -> None:
    desk.policy(automatic=True)
    run = start(desk)
    assert (run.state, run.approved_by) == (RunState.APPROVED, None)
    assert run.approved_digest == run.plan.digest


def test_live_needs_the_last_four_characters_and_never_approves_itself(empty_redis: None) -> None:
    with rebalancing(mode="live") as desk:
        desk.policy(automatic=True)
        desk.weights(AAPL="0.10")
        run = start(desk)
        assert run.state == RunState.PLANNED, run.sentence
        digest = run.plan.digest
        for typed in ("", "1234", "u1234567"):
            with pytest.raises(Invalid):
                run_approve(user=desk.approver, run=run, digest=digest, at=NOON, confirmation=typed)
        approved = run_approve(
            user=desk.approver, run=run, digest=digest, at=NOON, confirmation="4567"
        )
        assert approved.state == RunState.APPROVED


def test_a_dry_run_ends_as_a_plan(desk: Desk) -> None:
    run = start(desk, dry=True)
    assert advance(run, NOON + timedelta(days=1)).state == RunState.PLANNED
    with pytest.raises(RunRefused):
        run_approve(user=desk.approver, run=run, digest=run.plan.digest, at=NOON)


def test_contracts_nobody_describes_block_the_run(desk: Desk) -> None:
    unknown = stock(987654321, "GONE")
    hold(desk.account, (stock(), "2000", "90"), (unknown, "10", "5"), at=NOON)
    run = start(desk)
    assert run.state == RunState.PLANNING
    run = advance(run, later(seconds=50))
    assert (run.state, run.code) == (RunState.BLOCKED, "unknown_instrument")
