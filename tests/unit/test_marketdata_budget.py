"""Who gets a market data line when there are not enough."""

from hypothesis import given
from hypothesis import strategies as st

from apps.marketdata.budget import Reason, Want, allot

wants = st.lists(st.builds(Want, st.integers(1, 60), st.sampled_from(Reason)), max_size=80)
holding = st.sets(st.integers(1, 60))
lines = st.integers(0, 70)


def test_positions_go_before_targets_before_watchlists_before_open_pages() -> None:
    asked = [Want(4, Reason.BROWSING), Want(3, Reason.WATCHLIST), Want(2, Reason.TARGET)]
    found = allot([*asked, Want(1, Reason.POSITION)], lines=2)
    assert list(found.granted) == [1, 2]
    assert found.left_out == {3: Reason.WATCHLIST, 4: Reason.BROWSING}
    assert found.taken == {"lines": 2, "position": 1, "target": 1}


def test_two_hundred_instruments_share_a_hundred_lines() -> None:
    asked = [Want(n, Reason.WATCHLIST) for n in range(150)]
    found = allot([*asked, *(Want(n, Reason.POSITION) for n in range(150, 200))], lines=100)
    assert set(range(150, 200)) <= set(found.granted)
    assert len(found.granted) == len(found.left_out) == 100


def test_an_instrument_wanted_twice_counts_once_for_its_best_reason() -> None:
    found = allot([Want(1, Reason.WATCHLIST), Want(1, Reason.POSITION)], lines=5)
    assert found.granted == {1: Reason.POSITION}


@given(wants, lines, holding)
def test_never_more_than_the_lines_and_nothing_is_lost(
    asked: list[Want], limit: int, held: set[int]
) -> None:
    found = allot(asked, lines=limit, holding=held)
    assert len(found.granted) <= limit
    assert set(found.granted) | set(found.left_out) == {want.con_id for want in asked}
    assert not set(found.granted) & set(found.left_out)
    if found.left_out:
        assert len(found.granted) == limit
        assert max(found.granted.values(), default=0) <= min(found.left_out.values())


@given(wants, lines, holding)
def test_asking_again_with_what_was_granted_changes_nothing(
    asked: list[Want], limit: int, held: set[int]
) -> None:
    first = allot(asked, lines=limit, holding=held)
    assert set(allot(asked, lines=limit, holding=first.granted).granted) == set(first.granted)


@given(wants, lines, st.lists(st.integers(61, 99), max_size=20))
def test_pages_somebody_opens_take_no_line_from_positions(
    asked: list[Want], limit: int, opened: list[int]
) -> None:
    before = allot(asked, lines=limit)
    browsing = [Want(con_id, Reason.BROWSING) for con_id in opened]
    after = allot([*browsing, *asked], lines=limit, holding=before.granted)
    assert {c for c, reason in before.granted.items() if reason < Reason.BROWSING} <= set(
        after.granted
    )
