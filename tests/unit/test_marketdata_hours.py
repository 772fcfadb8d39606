"""Market hours and stale prices."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.marketdata import hours
from apps.marketdata.staleness import MISSING, is_stale, price_of
from ibkr.types import PriceKind, Session

OPEN = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
CLOSE = datetime(2026, 1, 5, 21, 0, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
WEEK = [Session(OPEN + n * DAY, CLOSE + n * DAY) for n in range(5)]
LIMIT = timedelta(seconds=30)

moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 31), timezones=st.just(UTC))  # noqa: DTZ001
spans = st.builds(
    lambda start, minutes: Session(start, start + timedelta(minutes=minutes)),
    moments,
    st.integers(1, 3000),
)


def test_a_market_is_open_within_its_sessions_and_closed_between_them() -> None:
    assert hours.is_open(WEEK, OPEN) is True
    assert hours.is_open(WEEK, CLOSE) is False
    assert hours.next_close(WEEK, OPEN + MINUTE) == CLOSE
    assert hours.next_open(WEEK, OPEN + MINUTE) == OPEN + DAY
    assert hours.last_session(WEEK, CLOSE + MINUTE) == WEEK[0]


NEW_YORK = "US/Eastern"
MONDAY = date(2026, 1, 5)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (OPEN - MINUTE, MONDAY),
        (OPEN + MINUTE, MONDAY),
        (CLOSE - MINUTE, MONDAY),
        (CLOSE, MONDAY + DAY),
        (CLOSE + 4 * DAY, MONDAY + 4 * DAY),
        (CLOSE + 6 * DAY, MONDAY + 6 * DAY),
    ],
)
def test_a_day_is_unfinished_until_its_session_ends(at: datetime, day: date) -> None:
    assert hours.unfinished_day(WEEK, NEW_YORK, at) == day


def test_a_lunch_break_finishes_no_day_and_midnight_belongs_to_the_day_before() -> None:
    noon = datetime(2026, 1, 5, 4, tzinfo=UTC)
    halves = [Session(noon - 2 * HOUR, noon), Session(noon + HOUR, noon + 4 * HOUR)]
    assert hours.unfinished_day(halves, "Hongkong", noon + MINUTE) == MONDAY
    assert hours.day_end(halves, "Hongkong", MONDAY) == noon + 4 * HOUR
    midnight = datetime(2026, 1, 5, 5, tzinfo=UTC)
    clock_round = [Session(midnight + n * DAY, midnight + (n + 1) * DAY) for n in range(6)]
    assert hours.unfinished_day(clock_round, NEW_YORK, midnight + 23 * HOUR) == MONDAY
    assert hours.unfinished_day(clock_round, NEW_YORK, midnight + DAY) == MONDAY + DAY
    assert hours.day_end(clock_round, NEW_YORK, MONDAY) == midnight + DAY


def test_where_no_session_is_announced_a_day_ends_at_midnight_of_its_exchange() -> None:
    assert hours.day_end([], NEW_YORK, MONDAY) == datetime(2026, 1, 6, 5, tzinfo=UTC)
    assert hours.day_end([], "", MONDAY) == datetime(2026, 1, 6, tzinfo=UTC)
    summer = date(2026, 3, 8)  # clocks go forward
    assert hours.day_end([], NEW_YORK, summer) == datetime(2026, 3, 9, 4, tzinfo=UTC)


def test_the_weekday_before_passes_over_the_weekend() -> None:
    assert hours.weekday_before(MONDAY) == date(2026, 1, 2)
    assert hours.weekday_before(MONDAY + DAY) == MONDAY


def test_nobody_knows_after_the_last_announced_session() -> None:
    assert hours.is_open(WEEK, CLOSE + 4 * DAY) is None
    assert hours.is_open([], OPEN) is None


def test_days_that_follow_each_other_without_a_break_never_close() -> None:
    midnight = datetime(2026, 1, 5, tzinfo=UTC)
    clock_round = [Session(midnight + n * DAY, midnight + (n + 1) * DAY) for n in range(6)]
    assert hours.next_close(clock_round, OPEN) == midnight + 6 * DAY


@given(st.lists(spans, max_size=12), moments)
def test_joining_sessions_changes_no_answer(sessions: list[Session], at: datetime) -> None:
    joined = hours.joined(sessions)
    inside = any(s.start_at <= at < s.end_at for s in sessions)
    assert bool(hours.is_open(sessions, at)) is inside
    assert all(a.end_at < b.start_at for a, b in pairwise(joined))
    assert hours.loaded(hours.stored(joined)) == joined


def at_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@pytest.mark.parametrize(
    ("kind", "at", "now", "expected"),
    [
        (PriceKind.LIVE, OPEN + MINUTE, OPEN + MINUTE + LIMIT, False),
        (PriceKind.LIVE, OPEN + MINUTE, OPEN + 2 * MINUTE, True),
        (PriceKind.DELAYED, OPEN + MINUTE, OPEN + 2 * MINUTE, True),
        (PriceKind.LIVE, CLOSE - MINUTE, CLOSE + 60 * MINUTE, False),
        (PriceKind.LIVE, OPEN - 60 * MINUTE, CLOSE + 60 * MINUTE, True),
        (PriceKind.CLOSE, CLOSE, CLOSE + 60 * MINUTE, False),
        (PriceKind.CLOSE, CLOSE, OPEN + DAY + MINUTE, False),
        (PriceKind.CLOSE, CLOSE, CLOSE + DAY + MINUTE, True),
        (PriceKind.MISSING, OPEN, OPEN, True),
        (PriceKind.LIVE, None, OPEN, True),
    ],
)
def test_stale_by_age_in_market_hours_and_by_session_outside(
    kind: PriceKind, at: datetime | None, now: datetime, expected: object
) -> None:
    assert is_stale(kind, at, WEEK, now=now, limit=LIMIT) is expected


def test_unknown_hours_count_as_open() -> None:
    assert is_stale(PriceKind.LIVE, OPEN, [], now=OPEN + MINUTE, limit=LIMIT)


def test_a_price_is_the_last_else_the_mark_else_the_middle() -> None:
    def value(**quote: object) -> Decimal | None:
        full = {"kind": "live", "at": at_ms(OPEN), **quote}
        return price_of(full, sessions=WEEK, now=OPEN, limit=LIMIT).value

    assert value(last="1", mark="2", bid="3", ask="4") == 1
    assert value(mark="2", bid="3", ask="4") == 2
    assert value(bid="3", ask="4") == Decimal("3.5")


def test_yesterdays_close_never_passes_for_a_live_price() -> None:
    quote = {"kind": "live", "close": "9", "at": at_ms(OPEN)}
    assert price_of(quote, sessions=WEEK, now=OPEN, limit=LIMIT).kind is PriceKind.CLOSE


def test_a_quote_marked_stale_stays_stale_and_an_empty_one_is_missing() -> None:
    quote = {"kind": "missing", "last": "9", "at": at_ms(OPEN), "stale": True}
    found = price_of(quote, sessions=WEEK, now=OPEN, limit=LIMIT)
    assert (found.value, found.kind, found.stale) == (Decimal(9), PriceKind.MISSING, True)
    assert price_of({}, sessions=WEEK, now=OPEN, limit=LIMIT) == MISSING
