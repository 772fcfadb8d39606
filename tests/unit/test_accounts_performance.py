"""Returns without cash flows, drawdown, and the thinning of old points."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.performance import Flow, Point, performance
from apps.accounts.thinning import Sample, floored, superfluous

START = datetime(2026, 1, 1, tzinfo=UTC)
values = st.lists(st.integers(min_value=1, max_value=10**7), min_size=1, max_size=20)


def _points(*amounts: int) -> list[Point]:
    return [Point(START + timedelta(days=i), Decimal(a)) for i, a in enumerate(amounts)]


def _flow(days: float, amount: int) -> Flow:
    return Flow(START + timedelta(days=days), Decimal(amount))


def test_without_history_there_is_no_performance() -> None:
    assert performance([], []) is None


def test_a_deposit_is_not_a_return() -> None:
    found = performance(_points(100, 200, 220), [_flow(0.5, 100)])
    assert found is not None
    assert found.total_return == Decimal("0.1")
    assert found.flows == 100


def test_a_withdrawal_is_not_a_drawdown() -> None:
    found = performance(_points(200, 100, 100), [_flow(0.5, -100)])
    assert found is not None
    assert found.total_return == found.max_drawdown == 0


def test_flows_before_the_first_point_do_not_count() -> None:
    found = performance(_points(100, 110), [_flow(0, 100), _flow(-5, 50)])
    assert found is not None
    assert (found.total_return, found.flows) == (Decimal("0.1"), Decimal(0))


def test_drawdown_is_measured_from_the_high_water_mark() -> None:
    found = performance(_points(100, 200, 150, 180), [])
    assert found is not None
    assert (found.high_water, found.high_water_at) == (Decimal(200), START + timedelta(days=1))
    assert (found.max_drawdown, found.drawdown) == (Decimal("-0.25"), Decimal("-0.1"))


def test_an_empty_account_gives_no_return_and_no_error() -> None:
    found = performance(_points(0, 100, 110), [_flow(0.5, 100)])
    assert found is not None
    assert found.total_return == Decimal("0.1")


@given(values)
def test_without_flows_the_return_is_last_over_first(amounts: list[int]) -> None:
    found = performance(_points(*amounts), [])
    assert found is not None
    expected = Decimal(amounts[-1]) / amounts[0] - 1
    assert abs(found.total_return - expected) < Decimal("1e-15")
    assert found.max_drawdown <= found.drawdown <= 0


NOW = START + timedelta(days=100)


def _samples(minutes_ago: list[int], amounts: list[int]) -> list[Sample]:
    at = sorted({NOW - timedelta(minutes=m) for m in minutes_ago})
    return [Sample(i, t, Decimal(amounts[i % len(amounts)])) for i, t in enumerate(at)]


def test_the_last_two_days_keep_every_minute() -> None:
    samples = _samples(list(range(2 * 24 * 60)), [1, 2, 3])
    assert superfluous(samples, at=NOW) == []


def test_a_quarter_of_an_hour_keeps_first_last_lowest_and_highest() -> None:
    start = NOW - timedelta(days=10)
    amounts = [5, 6, 9, 4, 3, 1, 2, 7, 6, 5, 4, 5, 5, 5, 5]
    samples = [Sample(i, start + timedelta(minutes=i), Decimal(a)) for i, a in enumerate(amounts)]
    gone = superfluous(samples, at=NOW)
    assert set(range(15)) - set(gone) == {0, 2, 5, 14}


@given(
    st.lists(st.integers(min_value=0, max_value=95 * 24 * 60), min_size=1, max_size=60),
    values,
)
def test_thinning_keeps_daily_extremes_and_settles_at_once(
    minutes: list[int], amounts: list[int]
) -> None:
    samples = _samples(minutes, amounts)
    gone = set(superfluous(samples, at=NOW))
    kept = [sample for sample in samples if sample.key not in gone]
    assert superfluous(kept, at=NOW) == []
    assert _extremes(kept) == _extremes(samples)


def _extremes(samples: list[Sample]) -> dict[datetime, tuple[Decimal, Decimal]]:
    days: dict[datetime, list[Decimal]] = {}
    for sample in samples:
        days.setdefault(floored(sample.at, timedelta(days=1)), []).append(sample.value)
    return {day: (min(found), max(found)) for day, found in days.items()}
