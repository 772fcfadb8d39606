"""When a weekly schedule is due: DST, holidays, early closes, short weeks, two exchanges."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import exchange_calendars
import pytest

from apps.trading.calendars import (
    Due,
    Rule,
    Session,
    due_in,
    last_due,
    loaded,
    next_due,
    period_of,
    stored,
)
from apps.trading.exchanges import EXCHANGES, sessions_of
from apps.trading.missed import GRACE, Step, step_for

NEW_YORK, HONG_KONG = ZoneInfo("America/New_York"), ZoneInfo("Asia/Hong_Kong")
BASE_DIR = Path(__file__).parents[2]
FIRST, LAST = date(2026, 1, 5), date(2027, 12, 26)
"""A Monday and a Sunday: whole weeks."""


def new_york() -> tuple[Session, ...]:
    return sessions_of("XNYS", start=FIRST, end=LAST)[1]


def due(rule: Rule, period: str, sessions: tuple[Session, ...]) -> Due:
    return next(found for found in due_in(sessions, rule) if found.period == period)


def local(found: Due, zone: ZoneInfo = NEW_YORK) -> str:
    return f"{found.due_at.astimezone(zone):%F %R}"


@pytest.mark.parametrize(
    ("period", "utc"),
    [
        ("2026-W10", "2026-03-02 15:00"),  # New York is on winter time
        ("2026-W11", "2026-03-09 14:00"),  # and since Sunday on summer time
        ("2026-W44", "2026-10-26 14:00"),  # Europe has changed, New York has not
        ("2026-W45", "2026-11-02 15:00"),
        ("2027-W10", "2027-03-08 15:00"),
        ("2027-W11", "2027-03-15 14:00"),
        ("2027-W44", "2027-11-01 14:00"),
        ("2027-W45", "2027-11-08 15:00"),
    ],
)
def test_half_an_hour_after_the_open_keeps_its_local_time_over_clock_changes(
    period: str, utc: str
) -> None:
    found = due(Rule(1, "open", 30), period, new_york())
    assert f"{found.due_at:%F %R}" == utc
    assert found.due_at.tzinfo is UTC
    assert f"{found.due_at.astimezone(NEW_YORK):%R}" == "10:00"


def test_a_holiday_on_monday_makes_tuesday_the_first_session() -> None:
    labor_day = due(Rule(1, "open", 30), "2026-W37", new_york())
    assert local(labor_day) == "2026-09-08 10:00"


def test_the_day_after_thanksgiving_closes_early_and_is_the_fourth_session() -> None:
    before_close = due(Rule(4, "close", 30), "2026-W48", new_york())
    assert local(before_close) == "2026-11-27 12:30"
    assert local(due(Rule(5, "close", 30), "2026-W48", new_york())) == "2026-11-27 12:30"


def test_before_independence_day_the_close_is_early_or_the_market_shut() -> None:
    friday_2026 = due(Rule(5, "close", 15), "2026-W27", new_york())
    assert local(friday_2026) == "2026-07-02 15:45"  # the 3rd is the observed holiday
    monday_2027 = due(Rule(1, "open", 30), "2027-W27", new_york())
    assert local(monday_2027) == "2027-07-06 10:00"  # the 5th is the observed holiday


def test_july_third_closes_early_where_it_is_a_session() -> None:
    sessions = sessions_of("XNYS", start=date(2028, 6, 26), end=date(2028, 7, 9))[1]
    monday = due(Rule(1, "close", 15), "2028-W27", sessions)
    assert local(monday) == "2028-07-03 12:45"


def test_minutes_past_an_early_close_end_inside_the_session() -> None:
    found = due(Rule(4, "open", 300), "2026-W48", new_york())
    assert local(found) == "2026-11-27 12:55"
    first = due(Rule(4, "close", 500), "2026-W48", new_york())
    assert local(first) == "2026-11-27 09:30"


def test_hong_kong_has_its_own_new_year_and_half_days() -> None:
    zone, sessions = sessions_of("XHKG", start=FIRST, end=LAST)
    assert zone == "Asia/Hong_Kong"
    new_year = due(Rule(1, "open", 30), "2026-W08", sessions)
    assert local(new_year, HONG_KONG) == "2026-02-16 10:00"
    eve = due(Rule(1, "close", 30), "2026-W08", sessions)
    assert local(eve, HONG_KONG) == "2026-02-16 11:30"  # the eve has only a morning
    assert local(due(Rule(2, "open", 30), "2026-W08", sessions), HONG_KONG) == "2026-02-20 10:00"


def test_a_week_with_one_session_runs_on_it_whatever_the_session_asked_for() -> None:
    day = date(2026, 5, 6)
    only = Session(
        day, datetime(2026, 5, 6, 13, 30, tzinfo=UTC), datetime(2026, 5, 6, 20, 0, tzinfo=UTC)
    )
    for number in range(1, 6):
        (found,) = due_in([only], Rule(number, "open", 30))
        assert found.due_at == datetime(2026, 5, 6, 14, 0, tzinfo=UTC)
        assert found.period == "2026-W19"


def test_a_week_without_a_session_is_left_out() -> None:
    days = [s for s in new_york() if period_of(s.day) != "2026-W20"]
    periods = [found.period for found in due_in(days, Rule(1, "open", 30))]
    assert "2026-W20" not in periods
    assert {"2026-W19", "2026-W21"} <= set(periods)


def test_the_week_around_new_year_has_one_period() -> None:
    assert period_of(date(2026, 12, 31)) == period_of(date(2027, 1, 3)) == "2026-W53"
    found = due(Rule(5, "open", 30), "2026-W53", new_york())
    assert local(found) == "2026-12-31 10:00"  # the 1st is a holiday


def test_every_week_of_two_years_is_due_once_and_inside_its_session() -> None:
    for rule in (Rule(1, "open", 0), Rule(3, "close", 1), Rule(5, "open", 389)):
        found = due_in(new_york(), rule)
        assert len({each.period for each in found}) == len(found) == 103
        for each in found:
            assert each.session.open_at <= each.due_at < each.session.close_at


def test_the_next_five_follow_a_moment_and_the_last_is_the_one_before() -> None:
    rule, at = Rule(1, "open", 30), datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
    assert last_due(new_york(), rule, at=at) == due(rule, "2026-W48", new_york())
    found = next_due(new_york(), rule, after=at)
    assert [each.period for each in found] == [f"2026-W{week}" for week in range(49, 54)]
    assert last_due(new_york()[:1], rule, at=at - timedelta(days=400)) is None


def test_sessions_survive_being_stored() -> None:
    assert loaded(stored(new_york())) == new_york()


def test_every_exchange_offered_is_known_and_has_sessions_next_year() -> None:
    assert set(EXCHANGES) <= set(exchange_calendars.get_calendar_names())
    for name in EXCHANGES:
        assert sessions_of(name, start=date(2026, 11, 16), end=date(2027, 3, 14))[1], name


def test_sessions_end_where_an_exchange_has_announced_no_further() -> None:
    _zone, sessions = sessions_of("XSES", start=date(2026, 11, 16), end=date(2030, 3, 10))
    assert sessions
    assert sessions[-1].day < date(2030, 3, 10)


@pytest.mark.parametrize("process", ["django.setup()", "import ibportal.gateway.bootstep"])
def test_no_process_loads_pandas_by_starting(process: str) -> None:
    code = f"import django, sys; django.setup(); {process}; import apps.trading.services.schedules"
    code += "; assert not {'pandas', 'numpy', 'exchange_calendars'} & set(sys.modules)"
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "ibportal.settings"}
    subprocess.run([sys.executable, "-c", code], cwd=BASE_DIR, env=environment, check=True)


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("late", "missed", "ready", "step"),
    [
        (0 * MINUTE, "skip", True, Step.START),
        (0 * MINUTE, "skip", False, Step.WAIT),
        (GRACE, "ask", True, Step.START),
        (GRACE + MINUTE, "skip", True, Step.SKIP),
        (GRACE + MINUTE, "ask", True, Step.ASK),
        (GRACE + MINUTE, "late", True, Step.START),
        (GRACE + MINUTE, "late", False, Step.WAIT),
        (60 * MINUTE, "late", True, Step.START),
        (61 * MINUTE, "late", True, Step.SKIP),
        (61 * MINUTE, "late", False, Step.SKIP),
    ],
)
def test_what_becomes_of_a_time_that_has_come(
    late: timedelta, missed: str, ready: object, step: Step
) -> None:
    found = step_for(late=late, missed=missed, late_minutes=60, ready=bool(ready))
    assert found is step
