"""The guard's figures, states and latches, from pictures made by hand."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.risk.guard import (
    Figure,
    Flow,
    GuardLimits,
    Health,
    Holding,
    Liquidity,
    Memory,
    Picture,
    Track,
    evaluate,
    settle,
)
from apps.risk.guard.latches import lift
from apps.risk.guard.losses import is_high
from apps.risk.guard.stress import GRID, grid, option_value
from apps.risk.levels import Guard
from twsim.blackscholes import Terms, price

NOON = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
NET = Decimal(100_000)
LIMITS = GuardLimits()


def picture(net: Decimal | None = NET, **fields: object) -> Picture:
    track = Track(start=NET, start_at=NOON, high=NET, high_at=NOON)
    told = {"track": track, "liquidity": Liquidity(net=net, gross=Decimal(0))} | fields
    return Picture(at=NOON, **told)  # type: ignore[arg-type]


def stock(value: str = "10000", **fields: Any) -> Holding:
    told = {
        "con_id": 1,
        "name": "AAPL",
        "issuer": "AAPL",
        "sec_type": "STK",
        "quantity": Decimal(100),
        "price": Decimal(value) / 100,
        "fx": Decimal(1),
    }
    return Holding(**(told | fields))  # type: ignore[arg-type]


def call(**fields: Any) -> Holding:
    told: dict[str, Any] = {
        "con_id": 2,
        "sec_type": "OPT",
        "quantity": Decimal(10),
        "multiplier": Decimal(100),
        "price": Decimal(5),
        "underlying": 100.0,
        "strike": 100.0,
        "right": "C",
        "years": 0.25,
        "volatility": 0.3,
        "delta": 0.53,
        "gamma": 0.026,
        "vega": 0.198,
        "theta": -0.033,
    }
    return stock(**(told | fields))


def figure(told: Picture, code: str, limits: GuardLimits = LIMITS) -> Figure:
    return next(each for each in evaluate(told, limits) if each.code == code)


@pytest.mark.parametrize(
    ("net", "reduce", "halt"),
    [
        ("100000", Guard.OK, Guard.OK),
        ("98400", Guard.WARN, Guard.OK),
        ("98000", Guard.WARN, Guard.OK),
        ("97999", Guard.REDUCE_ONLY, Guard.OK),
        ("97000", Guard.REDUCE_ONLY, Guard.WARN),
        ("96999", Guard.REDUCE_ONLY, Guard.HALTED),
    ],
)
def test_a_loss_is_judged_below_at_and_above_both_limits(
    net: str, reduce: Guard, halt: Guard
) -> None:
    told = picture(Decimal(net))

    assert figure(told, "daily_loss").state is reduce
    assert figure(told, "daily_loss_halt").state is halt


def test_a_withdrawal_is_no_loss_and_a_deposit_hides_none() -> None:
    later = NOON + timedelta(hours=1)
    withdrawn = Track(
        start=NET, start_at=NOON, high=NET, high_at=NOON, flows=(Flow(later, Decimal(-50_000)),)
    )
    deposited = replace(withdrawn, flows=(Flow(later, Decimal(50_000)),))

    quiet = picture(Decimal(50_000), track=withdrawn)
    losing = picture(Decimal(145_000), track=deposited)

    assert figure(quiet, "daily_loss").value == 0
    assert figure(quiet, "drawdown").value == 0
    assert figure(losing, "daily_loss").value == Decimal("0.05")
    assert figure(losing, "drawdown").value == Decimal("0.033333")


def test_the_brokers_daily_pnl_counts_where_equity_is_minutes_old() -> None:
    told = picture(liquidity=Liquidity(net=NET, daily_pnl=Decimal(-3001)))

    assert figure(told, "daily_loss_halt").state is Guard.HALTED


def test_missing_equity_warns_and_latches_nothing() -> None:
    figures = evaluate(picture(None), LIMITS)

    settled = settle(figures, Memory(), NOON)

    assert figure(picture(None), "daily_loss").value is None
    assert settled.state is Guard.WARN
    assert settled.memory.latches == ()


def test_the_high_water_mark_moves_with_gains_and_not_with_deposits() -> None:
    later = NOON + timedelta(hours=1)
    track = Track(high=NET, high_at=NOON, flows=(Flow(later, Decimal(5_000)),))

    assert not is_high(Decimal(104_999), track)
    assert is_high(Decimal(105_000), track)


@pytest.mark.parametrize(
    ("excess", "first", "second"),
    [
        ("20000", Guard.OK, Guard.OK),
        ("12000", Guard.WARN, Guard.OK),
        ("10000", Guard.WARN, Guard.OK),
        ("9999", Guard.REDUCE_ONLY, Guard.OK),
        ("5000", Guard.REDUCE_ONLY, Guard.OK),
        ("4999", Guard.REDUCE_ONLY, Guard.HALTED),
    ],
)
def test_thin_excess_liquidity_first_reduces_and_then_halts(
    excess: str, first: Guard, second: Guard
) -> None:
    told = picture(liquidity=Liquidity(net=NET, gross=NET, excess=Decimal(excess)))

    assert figure(told, "excess_liquidity_reduce").state is first
    assert figure(told, "excess_liquidity").state is second


def test_exposure_counts_options_by_delta_and_futures_by_notional() -> None:
    future = stock(sec_type="FUT", issuer="ES", multiplier=Decimal(50), quantity=Decimal(-1))
    told = picture(holdings=(stock(), call(), replace(future, price=Decimal(1000))))

    assert figure(told, "gross_exposure").value == Decimal("1.13")
    assert figure(told, "net_exposure").value == Decimal("0.13")
    assert figure(told, "concentration").subject == "AAPL"


def test_what_cannot_be_valued_is_counted_and_warns() -> None:
    told = picture(holdings=(stock(), stock(price=None, con_id=3)))

    assert figure(told, "gross_exposure").uncovered == 1
    assert figure(told, "gross_exposure").state is Guard.WARN


def test_greeks_are_judged_in_money() -> None:
    told = picture(holdings=(call(),))

    assert figure(told, "gamma").value == Decimal("0.026")
    assert figure(told, "vega").value == Decimal("0.00198")
    assert figure(told, "theta").value == Decimal("0.00033")
    assert figure(told, "delta").value == Decimal("0.53")


def test_black_scholes_agrees_with_the_simulators() -> None:
    for strike in (80.0, 100.0, 125.0):
        for right in ("C", "P"):
            ours = option_value(100.0, strike, 0.25, 0.3, call=right == "C")
            terms = Terms(underlying=100.0, strike=strike, years=0.25, rate=0.0, call=right == "C")
            theirs = price(terms, 0.3)
            assert ours == pytest.approx(theirs, abs=1e-9)


def test_the_grid_moves_stocks_in_line_and_options_by_their_value() -> None:
    totals, uncovered = grid((stock(), call(quantity=Decimal(-10))))

    down = totals[GRID.index((-0.20, 0.0))]
    up = totals[GRID.index((0.20, 0.10))]

    assert uncovered == 0
    assert down == pytest.approx(-2000 + 1000 * (option_value(100, 100, 0.25, 0.3, call=True)
                                 - option_value(80, 100, 0.25, 0.3, call=True)))  # fmt: skip
    assert up < 2000 - 15_000
    assert totals[GRID.index((0.0, 0.0))] == 0


def test_one_old_price_warns_and_all_of_them_only_reduce() -> None:
    fresh, old = stock(stale_seconds=1.0), stock(con_id=3, stale_seconds=301.0)

    assert figure(picture(holdings=(fresh, old)), "stale_stream").state is Guard.WARN
    assert figure(picture(holdings=(old,)), "stale_stream").state is Guard.REDUCE_ONLY


def test_prices_that_nothing_renews_are_late_as_soon_as_a_lost_link_is() -> None:
    fresh, young = stock(stale_seconds=1.0), stock(con_id=3, stale_seconds=60.0, cut=True)
    late = replace(young, stale_seconds=60.1)

    assert figure(picture(holdings=(young,)), "cut_stream").state is not Guard.REDUCE_ONLY
    assert figure(picture(holdings=(fresh, late)), "cut_stream").state is Guard.WARN
    told = figure(picture(holdings=(late,)), "cut_stream")
    assert (told.state, told.value, told.limit) == (Guard.REDUCE_ONLY, Decimal("60.1"), Decimal(60))
    assert "cut_stream" not in {f.code for f in evaluate(picture(holdings=(fresh,)), LIMITS)}
    closed = replace(late, stale_seconds=None)
    assert "cut_stream" not in {f.code for f in evaluate(picture(holdings=(closed,)), LIMITS)}


def test_a_link_down_warns_at_once_and_reduces_when_it_lasts() -> None:
    short, long = Health(link_down=1.0), Health(link_down=61.0)

    assert figure(picture(health=short), "link").state is Guard.WARN
    assert figure(picture(health=long), "link").state is Guard.REDUCE_ONLY
    assert figure(picture(), "link").state is Guard.OK


def test_rejects_stop_their_strategy_and_not_the_account() -> None:
    told = picture(health=Health(rejects=(("weekly", 5), ("other", 1))))

    settled = settle(evaluate(told, LIMITS), Memory(), NOON)

    assert settled.state is Guard.WARN
    assert [latch.code for latch in settled.memory.latches] == ["reject_breaker:weekly"]


def test_a_latch_outlives_its_cause_until_a_person_lifts_it() -> None:
    breached = evaluate(picture(Decimal(96_000)), LIMITS)
    memory = settle(breached, Memory(), NOON).memory

    recovered = settle(evaluate(picture(), LIMITS), memory, NOON)
    lifted = settle(evaluate(picture(), LIMITS), lift(memory, ()), NOON)

    assert recovered.state is Guard.HALTED
    assert recovered.fresh == ()
    assert lifted.state is Guard.OK


def test_a_lifted_breach_warns_until_it_is_worse_by_a_quarter_of_its_limit() -> None:
    breached = evaluate(picture(Decimal(96_000)), LIMITS)
    memory = lift(settle(breached, Memory(), NOON).memory, breached)

    same = settle(evaluate(picture(Decimal(95_600)), LIMITS), memory, NOON)
    worse = settle(evaluate(picture(Decimal(95_000)), LIMITS), memory, NOON)

    assert same.state is Guard.WARN
    assert worse.state is Guard.HALTED


def test_a_breach_that_ended_after_a_lift_counts_anew() -> None:
    breached = evaluate(picture(Decimal(96_000)), LIMITS)
    memory = lift(settle(breached, Memory(), NOON).memory, breached)

    between = settle(evaluate(picture(), LIMITS), memory, NOON).memory
    again = settle(breached, between, NOON)

    assert again.state is Guard.HALTED


def test_no_limit_judges_nothing() -> None:
    none = GuardLimits(daily_loss_reduce=None, daily_loss_halt=None)

    assert figure(picture(Decimal(10)), "daily_loss", none).state is Guard.OK


def test_five_hundred_positions_take_less_than_fifty_milliseconds() -> None:
    held = tuple(
        call(con_id=n, quantity=Decimal(n % 7 - 3), strike=80.0 + n % 40)
        if n % 2
        else stock(con_id=n, issuer=f"S{n}")
        for n in range(1, 501)
    )
    told = picture(holdings=held)
    evaluate(told, LIMITS)

    best = min(_cpu(lambda: evaluate(told, LIMITS)) for _ in range(5))

    assert best < 0.050


def _cpu(work: object) -> float:
    started = time.process_time()
    work()  # type: ignore[operator]
    return time.process_time() - started
