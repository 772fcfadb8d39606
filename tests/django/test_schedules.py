"""Schedules over rows: found due once, missed by policy, the broker's hours believed first."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from django.db import connections

from apps.lib.errors import Invalid, NotAllowed
from apps.marketdata.models import Instrument
from apps.trading.models import MarketCalendar, Occurrence, Schedule, TradeRun
from apps.trading.selectors import schedule_next
from apps.trading.services import (
    calendar_load,
    occurrence_answer,
    schedule_save,
    schedules_check,
)
from apps.trading.services.starting import week_of
from apps.trading.states import RunState
from ibkr.types import Session
from tests.factories import NOON, hold, stock, tell_values, worker_says
from tests.gate_data import VALUES, guard_awake
from tests.run_data import CASH, NAMES, NET, Desk, rebalancing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]

DUE = datetime(2026, 3, 9, 14, 0, tzinfo=UTC)
"""Monday, half an hour after the open, on the first day of summer time."""
SAVED = NOON
"""Wednesday before."""


@pytest.fixture
def desk(empty_redis: None) -> Iterator[Desk]:
    with rebalancing() as made:
        made.weights(AAPL="0.10", MSFT="0.10")
        awake(made, DUE)
        yield made


def awake(desk: Desk, at: datetime) -> None:
    """Prices, guard and the broker's hours as they are at that time."""
    hours = [[(at - timedelta(hours=1)).isoformat(), (at + timedelta(hours=5)).isoformat()]]
    Instrument.objects.update(liquid_hours=hours, trading_hours=hours)
    guard_awake(desk.account, at)
    tell_values(desk.account, [*VALUES, ("NetLiquidation", str(NET), "USD")], at)
    desk.tell_cash(CASH, at)
    hold(desk.account, (stock(), "2000", "90"), at=at)
    for con_id in NAMES:
        desk.quote(con_id, "100.00", at=at)


def save(desk: Desk, **fields: object) -> Schedule:
    return schedule_save(
        user=desk.approver,
        strategy=desk.strategy,
        at=SAVED,
        **fields,
    )


def states(schedule: Schedule) -> list[str]:
    return [row.state for row in schedule.occurrences.order_by("due_at")]


def test_a_schedule_starts_its_run_when_it_is_due_and_once(desk: Desk) -> None:
    schedule = save(desk)
    assert schedules_check(at=DUE - timedelta(seconds=1)) == []
    (run,) = schedules_check(at=DUE + timedelta(seconds=20))
    assert (run.state, run.period, run.scheduled) == (RunState.PLANNED, "2026-W11", True)
    assert run.started_by is None
    assert schedules_check(at=DUE + timedelta(seconds=50)) == []
    assert schedules_check(at=DUE + timedelta(days=2)) == []
    (row,) = schedule.occurrences.all()
    assert (row.state, row.run, row.due_at) == ("started", run, DUE)


def test_what_was_due_before_the_schedule_was_saved_is_not_made_up_for(desk: Desk) -> None:
    save(desk, missed="late", late_minutes=1440)
    Schedule.objects.update(changed_at=DUE + timedelta(minutes=1))
    assert schedules_check(at=DUE + timedelta(minutes=2)) == []
    assert Occurrence.objects.count() == 0


def test_a_disabled_schedule_or_strategy_starts_nothing(desk: Desk) -> None:
    save(desk, enabled=False)
    assert schedules_check(at=DUE) == []
    save(desk, enabled=True)
    desk.strategy.enabled = False
    desk.strategy.save()
    assert schedules_check(at=DUE) == []


@pytest.mark.parametrize(
    ("missed", "minutes", "state"),
    [("skip", 6, "skipped"), ("late", 59, "started"), ("late", 61, "skipped"), ("ask", 6, "asked")],
)
def test_a_missed_time_is_handled_as_the_policy_says(
    desk: Desk, missed: str, minutes: int, state: str
) -> None:
    schedule = save(desk, missed=missed, late_minutes=60)
    at = DUE + timedelta(minutes=minutes)
    awake(desk, at)
    runs = schedules_check(at=at)
    assert states(schedule) == [state]
    assert len(runs) == (state == "started")
    row = schedule.occurrences.get()
    assert (row.sentence == "") == (state == "started")


def test_while_the_link_is_down_a_start_waits_for_its_grace(desk: Desk) -> None:
    schedule = save(desk)
    with worker_says(desk.account.connection, "disconnected", at=NOON):
        assert schedules_check(at=DUE + timedelta(minutes=4)) == []
        assert states(schedule) == []
    with worker_says(desk.account.connection, at=NOON):
        awake(desk, DUE + timedelta(minutes=4, seconds=30))
        assert len(schedules_check(at=DUE + timedelta(minutes=4, seconds=30))) == 1


