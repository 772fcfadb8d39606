"""Numbers, patches, valuation, market days, links and hints: the pure parts of accounts."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.hints import port_hint
from apps.accounts.links import WORKER_DIED, WORKER_GONE, Link, effective_link, sentence_in
from apps.accounts.market_days import days_to
from apps.accounts.numbers import parsed, plain, rounded
from apps.accounts.patches import difference, patched
from apps.accounts.valuation import Valuation
from ibkr.types import LinkState

AT = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
leaves = st.one_of(st.text(max_size=3), st.integers(), st.booleans())
states = st.recursive(
    st.dictionaries(st.text(max_size=2), leaves, max_size=3),
    lambda inner: st.dictionaries(st.text(max_size=2), inner | leaves, max_size=3),
    max_leaves=8,
)


@given(states, states)
def test_the_difference_leads_from_one_state_to_the_other(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert patched(before, difference(before, after)) == after


@given(states)
def test_equal_states_have_no_difference(state: dict[str, Any]) -> None:
    assert difference(state, state) == {}


def test_a_patch_carries_only_what_changed() -> None:
    before = {"card": {"cash": "1", "name": "A"}, "positions": {"1": {"q": "2"}, "2": {"q": "3"}}}
    after = {"card": {"cash": "5", "name": "A"}, "positions": {"1": {"q": "2"}}}
    assert difference(before, after) == {"card": {"cash": "5"}, "positions": {"2": None}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100000.00", Decimal("100000.00")),
        ("-1", Decimal(-1)),
        ("1.7976931348623157E308", None),
        ("INDIVIDUAL", None),
        ("nan", None),
        ("", None),
    ],
)
def test_a_brokers_text_is_a_number_or_missing(text: str, value: Decimal | None) -> None:
    assert parsed(text) == value


def test_numbers_are_rounded_to_what_a_double_holds() -> None:
    assert rounded(Decimal("11340.427636781911"), 6) == Decimal("11340.427637")
    assert rounded(Decimal("123456789012.1234567"), 6) == Decimal("123456789012.123")
    assert rounded(None, 6) is None


@given(st.decimals(min_value=-(10**17), max_value=10**17, allow_nan=False))
def test_rounding_twice_changes_nothing(value: Decimal) -> None:
    once = rounded(value, 8)
    assert rounded(once, 8) == once


@pytest.mark.parametrize(
    ("value", "text"), [("1E+3", "1000"), ("2.500", "2.5"), ("-0.00", "0"), ("100", "100")]
)
def test_numbers_travel_without_exponent_or_trailing_zeros(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


def _valuation(**told: Any) -> Valuation:
    names = ("price", "value", "value_base", "rate")
    fields: dict[str, Any] = {
        name: None if told.get(name) is None else Decimal(told[name]) for name in names
    }
    multiplier = told.get("multiplier", "100")
    return Valuation(
        quantity=Decimal(told.get("quantity", "-5")),
        multiplier=None if multiplier is None else Decimal(multiplier),
        **fields,
    )


def test_an_option_without_a_price_gets_it_from_its_value_and_multiplier() -> None:
    hong_kong = _valuation(quantity="-5", multiplier="500", value="-7500", rate="0.128")
    assert hong_kong.market_price() == Decimal(3)
    assert hong_kong.base_value() == Decimal(-960)


def test_the_newer_base_value_goes_before_the_older_told_one() -> None:
    position = _valuation(
        quantity="400", multiplier="1", value="39000", value_base="5120", rate="0.128"
    )
    assert position.market_value() == Decimal(39000)
    assert replace(position, base_is_newer=True).market_value() == Decimal(40000)
    assert replace(position, base_is_newer=True, rate=None).market_value() == Decimal(39000)


def test_a_value_known_only_in_base_currency_gives_local_value_and_price() -> None:
    position = _valuation(quantity="400", multiplier="1", value_base="5120", rate="0.128")
    assert position.market_value() == Decimal(40000)
    assert position.market_price() == Decimal(100)


def test_without_a_multiplier_or_rate_nothing_is_invented() -> None:
    position = _valuation(multiplier=None, price="3")
    assert (position.market_value(), position.base_value()) == (None, None)
    assert _valuation(value="-7500").base_value() is None


def test_what_the_broker_told_is_never_recomputed() -> None:
    position = _valuation(price="3.01", value="-1500", value_base="-1499", rate="1")
    assert position.market_price() == Decimal("3.01")
    assert position.base_value() == Decimal(-1499)


def test_days_to_expiry_follow_the_markets_own_calendar() -> None:
    expiry = date(2026, 3, 5)
    assert days_to(expiry, currency="USD", at=AT) == 1
    assert days_to(expiry, currency="HKD", at=AT) == 0  # one in the morning of the fifth there
    assert days_to(None, currency="USD", at=AT) is None


def _link(state: LinkState, code: str = "", since_at: datetime | None = AT) -> Link:
    return Link(state=state, since_at=since_at, code=code, sentence="…", worker=False)


def test_without_a_lease_a_connection_is_down_whatever_was_last_told() -> None:
    ready = _link(LinkState.READY)
    link = effective_link(row=ready, held=False, told=ready)
    assert (link.state, link.code, link.worker) == (LinkState.DISCONNECTED, WORKER_GONE, False)
    assert link.since_at is None
    assert "is not running" in link.sentence


def test_the_successor_of_a_dead_worker_is_heard_before_it_holds_the_lease() -> None:
    told = _link(LinkState.DISCONNECTED, WORKER_DIED)
    link = effective_link(row=_link(LinkState.READY), held=False, told=told)
    assert (link.code, link.since_at, link.worker) == (WORKER_DIED, AT, False)


@pytest.mark.parametrize("state", list(LinkState))
def test_link_sentences_are_told_in_the_readers_language(state: LinkState) -> None:
    told = {"state": state.value, "code": "identity", "sentence": "Wrong account DU****67."}
    assert sentence_in("en", **told) == told["sentence"]
    chinese = sentence_in("zh-hans", **told)
    assert chinese not in {told["sentence"], sentence_in("zh-hant", **told)}
    unknown = {"state": state.value, "code": "no such code", "sentence": "Something new."}
    assert sentence_in("zh-hans", **unknown) == "Something new."


def test_a_dead_worker_is_dated_once_that_was_noted() -> None:
    row = _link(LinkState.DISCONNECTED, WORKER_GONE)
    assert effective_link(row=row, held=False, told=None).since_at == AT


def test_with_a_lease_the_workers_word_counts() -> None:
    row = _link(LinkState.DISCONNECTED, WORKER_GONE)
    link = effective_link(row=row, held=True, told=_link(LinkState.DEGRADED, "1100"))
    assert (link.state, link.code, link.worker) == (LinkState.DEGRADED, "1100", True)


def test_a_worker_that_has_not_spoken_yet_is_starting() -> None:
    row = _link(LinkState.DISCONNECTED, WORKER_GONE)
    link = effective_link(row=row, held=True, told=None)
    assert (link.state, link.code, link.worker) == (LinkState.CONNECTING, "starting", True)


def test_an_unusual_port_is_a_hint() -> None:
    assert "4002" in port_hint(port=4001, mode="paper")
    assert port_hint(port=4002, mode="paper") == ""
    assert port_hint(port=5555, mode="live") == ""
