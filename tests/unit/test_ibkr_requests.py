"""Requests in flight: every request ends once, and late answers change nothing."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibkr.errors import NotConnected, RequestRefused, RequestTimeout
from ibkr.requests import FIRST_ID, NOBODY, REMEMBERED, Requests, Subject

STEPS = st.lists(
    st.sampled_from(["collect", "finish", "fail", "fail_all"]), min_size=1, max_size=12
)


def test_collected_answers_are_the_result() -> None:
    requests = Requests()
    with requests.open("bars") as pending:
        requests.collect(pending.number, 1)
        requests.collect(pending.number, 2)
        requests.finish(pending.number)
        assert pending.wait(0) == (1, 2)


def test_a_result_given_at_the_end_wins_over_what_was_collected() -> None:
    requests = Requests()
    with requests.open("time") as pending:
        requests.finish(pending.number, "now")
        assert pending.wait(0) == "now"


@given(steps=STEPS)
def test_only_the_first_end_counts(steps: list[str]) -> None:
    requests = Requests()
    collected: list[int] = []
    expected: object = None
    with requests.open("anything") as pending:
        for number, step in enumerate(steps):
            error = RequestRefused(200, f"step {number}")
            if step == "collect":
                requests.collect(pending.number, number)
                if expected is None:
                    collected.append(number)
            elif expected is None:
                expected = tuple(collected) if step == "finish" else error
                _end(requests, pending.number, step, error)
            else:
                _end(requests, pending.number, step, error)
        if expected is None:
            with pytest.raises(RequestTimeout):
                pending.wait(0)
        elif isinstance(expected, RequestRefused):
            with pytest.raises(RequestRefused) as caught:
                pending.wait(0)
            assert caught.value is expected
        else:
            assert pending.wait(0) == expected


def _end(requests: Requests, number: int, step: str, error: RequestRefused) -> None:
    if step == "finish":
        requests.finish(number)
    elif step == "fail":
        requests.fail(number, error)
    else:
        requests.fail_all(error)


def test_answers_to_a_request_that_is_over_are_not_taken() -> None:
    requests = Requests()
    with requests.open("short") as pending:
        number = pending.number
    assert requests.collect(number, 1) is False
    assert requests.finish(number) is False
    assert requests.fail(number, NotConnected("gone")) is False


def test_a_disconnect_releases_every_waiting_thread() -> None:
    requests = Requests()
    opened = threading.Barrier(6)
    outcomes: list[str] = []

    def ask() -> None:
        with requests.open("long") as pending:
            opened.wait(5)
            try:
                pending.wait(30)
            except NotConnected as error:
                outcomes.append(error.sentence)

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    opened.wait(5)
    requests.fail_all(NotConnected("gone"))
    for thread in threads:
        thread.join(5)
    assert outcomes == ["gone"] * 5


def test_request_ids_are_unique_and_apart_from_order_ids() -> None:
    requests = Requests()
    ids = [requests.allocate(Subject("quotes", con_id=n)) for n in range(500)]
    assert len(set(ids)) == 500
    assert min(ids) >= FIRST_ID
    assert requests.subject(ids[7]).con_id == 7


def test_an_unknown_small_id_is_an_order_and_an_unknown_large_one_is_nothing() -> None:
    requests = Requests()
    assert requests.subject(17).order_id == 17
    assert requests.subject(FIRST_ID + 5) is NOBODY
    assert requests.subject(-1) is NOBODY


def test_memory_of_ids_is_bounded() -> None:
    requests = Requests()
    first = requests.allocate(Subject("quotes", con_id=1))
    for number in range(REMEMBERED):
        requests.allocate(Subject("quotes", con_id=number))
    assert requests.subject(first) is NOBODY


def test_two_requests_cannot_share_a_key() -> None:
    requests = Requests()
    with (
        requests.open("open orders", key="k"),
        pytest.raises(ValueError, match="already"),
        requests.open("open orders", key="k"),
    ):
        pass
