"""Plans of downloads, price steps and routes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.marketdata.barplan import SIZES, Span, chunks, fetched, length, merged, missing
from apps.marketdata.routing import routed
from apps.marketdata.ticks import increment_at, loaded, stored
from ibkr.types import Contract, PriceBand

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

span_lists = st.lists(
    st.builds(
        lambda start, hours: Span(START + start * HOUR, START + (start + hours) * HOUR),
        st.integers(0, 500),
        st.integers(1, 200),
    ),
    max_size=10,
)
WANTED = Span(START, START + 20 * DAY)


def hours_of(spans: tuple[Span, ...] | list[Span]) -> set[int]:
    return {
        hour
        for span in spans
        for hour in range((span.start_at - START) // HOUR, (span.end_at - START) // HOUR)
    }


@given(span_lists)
def test_covered_and_missing_make_the_whole(covered: list[Span]) -> None:
    gaps = missing(WANTED, covered)
    assert hours_of(gaps) == hours_of((WANTED,)) - hours_of(covered)
    assert merged(gaps) == gaps


@given(span_lists, st.sampled_from(sorted(SIZES)))
def test_chunks_cover_what_is_missing_newest_first(covered: list[Span], name: str) -> None:
    size = SIZES[name]
    plan = chunks(WANTED, covered, size)
    assert hours_of(plan) == hours_of(missing(WANTED, covered))
    assert all(chunk.end_at - chunk.start_at <= size.step for chunk in plan)
    assert list(plan) == sorted(plan, reverse=True)


@given(st.sampled_from(sorted(SIZES)), st.lists(st.integers(-300, 600), max_size=8))
def test_every_answer_brings_the_download_nearer_to_its_end(name: str, starts: list[int]) -> None:
    chunk = chunks(WANTED, (), SIZES[name])[0]
    answer = fetched(chunk, [START + n * HOUR for n in starts], WANTED, SIZES[name])
    assert WANTED.start_at <= answer.start_at < answer.end_at
    assert answer.end_at == chunk.end_at
    assert length(missing(WANTED, [answer])) < length([WANTED])


def test_an_answer_that_stops_at_the_open_leaves_the_rest_to_the_next_request() -> None:
    chunk = Span(START, START + DAY)
    answer = fetched(chunk, [START + 14 * HOUR], WANTED, SIZES["1 min"])
    assert answer == Span(START + 14 * HOUR, START + DAY)


@pytest.mark.parametrize(
    ("price", "step"), [("2.99", "0.01"), ("3", "0.05"), ("-4", "0.05"), ("0", "0.01")]
)
def test_the_band_of_the_price_gives_its_step(price: str, step: str) -> None:
    bands = (PriceBand(Decimal(0), Decimal("0.01")), PriceBand(Decimal(3), Decimal("0.05")))
    assert increment_at(loaded(stored(bands)), Decimal(price)) == Decimal(step)
    assert increment_at((), Decimal(price)) is None


@pytest.mark.parametrize(
    ("sec_type", "currency", "given", "listed", "expected"),
    [
        ("STK", "USD", "NASDAQ", "", "SMART"),
        ("STK", "HKD", "SEHK", "", "SEHK"),
        ("OPT", "USD", "", "", "SMART"),
        ("OPT", "HKD", "", "", "HKFE"),
        ("OPT", "HKD", "SEHK", "", "SEHK"),
        ("CASH", "USD", "", "", "IDEALPRO"),
        ("FUT", "USD", "CME", "", "CME"),
        ("FUT", "USD", "", "CME", "CME"),
        ("IND", "USD", "", "CBOE", "CBOE"),
    ],
)
def test_routes(sec_type: str, currency: str, given: str, listed: str, expected: str) -> None:
    contract = Contract(con_id=1, sec_type=sec_type, currency=currency, exchange=given)
    found = routed(contract, listed=listed)
    assert found is not None
    assert found.exchange == expected


def test_a_future_without_exchange_has_to_be_looked_up() -> None:
    assert routed(Contract(con_id=1, sec_type="FUT", currency="USD")) is None
