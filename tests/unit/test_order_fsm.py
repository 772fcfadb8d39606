"""The order state machine: its table, and that the order of the broker's messages never counts."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.trading.evidence import (
    Evidence,
    Terms,
    Word,
    dump,
    load,
    reason_of,
    state_of,
    status_of,
    why_held_of,
)
from apps.trading.fsm import BROKER, PORTAL, TABLE, Event, Impossible, may_move, replay, step
from apps.trading.states import OrderState as S

AT = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 4, 17, 5, tzinfo=UTC)


def heard(*said: str | int) -> Evidence:
    """Statuses by name, codes by number."""
    evidence = Evidence()
    for word in said:
        if isinstance(word, int):
            evidence = evidence.hear_code(word, f"text of {word}", AT)
        else:
            evidence = evidence.hear_status(word, "", AT)
    return evidence


def state(*said: str | int, tif: str = "DAY", filled: int = 0) -> S | None:
    return state_of(heard(*said), Terms(tif, Decimal(10), Decimal(filled)))


def test_every_state_has_a_row_and_ends_have_no_way_back_to_work() -> None:
    assert set(TABLE) == set(S)
    for ended in (S.CANCELLED, S.REJECTED, S.FILLED, S.REFUSED, S.NOT_SENT):
        assert set(TABLE[ended].values()) <= {S.CANCELLED, S.REJECTED, S.FILLED}


def test_any_set_of_the_brokers_words_leads_somewhere() -> None:
    for size in range(1, len(BROKER) + 1):
        for said in combinations(BROKER, size):
            assert replay(said) in S


@given(
    st.lists(st.sampled_from(BROKER), min_size=1).flatmap(
        lambda s: st.tuples(st.just(s), st.permutations(s + s[:3]))
    )
)
def test_order_and_repetition_of_words_do_not_matter(
    said: tuple[list[Event], list[Event]],
) -> None:
    assert replay(said[0]) is replay(said[1])


@pytest.mark.parametrize(
    ("before", "event"),
    [
        (S.FILLED, Event.CANCELLED),
        (S.FILLED, Event.CLAIM),
        (S.CLAIMED, Event.CLAIM),
        (S.CLAIMED, Event.WITHDRAW),
        (S.SENT, Event.WITHDRAW),
        (S.SENT, Event.WIRE),
        (S.SUBMITTED, Event.PROVE_ABSENT),
        (S.NOT_SENT, Event.WIRE),
        (S.REFUSED, Event.CLAIM),
        (S.ACCEPTED, Event.WIRE),
        (S.ACCEPTED, Event.FILLED),
    ],
)
def test_impossible_steps_raise(before: S, event: Event) -> None:
    with pytest.raises(Impossible) as caught:
        step(before, event)
    assert (caught.value.state, caught.value.event) == (before, event)


def test_the_portals_own_steps_are_no_words_of_the_broker() -> None:
    for event in PORTAL:
        with pytest.raises(Impossible):
            replay([event])


def test_the_portals_path_from_intent_to_the_wire() -> None:
    assert step(S.ACCEPTED, Event.CLAIM) is S.CLAIMED
    assert step(S.CLAIMED, Event.WIRE) is S.SENT
    assert step(S.CLAIMED, Event.GATE_REFUSED) is S.REFUSED
    assert step(S.ACCEPTED, Event.WITHDRAW) is S.NOT_SENT
    assert step(S.SENT, Event.LOSE) is S.UNKNOWN
    assert step(S.UNKNOWN, Event.PROVE_ABSENT) is S.NOT_SENT


def test_nothing_heard_says_nothing() -> None:
    assert state() is None


def test_a_life_to_the_fill() -> None:
    assert state("PreSubmitted") is S.PRE_SUBMITTED
    assert state("PreSubmitted", "Submitted") is S.SUBMITTED
    assert state("PreSubmitted", filled=4) is S.SUBMITTED
    assert state("PreSubmitted", filled=10) is S.FILLED
    assert state("Submitted", "Filled") is S.FILLED


def test_executions_may_come_before_any_status() -> None:
    assert state(filled=4) is S.SUBMITTED
    assert state(filled=10) is S.FILLED


def test_a_cancel_is_pending_then_confirmed() -> None:
    assert state("Submitted", "PendingCancel", "PendingCancel") is S.PENDING_CANCEL
    assert state("Submitted", "PendingCancel", "Cancelled") is S.CANCELLED
    assert state("Submitted", 202) is S.CANCELLED
    assert state("Submitted", "ApiCancelled") is S.CANCELLED


@pytest.mark.parametrize("code", [161, 10147, 10148])
def test_a_refused_cancel_moves_nothing(code: int) -> None:
    assert state("Submitted", code) is S.SUBMITTED
    assert state("Submitted", "PendingCancel", code) is S.PENDING_CANCEL


@pytest.mark.parametrize("code", [103, 104, 105, 201])
def test_a_refused_change_leaves_the_order_alive(code: int) -> None:
    assert state("PreSubmitted", "Submitted", code) is S.SUBMITTED


def test_filled_after_cancelled_is_filled() -> None:
    assert state("Submitted", "Cancelled", 202, filled=10) is S.FILLED
    assert state("Submitted", "Cancelled", "Filled") is S.FILLED
    assert state("Submitted", "Cancelled", 202, filled=9) is S.CANCELLED


def test_10349_reports_a_living_order_as_cancelled() -> None:
    assert state("Submitted", "Cancelled", 10349) is S.SUBMITTED
    assert state("Cancelled", 10349) is S.PRE_SUBMITTED
    assert state("Submitted", "Cancelled", 10349, 202) is S.CANCELLED
    told = heard("Submitted", "Cancelled", 10349).hear_completed("Cancelled", "by system", AT)
    assert state_of(told, Terms("DAY", Decimal(10), Decimal(0))) is S.CANCELLED


@pytest.mark.parametrize("code", [110, 200, 201, 203, 321, 387])
def test_a_reject_needs_no_status(code: int) -> None:
    assert state(code) is S.REJECTED


@pytest.mark.parametrize("end", ["Inactive", "Cancelled"])
def test_a_reject_may_end_inactive_or_cancelled(end: str) -> None:
    assert state("PreSubmitted", 201, end) is S.REJECTED
    assert reason_of(heard(201, end), S.REJECTED) == ("201", "text of 201")


def test_inactive_without_a_reason_may_come_back() -> None:
    assert state("Submitted", "Inactive") is S.INACTIVE


def test_a_fill_or_kill_that_did_not_fill_ends_inactive() -> None:
    assert state("PreSubmitted", "Inactive", tif="FOK") is S.CANCELLED
    assert reason_of(heard("Inactive"), S.CANCELLED)[0] == "fok_unfilled"
    assert state("PreSubmitted", "Inactive", 201, tif="FOK") is S.REJECTED


def test_a_warning_is_kept_as_the_reason_of_a_resting_order() -> None:
    told = heard("PreSubmitted", 399)
    assert reason_of(told, S.PRE_SUBMITTED) == ("399", "text of 399")
    assert state("PreSubmitted", 399) is S.PRE_SUBMITTED
    assert state(399) is S.PRE_SUBMITTED


def test_why_held_follows_the_shortest_reason_while_it_is_held() -> None:
    told = Evidence().hear_status("PreSubmitted", "trigger", AT)
    told = told.hear_status("PreSubmitted", "child,trigger", AT)
    assert why_held_of(told) == "trigger"
    assert why_held_of(told.hear_status("Submitted", "", AT)) == ""


def test_a_word_of_a_person_stands_until_the_broker_says_something_new() -> None:
    terms = Terms("DAY", Decimal(10), Decimal(0))
    told = heard("Submitted").closed(Word(S.CANCELLED, "settled", "Seen in TWS."))
    assert state_of(told, terms) is S.CANCELLED
    assert reason_of(told, S.CANCELLED) == ("settled", "Seen in TWS.")
    again = told.hear_status("Submitted", "", LATER)
    assert state_of(again, terms) is S.CANCELLED, "a repetition says nothing new"
    assert state_of(told.hear_status("PendingCancel", "", LATER), terms) is S.PENDING_CANCEL


def test_a_later_picture_takes_earlier_words_back() -> None:
    told = heard("Submitted", "Cancelled").renewed("Submitted", LATER)
    assert state_of(told, Terms("DAY", Decimal(10), Decimal(0))) is S.SUBMITTED
    assert told.heard_at == LATER


def test_an_unknown_status_proves_that_tws_has_the_order() -> None:
    assert state("Bewildered") is S.PRE_SUBMITTED
    assert status_of(heard("Bewildered", "Submitted")) == "Submitted"


@given(st.lists(st.sampled_from(["PreSubmitted", "Submitted", "Cancelled", 201, 202, 399, 10349])))
def test_evidence_survives_the_database(said: list[str | int]) -> None:
    told = heard(*said)
    assert load(dump(told)) == told
    closed = told.closed(Word(S.UNKNOWN, "absent", "Look."))
    assert load(dump(closed)) == closed


def test_the_portal_moves_orders_along_the_table_only() -> None:
    assert may_move("accepted", "claimed")
    assert may_move("claimed", "accepted")
    assert not may_move("sent", "accepted")
    assert not may_move("submitted", "filled"), "that is for the broker to say"
