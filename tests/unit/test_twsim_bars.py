"""History: deterministic, aligned, and ending where the live price is."""

from itertools import pairwise

import pytest

from tests.twsim_desk import NOON, Desk, open_desk
from twsim.broker import SimError
from twsim.domain.market import Bar

DAY = 86400


def trades(desk: Desk, con_id: int = 265598, **fields: float | str) -> tuple[Bar, ...]:
    given = {"end": desk.clock.at, "seconds": DAY, "bar_seconds": 3600, "what": "TRADES", **fields}
    return desk.sim.bars(con_id, rth=True, **given)  # type: ignore[arg-type]  # mixed values


@pytest.mark.parametrize("bar_seconds", [30, 300, 3600, DAY, 7 * DAY])
@pytest.mark.parametrize("name", ["AAPL", "700", "ESZ6"])
def test_the_last_close_is_the_price_now(bar_seconds: int, name: str) -> None:
    desk = open_desk("demo")
    con_id = desk.sim.universe.by_name(name).con_id
    desk.sim.quote(con_id)
    desk.steps(7, seconds=33)

    bars = trades(desk, con_id, bar_seconds=bar_seconds, seconds=max(DAY, bar_seconds))

    assert bars[-1].close == desk.sim.quote(con_id).last


def test_bars_are_the_same_whenever_they_are_asked_for() -> None:
    early, late = open_desk("demo"), open_desk("demo", at=NOON + 30 * DAY)
    early.steps(1)
    late.steps(1)

    past = trades(early, seconds=5 * DAY, end=NOON - DAY)
    again = trades(late, seconds=5 * DAY, end=NOON - DAY)

    assert past == again
    assert len(past) > 100


def test_every_bar_is_whole_and_follows_the_one_before() -> None:
    desk = open_desk("demo")
    desk.steps(1)
    bars = trades(desk, seconds=30 * DAY, bar_seconds=DAY)

    assert len(bars) == 30
    assert all(bar.low <= min(bar.open, bar.close) for bar in bars)
    assert all(bar.high >= max(bar.open, bar.close) for bar in bars)
    assert all(bar.volume > 0 for bar in bars)
    starts = [bar.start_at for bar in bars]
    assert starts == sorted(set(starts))


def test_a_day_is_busier_at_its_edges_than_at_noon() -> None:
    desk = open_desk("demo")
    desk.steps(1)
    bars = trades(desk, end=NOON - DAY / 2)[-24:]

    volumes = [bar.volume for bar in bars]
    assert volumes[0] > 1.5 * volumes[12]
    assert volumes[-1] > 1.5 * volumes[12]


def test_real_sessions_have_bars_in_trading_hours_only() -> None:
    desk = open_desk("trading_day")
    desk.steps(1, seconds=1)
    bars = trades(desk, end=desk.sim.now(), seconds=2 * DAY)

    assert len(bars) == 14
    assert bars[0].start_at == 1_775_050_200  # Wednesday 2026-04-01, 09:30 in New York
    assert trades(desk, end=desk.sim.now(), seconds=30 * DAY, bar_seconds=DAY)[-1].start_at < (
        1_775_180_000
    )


def test_a_year_of_days_groups_into_months() -> None:
    desk = open_desk("demo")
    desk.steps(1)

    assert len(trades(desk, seconds=365 * DAY, bar_seconds=30 * DAY)) in (12, 13)


def test_bid_lies_below_ask_and_currencies_have_no_trades() -> None:
    desk = open_desk("demo")
    desk.steps(1)
    bids, asks = (trades(desk, 12087792, what=what) for what in ("BID", "ASK"))

    assert all(bid.close < ask.close for bid, ask in zip(bids, asks, strict=True))
    assert bids[0].volume == -1
    with pytest.raises(SimError) as error:
        trades(desk, 12087792)
    assert error.value.code == 162


def test_unknown_things_to_show_draw_321() -> None:
    desk = open_desk()
    with pytest.raises(SimError) as error:
        desk.sim.head_timestamp(265598, "RUMOURS")
    assert error.value.code == 321
    assert desk.sim.head_timestamp(265598, "TRADES") < NOON


def test_soon_after_midnight_the_last_hour_reaches_into_the_day_before() -> None:
    ten_past_midnight = 1_775_491_200.0 - 12 * 3600 + 600
    desk = open_desk("demo", at=ten_past_midnight)
    desk.steps(1)

    starts = [bar.start_at for bar in trades(desk, seconds=3600, bar_seconds=300)]

    assert [after - before for before, after in pairwise(starts)] == [300] * 11
