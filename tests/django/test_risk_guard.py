"""The guard over rows: sessions, latches that stay, what it does, and locks on instruments."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from apps.accounts.models import BrokerAccount, EquityPoint
from apps.accounts.services import cash_flow_note
from apps.lib import clock
from apps.lib.errors import Invalid, NotAllowed
from apps.risk import book as books
from apps.risk import selectors, services
from apps.risk.book import WorkingOrder, register
from apps.risk.guard.types import Track
from apps.risk.levels import LockEnd
from apps.risk.models import (
    Alert,
    Flatten,
    GateDecision,
    GuardEvaluation,
    GuardEvent,
    GuardState,
    KillSwitch,
    LedgerBalance,
    Lock,
)
from apps.risk.services.pictures import picture_of
from tests.factories import NOON, hold, make_user, stock, worker_says
from tests.gate_data import ready_to_trade
from tests.risk_data import Shelf, make_held, make_officer, tell_equity

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]
AAPL = 265598


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """The ledger agrees with what `make_held` holds."""
    before, shelf = list(books._books), Shelf()
    shelf.kept = {AAPL: Decimal(100)}
    register(shelf)
    yield shelf
    books._books[:] = before


@pytest.fixture
def account(shelf: Shelf) -> BrokerAccount:
    del shelf
    return make_held()


@pytest.fixture
def officer(account: BrokerAccount) -> User:
    return make_officer("olivia", account)


def look(account: BrokerAccount, **later: float) -> GuardEvaluation:
    account.refresh_from_db()
    return services.guard_evaluate(account=account, at=clock.now() + timedelta(**later))


def lose(account: BrokerAccount, net: str) -> None:
    tell_equity(account, net, at=clock.now())


def state(account: BrokerAccount) -> GuardState:
    return GuardState.objects.get(account=account)


def figure(evaluation: GuardEvaluation, code: str) -> dict[str, str]:
    return next(row for row in evaluation.figures if row["code"] == code)


def test_an_evaluation_keeps_every_number_and_tells_when(account: BrokerAccount) -> None:
    assert selectors.guard_last_at(account.pk) is None

    evaluation = look(account)

    assert selectors.guard_last_at(account.pk) == evaluation.at
    assert figure(evaluation, "daily_loss") | {"state": "ok"} == {
        "code": "daily_loss",
        "state": "ok",
        "unit": "share",
        "value": "0.000000",
        "warn": "0.016",
        "limit": "0.02",
        "latch": True,
    }


def test_a_first_loss_only_reduces_and_a_second_cancels_and_both_alert(
    account: BrokerAccount,
) -> None:
    look(account)
    lose(account, "97500")
    look(account)
    assert (state(account).state, selectors.kill_level(account.pk)) == ("reduce_only", 2)

    lose(account, "96500")
    look(account)

    assert (state(account).state, selectors.kill_level(account.pk)) == ("halted", 3)
    found = dict(Alert.objects.values_list("code", "severity"))
    assert found["guard_reduce_only"] == "warning"
    assert found["guard_halted"] == "critical"
    assert [e.after for e in GuardEvent.objects.order_by("id")][-2:] == ["reduce_only", "halted"]
    assert "limit 3.0%" in GuardEvent.objects.order_by("-id")[0].sentence


def test_neither_recovery_nor_a_new_day_nor_a_restart_ends_a_halt(account: BrokerAccount) -> None:
    look(account)
    lose(account, "96500")
    look(account)
    lose(account, "101000")

    look(account, days=3)

    assert state(account).state == "halted"
    assert selectors.kill_level(account.pk) == 3


def test_a_person_with_a_reason_ends_a_halt(account: BrokerAccount, officer: User) -> None:
    look(account)
    lose(account, "96500")
    look(account)
    at = clock.now()

    with pytest.raises(NotAllowed):
        services.kill_lift(user=make_user("vera", account), account=account, reason="go on", at=at)
    services.kill_lift(user=officer, account=account, reason="hedged by hand", at=at)
    look(account)

    assert state(account).state == "warn"
    assert selectors.kill_level(account.pk) == 0
    assert set(state(account).released) == {"daily_loss", "daily_loss_halt"}


def test_a_lifted_loss_that_grows_halts_again(account: BrokerAccount, officer: User) -> None:
    look(account)
    lose(account, "96500")
    look(account)
    services.kill_lift(user=officer, account=account, reason="hedged", at=clock.now())

    lose(account, "95600")
    look(account)

    assert (state(account).state, selectors.kill_level(account.pk)) == ("halted", 3)


def test_a_level_that_a_crash_kept_from_being_set_is_set_by_the_next_look(
    account: BrokerAccount,
) -> None:
    look(account)
    lose(account, "96500")
    look(account)
    KillSwitch.objects.all().delete()

    look(account)

    assert selectors.kill_level(account.pk) == 3


def test_a_withdrawal_that_is_noted_is_no_loss(account: BrokerAccount) -> None:
    look(account)
    at = clock.now()
    cash_flow_note(account=account, at=at, amount=Decimal(-50_000))
    lose(account, "50000")

    evaluation = look(account)

    assert figure(evaluation, "daily_loss")["value"] == "0.000000"
    assert figure(evaluation, "drawdown")["value"] == "0.000000"


def test_a_new_session_starts_from_the_last_equity_of_the_one_before(
    account: BrokerAccount,
) -> None:
    look(account)
    EquityPoint.objects.create(
        account=account, at=clock.now(), net_liquidation=Decimal(100_000), cash=None, daily_pnl=None
    )
    lose(account, "96000")

    evaluation = look(account, days=1)

    assert figure(evaluation, "daily_loss_halt")["value"] == "0.040000"


def test_rejects_in_a_row_stop_the_strategy_alone(account: BrokerAccount, shelf: Shelf) -> None:
    shelf.rejects = {"weekly": 5}
    GateDecision.objects.create(
        account=account, con_id=AAPL, source="run", passed=True, intent={"strategy": "weekly"},
        verdicts=[], policy_version="", at=clock.now(),
    )  # fmt: skip

    look(account)

    assert list(state(account).latches) == ["reject_breaker:weekly"]
    assert selectors.kill_level(account.pk) == 0


def test_an_unknown_order_warns_after_its_time(account: BrokerAccount, shelf: Shelf) -> None:
    shelf.orders.append(
        WorkingOrder(
            order_id=1,
            account_id=account.pk,
            con_id=AAPL,
            side="BUY",
            quantity=Decimal(1),
            remaining=Decimal(1),
            limit_price=None,
            stop_price=None,
            order_type="MKT",
            tif="DAY",
            state="unknown",
            external=False,
            accepted_at=clock.now() - timedelta(minutes=1),
        )
    )

    assert figure(look(account), "unknown_order")["state"] == "warn"


# locks


def test_what_an_account_held_at_first_sight_is_its_beginning(account: BrokerAccount) -> None:
    look(account)

    kept = LedgerBalance.objects.values_list("con_id", "quantity")
    assert set(kept) == {(0, Decimal(0)), (AAPL, Decimal(100))}


def test_a_mismatch_locks_the_instrument_after_the_grace_time_and_not_before(
    account: BrokerAccount,
) -> None:
    look(account)
    hold(account, (stock(), "90", "150"))

    look(account)
    assert not Lock.objects.exists()
    look(account, seconds=61)

    lock = selectors.locks_open(account.pk)[0]
    assert (lock.con_id, lock.kind, lock.data) == (
        AAPL, "mismatch", {"broker": "90", "ledger": "100"},
    )  # fmt: skip
    assert Alert.objects.get(code="mismatch").account == account
    assert look(account).state == "warn"


def test_a_lock_ends_by_itself_when_broker_and_ledger_agree_again(account: BrokerAccount) -> None:
    look(account)
    hold(account, (stock(), "90", "150"))
    look(account)
    look(account, seconds=61)
    hold(account, (stock(), "100", "150"))

    look(account, seconds=62)

    assert Lock.objects.get().how == "vanished"


def locked(account: BrokerAccount, quantity: str = "90") -> Lock:
    look(account)
    hold(account, (stock(), quantity, "150"))
    look(account)
    look(account, seconds=61)
    return Lock.objects.get(closed_at__isnull=True)


def close(lock: Lock, user: User, how: LockEnd, **fields: Decimal) -> Lock:
    return services.lock_close(
        user=user, lock=lock, how=how, note="looked at TWS", at=clock.now(), **fields
    )


def test_adopting_takes_the_brokers_position_into_the_ledger(
    account: BrokerAccount, officer: User
) -> None:
    close(locked(account), officer, LockEnd.ADOPTED)

    newest = LedgerBalance.objects.filter(con_id=AAPL).first()
    assert newest is not None
    assert (newest.quantity, newest.user) == (Decimal(90), officer)
    assert selectors.locks_open(account.pk) == []


def test_explaining_needs_a_quantity(account: BrokerAccount, officer: User) -> None:
    lock = locked(account)

    with pytest.raises(Invalid):
        close(lock, officer, LockEnd.EXPLAINED)
    close(lock, officer, LockEnd.EXPLAINED, quantity=Decimal(95))

    newest = LedgerBalance.objects.filter(con_id=AAPL).first()
    assert newest is not None
    assert newest.quantity == Decimal(95)


def test_balanced_and_closed_are_believed_only_when_true(
    account: BrokerAccount, officer: User
) -> None:
    lock = locked(account)

    for how in (LockEnd.BALANCED, LockEnd.CLOSED):
        with pytest.raises(Invalid):
            close(lock, officer, how)
    hold(account)
    close(lock, officer, LockEnd.CLOSED)

    assert Lock.objects.get().how == "closed"


def test_only_who_may_lift_closes_a_lock(account: BrokerAccount) -> None:
    lock = locked(account)

    with pytest.raises(NotAllowed):
        close(lock, make_user("vera", account), LockEnd.ADOPTED)


def test_an_alert_says_that_nobody_was_told_outside(account: BrokerAccount) -> None:
    at = clock.now()
    first = services.alert_raise(
        code="x", severity="warning", account=account, sentence="Look.", at=at
    )
    again = services.alert_raise(
        code="x", severity="warning", account=account, sentence="Look again.", at=at
    )

    assert (first.sent, again.alert.count) == (False, 2)
    assert "No alert channel" in first.sentence
    services.alert_seen(user=make_user("vera", account), pk=first.alert.pk, at=at)
    assert Alert.objects.get().seen_at == at


def test_old_evaluations_that_changed_nothing_go(account: BrokerAccount) -> None:
    first = look(account)
    look(account)

    gone = services.guard_thin(at=clock.now() + timedelta(days=31), days=30)

    assert gone == 1
    assert list(GuardEvaluation.objects.all()) == [first]


def test_a_halt_flattens_where_that_is_set(account: BrokerAccount, officer: User) -> None:
    services.limit_change(
        user=officer, code="guard", name="halt_level", value="4", reason="get out",
        scope=services.LimitScope(account=account), at=clock.now(),
    )  # fmt: skip
    look(account)
    lose(account, "96500")
    look(account)

    assert selectors.kill_level(account.pk) == 4
    assert Flatten.objects.get(account=account).by == "guard"


def test_the_guard_knows_which_prices_nothing_renews(account: BrokerAccount) -> None:
    with ready_to_trade(account):
        assert not cut(account)
        with worker_says(account.connection, "degraded", code="1100"):
            assert cut(account)


def cut(account: BrokerAccount) -> bool:
    (held,) = picture_of(account, Track(), at=NOON).holdings
    assert held.stale_seconds == 0
    return held.cut