def test_the_brokers_hours_are_believed_before_the_calendar(desk: Desk) -> None:
    schedule = save(desk)
    closed = [
        Session(DUE - timedelta(days=3), DUE - timedelta(days=2, hours=18)),
        Session(DUE + timedelta(days=1), DUE + timedelta(days=1, hours=6)),
    ]
    pairs = [[s.start_at.isoformat(), s.end_at.isoformat()] for s in closed]
    Instrument.objects.filter(symbol="MSFT").update(liquid_hours=pairs)
    following = schedule_next_loaded(schedule, DUE - timedelta(hours=3))
    assert following[0].closed == ("MSFT",)
    assert schedules_check(at=DUE) == []
    row = schedule.occurrences.get()
    assert row.state == "asked"
    assert "MSFT" in row.sentence


def schedule_next_loaded(schedule: Schedule, at: datetime) -> list:  # type: ignore[type-arg]
    calendar_load(name=schedule.calendar, at=at)
    return schedule_next(schedule, at=at)


def test_the_next_five_are_told_in_exchange_time(desk: Desk) -> None:
    schedule = save(desk, session=5, anchor="close", minutes=15)
    assert schedule_next(schedule, at=SAVED) == []
    found = schedule_next_loaded(schedule, SAVED)
    assert [f"{each.local:%F %R}" for each in found] == [
        "2026-03-06 15:45",
        "2026-03-13 15:45",
        "2026-03-20 15:45",
        "2026-03-27 15:45",
        "2026-04-02 15:45",
    ]
    assert [each.due_at.hour for each in found[:2]] == [20, 19]


def test_a_person_starts_or_skips_a_week_that_waits(desk: Desk) -> None:
    schedule = save(desk, missed="ask")
    at = DUE + timedelta(minutes=30)
    schedules_check(at=at)
    row = schedule.occurrences.get()
    with pytest.raises(NotAllowed):
        occurrence_answer(user=desk.trader, occurrence=row, start=True, at=at)
    awake(desk, at)
    run = occurrence_answer(user=desk.approver, occurrence=row, start=True, at=at)
    assert run is not None
    assert run.period == "2026-W11"
    assert occurrence_answer(user=desk.approver, occurrence=row, start=False, at=at) == run
    assert states(schedule) == ["started"]
    assert schedules_check(at=at + timedelta(minutes=1)) == []


def test_a_period_that_a_person_has_run_already_is_not_run_again(desk: Desk) -> None:
    schedule = save(desk)
    (run,) = schedules_check(at=DUE)
    assert run.state == RunState.PLANNED, run.sentence
    schedule.occurrences.all().delete()
    assert schedules_check(at=DUE + timedelta(minutes=1)) == []
    row = schedule.occurrences.get()
    assert row.state == "skipped"
    assert f"run {run.pk}" in row.sentence


def test_only_who_may_approve_sets_a_schedule_and_only_sensible_ones(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        schedule_save(user=desk.trader, strategy=desk.strategy, at=SAVED)
    for fields in ({"session": 6}, {"session": 0}, {"calendar": "MOON"}, {"missed": "cry"}):
        with pytest.raises(Invalid):
            save(desk, **fields)
    assert Schedule.objects.count() == 0


def test_the_week_is_the_one_at_the_exchange(desk: Desk) -> None:
    sunday = datetime(2026, 3, 8, 23, 30, tzinfo=UTC)
    assert week_of(desk.strategy, sunday) == "2026-W10"
    save(desk, calendar="XASX")
    calendar_load(name="XASX", at=sunday)
    assert week_of(desk.strategy, sunday) == "2026-W11"


def test_calendars_are_read_once_a_day(desk: Desk) -> None:
    save(desk)
    schedules_check(at=SAVED)
    first = MarketCalendar.objects.get(pk="XNYS")
    schedules_check(at=SAVED + timedelta(hours=23))
    assert MarketCalendar.objects.get().loaded_at == first.loaded_at
    schedules_check(at=SAVED + timedelta(hours=25))
    assert MarketCalendar.objects.get().loaded_at == SAVED + timedelta(hours=25)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_start_one_run(desk: Desk) -> None:
    schedule = save(desk)
    calendar_load(name=schedule.calendar, at=SAVED)

    def check() -> None:
        try:
            schedules_check(at=DUE)
        finally:
            connections.close_all()

    workers = [Thread(target=check) for _worker in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert states(schedule) == ["started"]
    assert TradeRun.objects.count() == 1
