"""The gateway's own restarts: daily, weekly, over changes of the clock, and what they close."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from ibkr.errors import LinkFailure, WrongAccount
from ibkr.session.absence import Absence
from ibkr.types import LinkState
from ibkr.windows import Reason, Schedule

NEW_YORK = ZoneInfo("America/New_York")
DAILY = Schedule(time_zone="America/New_York", restart_at=time(23, 45))
GONE = LinkFailure("Nothing listens.", code="502")


def _local(day: int, hour: int, minute: int = 0, *, month: int = 4) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)


def test_the_window_spans_midnight() -> None:
    schedule = Schedule(time_zone="America/New_York", restart_at=time(23, 55), restart_minutes=20)
    window = schedule.current(_local(14, 0, 10))
    assert window is not None
    assert window.start_at == _local(13, 23, 55)


def test_the_end_of_a_window_is_outside() -> None:
    assert DAILY.current(_local(13, 23, 54)) is not None
    assert DAILY.current(_local(13, 23, 55)) is None
    assert DAILY.current(_local(13, 23, 44)) is None


def test_no_schedule_has_no_windows() -> None:
    schedule = Schedule(time_zone="UTC")
    now = datetime(2026, 4, 12, 12, tzinfo=UTC)
    assert schedule.around(now) == ()
    assert schedule.closes_orders(now, up_since=None) is None


def test_the_weekly_login_is_on_sunday_only() -> None:
    schedule = Schedule(time_zone="America/New_York", weekly_login_at=time(1, 0))
    sunday = schedule.current(_local(12, 1, 5))
    assert sunday is not None
    assert sunday.reason is Reason.WEEKLY
    assert schedule.current(_local(13, 1, 5)) is None


def test_a_restart_in_the_skipped_hour_happens_after_it() -> None:
    schedule = Schedule(time_zone="America/New_York", restart_at=time(2, 30))
    windows = schedule.around(_local(8, 12, month=3))
    starts = [w.start_at for w in windows]
    assert datetime(2026, 3, 8, 7, 30, tzinfo=UTC) in starts


def test_a_restart_in_the_repeated_hour_happens_once_at_its_first_occurrence() -> None:
    schedule = Schedule(time_zone="America/New_York", restart_at=time(1, 30))
    day = [w for w in schedule.around(_local(1, 12, month=11)) if w.start_at.day == 1]
    assert [w.start_at for w in day] == [datetime(2026, 11, 1, 5, 30, tzinfo=UTC)]


@given(
    now=st.integers(0, 525_600).map(
        lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
    ),
    at=st.times(),
    minutes=st.integers(1, 120),
)
def test_each_day_has_one_window_of_the_right_length(now: datetime, at: time, minutes: int) -> None:
    schedule = Schedule(time_zone="Europe/Berlin", restart_at=at, restart_minutes=minutes)
    windows = schedule.around(now)
    assert len(windows) == 3
    assert all(w.end_at - w.start_at == timedelta(minutes=minutes) for w in windows)
    current = schedule.current(now)
    assert current is None or current.start_at <= now < current.end_at


def test_orders_close_before_the_restart_and_open_when_the_link_is_back() -> None:
    up_since = _local(13, 9)
    assert DAILY.closes_orders(_local(13, 23, 39), up_since=up_since) is None
    assert DAILY.closes_orders(_local(13, 23, 41), up_since=up_since) is not None
    assert DAILY.closes_orders(_local(13, 23, 50), up_since=up_since) is not None
    assert DAILY.closes_orders(_local(13, 23, 50), up_since=_local(13, 23, 48)) is None
    assert DAILY.closes_orders(_local(13, 23, 56), up_since=up_since) is None


def test_a_gateway_away_on_schedule_is_no_alarm_until_it_is_overdue() -> None:
    absence = Absence(DAILY)
    absence.came_up(_local(13, 9))
    absence.went_down()
    inside = absence.explain(GONE, _local(13, 23, 46))
    late = absence.explain(GONE, _local(13, 23, 56))
    later = absence.explain(GONE, _local(14, 0, 30))
    assert inside[:2] == (LinkState.RESTART_WINDOW, "restart")
    assert late[:2] == (LinkState.DISCONNECTED, "restart_overdue")
    assert later == late


def test_after_a_return_the_next_failure_is_an_ordinary_one() -> None:
    absence = Absence(DAILY)
    absence.explain(GONE, _local(13, 23, 46))
    absence.came_up(_local(13, 23, 50))
    absence.went_down()
    assert absence.explain(GONE, _local(14, 10)) == (
        LinkState.DISCONNECTED,
        "502",
        "Nothing listens.",
    )


def test_a_wrong_account_is_said_even_in_the_restart_window() -> None:
    state, code, _ = Absence(DAILY).explain(WrongAccount("Wrong."), _local(13, 23, 46))
    assert (state, code) == (LinkState.DISCONNECTED, "identity")
