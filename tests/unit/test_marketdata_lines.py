"""What becomes of a market data line: refusals, fallbacks, silence, waiting."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from apps.marketdata.budget import Reason, Want
from apps.marketdata.fallback import next_step
from apps.marketdata.lines import Lines, LineState, Plan
from apps.marketdata.status import StreamStatus, summary
from ibkr.types import BrokerError, MarketDataType, PriceKind

NOW = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
LIVE, DELAYED = MarketDataType.LIVE, MarketDataType.DELAYED


def error(con_id: int, code: int, at: datetime = NOW) -> BrokerError:
    return BrokerError(code, "as TWS words it", at, 1, con_id=con_id)


class Feed:
    """Lines with what is open at the broker, as the owner of both keeps them in step."""

    def __init__(self, *con_ids: int, budget: int = 100) -> None:
        self.lines = Lines()
        self.live: set[int] = set()
        self.budget = budget
        self.wants = [Want(con_id, Reason.POSITION) for con_id in con_ids]
        self.ticks: dict[int, datetime] = {}
        self.kind = PriceKind.LIVE

    def turn(self, at: datetime = NOW) -> Plan:
        plan = self.lines.plan(
            self.wants, budget=self.budget, live=self.live, preferred=LIVE, at=at
        )
        self.live -= set(plan.drop)
        self.live |= {con_id for group in plan.ask.values() for con_id in group}
        return plan

    def refuse(self, con_id: int, code: int, at: datetime = NOW) -> None:
        self.live.discard(con_id)
        assert self.lines.refuse(error(con_id, code, at))

    def look(self, at: datetime, *, market_open: bool | None = True) -> bool:
        def last_tick(con_id: int) -> tuple[datetime, PriceKind] | None:
            return (self.ticks[con_id], self.kind) if con_id in self.ticks else None

        return self.lines.note_ticks(last_tick, market_open=lambda _: market_open, at=at)

    def state(self, con_id: int) -> LineState:
        return self.lines.by_id[con_id].state


@pytest.mark.parametrize(
    ("code", "about"),
    [
        (202, "order"),
        (201, "order"),
        (162, "bars"),
        (200, "contract details"),
        (354, "former quotes"),
    ],
)
def test_an_error_about_an_order_or_history_leaves_the_line_of_its_instrument(
    code: int, about: str
) -> None:
    feed = Feed(1)
    feed.turn()
    assert not feed.lines.refuse(replace(error(1, code), about=about))
    assert (feed.state(1), feed.lines.by_id[1].code) == (LineState.REQUESTED, None)


@pytest.mark.parametrize("code", [300, 10091, 2108])
def test_a_code_that_ends_nothing_refuses_nothing(code: int) -> None:
    feed = Feed(1)
    feed.turn()
    assert not feed.lines.refuse(error(1, code))
    assert feed.state(1) is LineState.REQUESTED


def test_delayed_data_that_follows_makes_up_for_a_refusal_before() -> None:
    feed = Feed(1)
    feed.turn()
    assert feed.lines.refuse(error(1, 200))
    assert feed.lines.refuse(error(1, 10167))
    assert feed.state(1) is LineState.REQUESTED


def test_only_the_difference_is_sent() -> None:
    feed = Feed(1, 2)
    assert feed.turn().ask == {LIVE: [1, 2]}
    assert feed.turn().ask == {}
    feed.wants = [Want(2, Reason.POSITION), Want(3, Reason.WATCHLIST)]
    plan = feed.turn()
    assert (plan.drop, plan.ask) == ((1,), {LIVE: [3]})


@pytest.mark.parametrize("code", [354, 10089, 10090, 10168, 10186, 10197])
def test_what_is_not_permitted_live_is_asked_for_delayed(code: int) -> None:
    feed = Feed(1)
    feed.turn()
    feed.refuse(1, code)
    plan = feed.turn()
    assert plan.ask == {DELAYED: [1]}
    assert plan.clear == (1,), "the live price must not stay while delayed data comes"
    assert feed.lines.by_id[1].code == code


def test_refused_delayed_too_only_the_close_is_left_until_the_retry() -> None:
    feed = Feed(1)
    feed.turn()
    feed.refuse(1, 354)
    feed.turn()
    feed.refuse(1, 354)
    assert feed.turn().ask == {}
    assert feed.state(1) is LineState.REFUSED
    assert feed.turn(NOW + timedelta(minutes=31)).ask == {LIVE: [1]}


def test_a_competing_session_is_tried_again_after_a_minute() -> None:
    feed = Feed(1)
    feed.turn()
    feed.refuse(1, 10197)
    feed.turn()
    plan = feed.turn(NOW + timedelta(seconds=61))
    assert (plan.drop, plan.ask) == ((1,), {LIVE: [1]})
    assert plan.clear == ()


def test_delayed_data_that_comes_by_itself_keeps_its_line() -> None:
    feed = Feed(1)
    feed.turn()
    assert feed.lines.refuse(error(1, 10167))
    assert feed.turn().ask == {}
    assert feed.lines.by_id[1].asked is DELAYED


def test_an_unknown_contract_takes_no_line_and_says_so() -> None:
    feed = Feed(1, 2, budget=1)
    feed.turn()
    feed.refuse(1, 200)
    assert feed.turn().ask == {LIVE: [2]}
    assert (feed.state(1), feed.lines.by_id[1].code) == (LineState.REFUSED, 200)


def test_when_tws_has_fewer_lines_the_rest_waits() -> None:
    feed = Feed(1, 2, 3)
    feed.turn()
    feed.refuse(3, 101)
    assert feed.turn().ask == {}
    assert feed.state(3) is LineState.WAITING
    assert feed.turn(NOW + timedelta(minutes=6)).ask == {LIVE: [3]}


def test_what_does_not_fit_waits_and_says_why() -> None:
    feed = Feed(1, 2, budget=1)
    feed.turn()
    line = feed.lines.by_id[2]
    assert line.state is LineState.WAITING
    assert line.taken == {"lines": 1, "position": 1}


def test_silence_in_an_open_market_is_a_reason_to_fall_back() -> None:
    feed = Feed(1)
    feed.turn()
    assert feed.look(NOW + timedelta(seconds=21), market_open=False) is False
    assert feed.look(NOW + timedelta(seconds=21)) is True
    plan = feed.turn()
    assert (plan.drop, plan.ask) == ((1,), {DELAYED: [1]})


def test_a_tick_makes_a_line_stream() -> None:
    feed = Feed(1)
    feed.turn()
    feed.ticks[1] = NOW + timedelta(seconds=1)
    assert feed.look(NOW + timedelta(seconds=30)) is False
    assert feed.state(1) is LineState.STREAMING


def test_a_new_link_forgets_every_refusal() -> None:
    feed = Feed(1)
    feed.turn()
    feed.refuse(1, 354)
    feed.lines.reset(NOW)
    assert feed.turn().ask == {LIVE: [1]}


def test_notices_about_the_link_change_no_line() -> None:
    feed = Feed(1)
    feed.turn()
    assert not feed.lines.refuse(error(1, 2103))
    assert not feed.lines.refuse(error(99, 354))


def test_codes_that_are_not_about_the_kind_of_data_have_no_next_kind() -> None:
    assert next_step(LIVE, 200) is None


def test_the_status_says_what_is_missing() -> None:
    feed = Feed(1, 2)
    assert summary([], LIVE) is StreamStatus.CONNECTED
    feed.turn()
    assert summary(feed.lines.by_id.values(), LIVE) is StreamStatus.STARTING
    feed.ticks = {1: NOW, 2: NOW}
    feed.look(NOW)
    assert summary(feed.lines.by_id.values(), LIVE) is StreamStatus.CONNECTED
    feed.kind = PriceKind.DELAYED
    feed.look(NOW)
    assert summary(feed.lines.by_id.values(), LIVE) is StreamStatus.DEGRADED
    assert summary(feed.lines.by_id.values(), DELAYED) is StreamStatus.CONNECTED
    feed.kind = PriceKind.LIVE
    feed.look(NOW)
    feed.refuse(1, 200)
    assert summary(feed.lines.by_id.values(), LIVE) is StreamStatus.DEGRADED
    feed.refuse(2, 200)
    assert summary(feed.lines.by_id.values(), LIVE) is StreamStatus.FAILED
