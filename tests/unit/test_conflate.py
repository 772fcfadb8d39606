"""Conflation: the patches add up to the newest values, and no old price stands unmarked."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.patches import patched
from apps.marketdata.pipeline.conflate import Board, Cadence, Conflate, Event
from ibkr.types import DataKindChanged, Greeks, PriceKind, QuoteField, Tick

AT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
AT_MS = int(AT.timestamp() * 1000)


def tick(
    field: QuoteField,
    value: str | None,
    *,
    con_id: int = 1,
    kind: PriceKind = PriceKind.LIVE,
    at: datetime = AT,
) -> Tick:
    return Tick(con_id, field, None if value is None else Decimal(value), kind, at)


def greeks(*, side: str = "model", delta: str | None = "0.5", con_id: int = 1) -> Greeks:
    value = None if delta is None else Decimal(delta)
    return Greeks(
        con_id=con_id,
        side=side,
        kind=PriceKind.LIVE,
        implied_volatility=Decimal("0.2"),
        delta=value,
        gamma=None,
        vega=None,
        theta=None,
        option_price=Decimal("3.1"),
        underlying_price=Decimal(100),
        dividends_pv=None,
        at=AT,
    )


def told(conflate: Conflate, board: Board) -> dict[str, Any]:
    return dict(board.apply(conflate.take()))


def test_the_newest_value_of_each_field_wins_and_is_told_once() -> None:
    conflate, board = Conflate(), Board()
    for value in ("10.1", "10.2", "10.30"):
        conflate.put(tick(QuoteField.BID, value))
    conflate.put(tick(QuoteField.BID_SIZE, "300"))

    assert told(conflate, board) == {
        "1": {"bid": "10.30", "bid_size": "300", "kind": "live", "at": AT_MS}
    }
    assert told(conflate, board) == {}


def test_decimals_travel_as_plain_text_without_an_exponent() -> None:
    conflate, board = Conflate(), Board()
    conflate.put(tick(QuoteField.VOLUME, "1E+7"))

    assert told(conflate, board)["1"]["volume"] == "10000000"


def test_a_withdrawn_value_deletes_its_key() -> None:
    conflate, board = Conflate(), Board()
    conflate.put(tick(QuoteField.BID, "10"))
    told(conflate, board)
    conflate.put(tick(QuoteField.BID, None))

    assert told(conflate, board) == {"1": {"bid": None}}
    assert "bid" not in board.state["1"]


def test_a_withdrawal_of_what_was_never_told_is_not_told() -> None:
    conflate, board = Conflate(), Board()
    conflate.put(tick(QuoteField.BID, "10"))
    told(conflate, board)
    conflate.put(tick(QuoteField.ASK, "11"))
    conflate.put(tick(QuoteField.ASK, None))

    assert told(conflate, board) == {}


def test_only_prices_move_the_time_of_the_newest_price() -> None:
    conflate, board = Conflate(), Board()
    conflate.put(tick(QuoteField.LAST, "10"))
    conflate.put(tick(QuoteField.VOLUME, "500", at=AT + timedelta(seconds=9)))

    assert told(conflate, board)["1"]["at"] == AT_MS


def test_a_closing_price_that_stands_in_carries_its_own_kind_and_time() -> None:
    conflate, board = Conflate(), Board()
    conflate.put(tick(QuoteField.CLOSE, "9.5", kind=PriceKind.CLOSE))

    assert told(conflate, board) == {"1": {"close": "9.5", "kind": "close", "at": AT_MS}}


def test_the_models_greeks_are_the_options_and_those_of_bid_ask_and_last_stand_beside_them() -> (
    None
):
    conflate, board = Conflate(), Board()
    for side, delta in (("bid", "0.1"), ("ask", "0.2"), ("last", "0.3"), ("model", "0.5")):
        conflate.put(greeks(side=side, delta=delta))
    quote = told(conflate, board)["1"]

    deltas = {name: quote[name] for name in ("delta", "bid_delta", "ask_delta", "last_delta")}
    assert deltas == {"delta": "0.5", "bid_delta": "0.1", "ask_delta": "0.2", "last_delta": "0.3"}
    assert (quote["iv"], quote["und"], quote["kind"]) == ("0.2", "100", "live")


def test_each_number_of_a_computation_has_its_name() -> None:
    conflate, board = Conflate(), Board()
    numbers = [Decimal(n) for n in range(1, 9)]
    conflate.put(Greeks._make([1, "model", PriceKind.LIVE, *numbers, AT]))

    assert told(conflate, board)["1"] == {
        "kind": "live",
        "iv": "1",
        "delta": "2",
        "gamma": "3",
        "vega": "4",
        "theta": "5",
        "option_price": "6",
        "und": "7",
        "dividends_pv": "8",
    }


def test_a_greek_that_is_no_longer_computed_is_deleted() -> None:
    conflate, board = Conflate(), Board()
    conflate.put(greeks())
    told(conflate, board)
    conflate.put(greeks(delta=None))

    assert told(conflate, board) == {"1": {"delta": None}}


def test_a_lost_link_keeps_values_but_none_counts_as_live() -> None:
    conflate, board = Conflate(), Board()
    conflate.put(tick(QuoteField.BID, "10"))
    told(conflate, board)
    conflate.mark_stale(PriceKind.MISSING)
    conflate.put(DataKindChanged(1, PriceKind.LIVE))

    assert told(conflate, board) == {"1": {"kind": "missing", "stale": True}}
    assert board.state["1"]["bid"] == "10"


def test_the_first_fresh_value_removes_the_moving_values_from_before_the_loss() -> None:
    conflate, board = Conflate(), Board()
    for field in (QuoteField.BID, QuoteField.ASK, QuoteField.CLOSE, QuoteField.HIGH_52_WEEK):
        conflate.put(tick(field, "10"))
    conflate.put(greeks())
    conflate.mark_stale(PriceKind.MISSING)
    told(conflate, board)
    conflate.put(tick(QuoteField.BID_SIZE, "5", kind=PriceKind.DELAYED))
    told(conflate, board)

    assert board.state["1"] == {
        "bid_size": "5",
        "kind": "delayed",
        "close": "10",
        "high_52w": "10",
    }


def test_a_withdrawal_does_not_lift_the_stale_mark() -> None:
    conflate, board = Conflate(), Board()
    conflate.put(tick(QuoteField.BID, "10"))
    conflate.put(tick(QuoteField.ASK, "11"))
    conflate.mark_stale(PriceKind.MISSING)
    conflate.put(tick(QuoteField.BID, None))
    told(conflate, board)

    assert board.state["1"] == {"ask": "11", "kind": "missing", "stale": True, "at": AT_MS}


def test_a_forgotten_instrument_is_deleted_and_may_come_back_clean() -> None:
    conflate, board = Conflate(), Board()
    conflate.put(tick(QuoteField.BID, "10"))
    told(conflate, board)
    conflate.forget([1, 99])

    assert told(conflate, board) == {"1": None}

    conflate.put(tick(QuoteField.ASK, "11"))
    assert told(conflate, board) == {"1": {"ask": "11", "kind": "live", "at": AT_MS}}


def test_the_first_change_after_quiet_goes_out_at_once_then_one_an_interval() -> None:
    cadence = Cadence(0.05)
    assert cadence.wait(100.0) == 0
    cadence.flushed(100.0)

    assert round(cadence.wait(100.01), 6) == 0.04
    assert cadence.wait(100.05) == 0
    assert cadence.wait(107.0) == 0


FIELDS = st.sampled_from(list(QuoteField))
KINDS = st.sampled_from(list(PriceKind))
VALUES = st.none() | st.decimals(min_value=0, max_value=10**9, places=4)
IDS = st.integers(1, 3)
TIMES = st.integers(0, 10**6).map(lambda ms: AT + timedelta(milliseconds=ms))
TICKS = st.builds(Tick, IDS, FIELDS, VALUES, KINDS, TIMES)
GREEKS = st.builds(
    Greeks,
    con_id=IDS,
    side=st.sampled_from(["bid", "ask", "last", "model"]),
    kind=KINDS,
    at=TIMES,
    implied_volatility=VALUES,
    delta=VALUES,
    gamma=VALUES,
    vega=VALUES,
    theta=VALUES,
    option_price=VALUES,
    underlying_price=VALUES,
    dividends_pv=VALUES,
)
CHANGES = st.builds(DataKindChanged, IDS, KINDS)
STEPS = st.lists(TICKS | GREEKS | CHANGES | IDS | st.sampled_from(["flush", "lost"]), max_size=60)


def act(conflate: Conflate, step: Event | int | str) -> None:
    if isinstance(step, int):
        conflate.forget([step])
    elif step == "lost":
        conflate.mark_stale(PriceKind.MISSING)
    elif not isinstance(step, str):
        conflate.put(step)


@given(STEPS)
def test_all_patches_applied_to_nothing_give_the_state_of_one_flush_at_the_end(
    steps: list[Any],
) -> None:
    often, board, page = Conflate(), Board(), dict[str, Any]()
    once, fresh = Conflate(), Board()
    for step in steps:
        act(often, step)
        act(once, step)
        if step == "flush":
            page = patched(page, told(often, board))
    page = patched(page, told(often, board))
    told(once, fresh)

    assert page == board.state == fresh.state


@given(STEPS)
def test_after_a_lost_link_no_quote_is_live_until_a_fresh_value_comes(steps: list[Any]) -> None:
    conflate, board = Conflate(), Board()
    for step in [*steps, "lost"]:
        act(conflate, step)
    told(conflate, board)

    assert all(quote["stale"] and quote["kind"] == "missing" for quote in board.state.values())
