"""Ticks on their way to the listener: both ways of reading report the same, to the digit."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibkr.convert import numbers
from ibkr.convert.quotes import PRICES
from ibkr.memo import Memo
from ibkr.port import BrokerEvent
from ibkr.types import Contract, QuoteField
from tests.unit.test_ibkr_decode import Bench
from tests.unit.tick_frames import FLOAT, SIZE, TEXT_VERSIONS, WORDS, text


def _lines(version: int) -> tuple[Bench, int]:
    bench = Bench(version)
    bench.client.subscribe_quotes([Contract(con_id=1, symbol="A", sec_type="STK", currency="USD")])
    return bench, min(bench.client._by_number)


def _events(version: int, frames: Sequence[bytes], *, direct: bool) -> list[BrokerEvent]:
    bench, _ = _lines(version)
    reader = bench.client._reader
    assert reader is not None
    if not direct:
        reader._direct = {}
    bench.client.on_frames(frames)
    return bench.events


LINE = _lines(200)[1]
OUR_LINE = st.just(str(LINE))
TICK_TYPE = st.sampled_from([0, 1, 2, 3, 4, 5, 8, 9, 10, 13, 45, 48, 49, 66, 69, 83, 88, 90]).map(
    str
)
OUR_TICKS = st.one_of(
    st.tuples(st.just("1"), st.just("6"), OUR_LINE, TICK_TYPE, FLOAT, SIZE, st.just("1")),
    st.tuples(st.just("2"), st.just("6"), OUR_LINE, TICK_TYPE, SIZE),
    st.tuples(st.just("45"), st.just("6"), OUR_LINE, TICK_TYPE, FLOAT),
    st.tuples(st.just("46"), st.just("6"), OUR_LINE, TICK_TYPE, WORDS),
    st.tuples(st.just("21"), OUR_LINE, TICK_TYPE, st.just("0"), *[FLOAT] * 8),
)


@pytest.mark.parametrize("version", TEXT_VERSIONS)
@given(frames=st.lists(OUR_TICKS.map(text), max_size=8))
def test_both_ways_report_the_same_events(version: int, frames: list[bytes]) -> None:
    directly = _events(version, frames, direct=True)
    assert repr(directly) == repr(_events(version, frames, direct=False))


def _plain_number(value: Any) -> Decimal | None:
    """The rule without any shortcut."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    unset = not found.is_finite() or abs(found) >= Decimal("1e300") or found == 2**127 - 1
    return None if unset else found


@given(value=st.floats() | st.decimals() | st.sampled_from([1e300, -1e300, 9.999999999999999e299]))
def test_shortcuts_of_the_conversions_change_no_digit(value: float | Decimal) -> None:
    plain = _plain_number(value)
    assert repr(numbers.number(value)) == repr(plain)
    unset = plain is None or plain < 0 or plain in numbers.UNSET_SIZES
    assert repr(numbers.size(value)) == repr(None if unset else plain)


@given(value=st.floats())
def test_a_price_seen_before_keeps_its_digits(value: float) -> None:
    bench, line = _lines(200)
    for _ in range(2):
        bench.hear(1, 6, line, 9, repr(value), 0, 0)
    plain = _plain_number(value)
    expected = None if plain == -1 else plain
    assert PRICES[9] is QuoteField.CLOSE
    assert [repr(e.value) for e in bench.events] == [repr(expected)] * 2  # type: ignore[union-attr]


def test_a_memo_forgets_rather_than_grows() -> None:
    asked: list[int] = []

    def make(key: int) -> int:
        asked.append(key)
        return key

    memo = Memo(make, limit=3)
    assert [memo[key] for key in (1, 2, 3, 1, 4, 1)] == [1, 2, 3, 1, 4, 1]
    assert asked == [1, 2, 3, 4, 1]
    assert len(memo) == 2
