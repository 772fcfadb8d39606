"""Sessions, holidays, early closes and IB's text form of them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.twsim_desk import open_desk
from twsim.hours import Venue, parse_moment, parse_spans, third_fridays

NEW_YORK = ZoneInfo("US/Eastern")


def venue(**fields: object) -> Venue:
    given: dict[str, object] = {
        "name": "US",
        "time_zone": "US/Eastern",
        "trading": parse_spans(["0400-2000"]),
        "liquid": parse_spans(["0930-1600"]),
        "holidays": frozenset({date(2026, 4, 3)}),
        "early_closes": ((date(2026, 11, 27), 13 * 60),),
    }
    return Venue(**{**given, **fields})  # type: ignore[arg-type]  # fields are checked by the test


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).timestamp()


def test_liquid_hours_in_ibs_form() -> None:
    text = venue().describe(moment("2026-04-02T12:00"), liquid=True)

    assert text.split(";")[:4] == [
        "20260402:0930-20260402:1600",
        "20260403:CLOSED",
        "20260404:CLOSED",
        "20260405:CLOSED",
    ]


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("2026-04-06T09:29:59", False),
        ("2026-04-06T09:30:00", True),
        ("2026-04-06T15:59:59", True),
        ("2026-04-06T16:00:00", False),
        ("2026-04-04T12:00:00", False),
        ("2026-04-03T12:00:00", False),
        ("2026-11-27T12:59:00", True),
        ("2026-11-27T13:00:00", False),
    ],
)
def test_the_liquid_session_has_edges_holidays_and_early_closes(text: str, is_open: bool) -> None:  # noqa: FBT001
    assert venue().is_open(moment(text), liquid=True) is is_open


def test_the_next_opening_skips_the_holiday_and_the_weekend() -> None:
    after_close = moment("2026-04-02T18:00")

    assert venue().next_open(after_close, liquid=True) == moment("2026-04-06T09:30")


def test_hours_follow_the_clock_change() -> None:
    before, after = (
        venue().spans(day, liquid=True)[0][0] for day in (date(2026, 3, 6), date(2026, 3, 9))
    )

    assert after - before == 3 * 86400 - 3600


def test_around_the_clock_is_open_on_a_sunday() -> None:
    always = venue(around_the_clock=True)

    assert always.is_open(moment("2026-04-05T03:00"), liquid=True)
    assert always.describe(moment("2026-04-05T03:00"), liquid=True).startswith(
        "20260405:0000-20260406:0000;20260406:0000-20260407:0000"
    )


def test_order_times_are_read_in_their_zone() -> None:
    assert parse_moment("20260406 12:00:00 US/Eastern", "UTC") == moment("2026-04-06T12:00")
    assert parse_moment("20260406-16:00:00", "US/Eastern") == moment("2026-04-06T12:00")
    assert parse_moment("20260406 12:00:00", "US/Eastern") == moment("2026-04-06T12:00")
    for wrong in ("", "soon", "20260406 12:00:00 Mars/Base", "20261306 12:00:00"):
        with pytest.raises(ValueError, match=r".+"):
            parse_moment(wrong, "US/Eastern")


def test_monthly_expiries_are_third_fridays_a_week_ahead() -> None:
    assert third_fridays(date(2026, 11, 14), 3) == (
        date(2026, 12, 18),
        date(2027, 1, 15),
        date(2027, 2, 19),
    )
    assert third_fridays(date(2026, 11, 13), 1) == (date(2026, 11, 20),)


def test_a_scenario_with_real_sessions_stands_still_until_the_opening() -> None:
    desk = open_desk("trading_day")
    desk.sim.quote(265598)
    desk.steps(4, seconds=60)
    before = desk.sim.quote(265598).last
    desk.steps(10, seconds=60)

    opening = desk.sim.quote(265598)
    assert desk.sim.now() == pytest.approx(moment("2026-04-06T09:39"))
    assert opening.last != before
    assert opening.close == before
