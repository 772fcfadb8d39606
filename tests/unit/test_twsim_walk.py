"""Walks and the market on top of them: repeatable, calm, and continuous."""

import statistics
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twsim_desk import NOON, open_desk
from twsim.walk import Walk, gaussian

moments = st.floats(700_000, 760_000)


@given(st.integers(0, 2**32), st.lists(moments, min_size=1, max_size=20))
def test_a_walk_gives_the_same_value_whatever_was_asked_before(
    seed: int, asked: list[float]
) -> None:
    travelled, target = Walk(seed), asked[-1]
    for moment in asked[:-1]:
        travelled.value(moment)

    assert travelled.value(target) == Walk(seed).value(target)


def test_a_walk_moves_one_deviation_a_day() -> None:
    walk = Walk(5)
    daily = [walk.value(day + 1.0) - walk.value(float(day)) for day in range(730_000, 732_000)]

    assert statistics.pstdev(daily) == pytest.approx(1.0, abs=0.1)


def test_a_walk_is_continuous() -> None:
    walk = Walk(6)
    minute = 1 / 1440
    values = [walk.value(730_000 + number * minute) for number in range(3000)]

    steps = [abs(b - a) for a, b in pairwise(values)]
    assert 0 < max(steps) < 0.2


def test_the_noise_is_nearly_standard_normal() -> None:
    noise = [gaussian(3, number) for number in range(20_000)]

    assert statistics.fmean(noise) == pytest.approx(0, abs=0.03)
    assert statistics.pstdev(noise) == pytest.approx(1, abs=0.03)


def test_the_same_seed_gives_the_same_quotes_and_another_seed_others() -> None:
    first, second, third = (open_desk("demo", seed=seed) for seed in (4, 4, 5))
    for desk in (first, second, third):
        desk.sim.quote(265598)
        desk.steps(10, seconds=7)

    assert first.sim.quote(265598) == second.sim.quote(265598)
    assert first.sim.quote(265598) != third.sim.quote(265598)


def test_the_path_does_not_depend_on_how_often_the_market_steps() -> None:
    often, once = open_desk("demo"), open_desk("demo")
    for desk in (often, once):
        desk.sim.quote(756733)
    often.steps(60, seconds=1)
    once.steps(1, seconds=60)

    assert often.sim.quote(756733).last == once.sim.quote(756733).last


def test_a_quote_is_in_order_around_the_clock() -> None:
    desk = open_desk("demo")
    for _ in range(48):
        desk.steps(1, seconds=1800)
        for con_id in (265598, 900000011, 12087792, 756733):
            quote = desk.sim.quote(con_id)
            assert quote.bid is not None
            assert quote.ask is not None
            assert quote.high is not None
            assert quote.low is not None
            assert 0 < quote.bid < quote.ask
            assert quote.low <= (quote.last or quote.bid) <= quote.high


def test_a_calm_day_stays_within_a_few_percent() -> None:
    desk = open_desk("demo")
    seen = []
    for _ in range(96):
        desk.steps(1, seconds=900)
        seen.append(desk.sim.quote(756733).last or 0.0)

    assert max(seen) / min(seen) < 1.03


def test_the_market_steps_quickly_with_a_hundred_instruments_watched() -> None:
    desk = open_desk("demo")
    watched = list(desk.sim.universe.by_id)[:100]
    for con_id in watched:
        desk.sim.quote(con_id)

    started = time.process_time()
    moved = []
    for _ in range(40):
        desk.clock.at += 0.25
        moved.append(desk.sim.step())
    per_step = (time.process_time() - started) / 40

    assert set().union(*moved) <= set(watched)
    assert per_step < 0.005


def test_volume_only_grows_within_a_day() -> None:
    desk = open_desk("demo")
    volumes = []
    for _ in range(20):
        desk.steps(1, seconds=600)
        volumes.append(desk.sim.quote(265598).volume)

    assert volumes == sorted(volumes)
    assert volumes[-1] > volumes[0]


def test_a_quiet_market_stands_at_the_prices_of_the_data_file_on_any_day() -> None:
    for at in (NOON, NOON + 12_345_678):
        desk = open_desk("quiet", at=at)
        before = desk.sim.quote(265598)
        desk.steps(5, seconds=4000)

        assert before.last == 262.40
        assert desk.sim.quote(265598) == before
