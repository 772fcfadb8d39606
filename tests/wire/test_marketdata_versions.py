"""What the market data must do, at the oldest and newest text version and in protobuf."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from apps.accounts.models import Connection
from apps.lib import clock
from apps.lib import redis as store
from apps.marketdata import lines, selectors, services
from apps.marketdata.models import Bar, Instrument, StreamConfig, Watchlist
from ibkr.errors import explain
from tests.django.test_pages import words_of
from tests.factories import hold, make_account, make_connection
from tests.marketdata_gateway import Gateway, gateway, line, quote, refreshed, resolve, watch
from tests.marketdata_pages import page
from tests.portal import eventually
from tests.wire.conftest import StartSimulator
from tests.wire.simulator import Simulator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
QUIET = Path(__file__).parents[2] / "twsim" / "scenarios" / "quiet.toml"
SIDES = ("", "bid_", "ask_", "last_")
COMPUTED = ("iv", "delta", "gamma", "vega", "theta", "option_price", "und", "dividends_pv")


@pytest.fixture(params=[176, 200, 226], ids=lambda version: f"v{version}")
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def row(settings: Settings) -> Iterator[Connection]:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # whitenoise warns without it
    store.client().flushdb()
    yield make_connection(f"wire-{uuid4().hex[:8]}")
    store.client().flushdb()


@pytest.fixture
def sim(twsim: StartSimulator, version: int) -> Simulator:
    return twsim("quiet", server_version=version)


@pytest.fixture
def desk(row: Connection, sim: Simulator) -> Iterator[Gateway]:
    with gateway(row, sim.port) as running:
        yield running


def options(desk: Gateway, symbol: str, count: int) -> list[Instrument]:
    """Of the nearest expiries."""
    underlying = resolve(desk, symbol)
    chain = services.option_chain(connection=desk.row, underlying=underlying)[0]
    found: list[Instrument] = []
    for expiry in chain["expiries"]:
        if len(found) >= count:
            break
        day = clock.now().date().fromisoformat(expiry)
        found += services.options_fetch(connection=desk.row, underlying=underlying, expiry=day)
    assert len(found) >= count
    return found[:count]


def _from_the_middle(option: Instrument) -> Decimal:
    return abs((option.strike or Decimal(0)) - 260)


def watchlist_of(name: str) -> Watchlist:
    return selectors.watchlists_of(User.objects.get(username=name))[0]


def told(desk: Gateway) -> dict[str, Any]:
    desk.refresh()
    return selectors.stream_state(StreamConfig.objects.get(connection=desk.row))


def notes(*instruments: Instrument) -> str:
    """What the pages say about these."""
    ids = ",".join(str(row.con_id) for row in instruments)
    return words_of(page(User.objects.get(username="alice"), "notes", ids=ids))


def test_stocks_currencies_and_options_stream_with_all_their_greeks(desk: Gateway) -> None:
    apple, euro = resolve(desk, "AAPL"), resolve(desk, "EUR", sec_type="CASH", exchange="")
    option = min(options(desk, "AAPL", 42), key=_from_the_middle)
    watch(desk, apple, euro, option)
    desk.refresh()
    wanted = {f"{side}{name}" for side in SIDES for name in COMPUTED}
    eventually(
        lambda: wanted <= quote(desk, option.con_id).keys(),
        within=30,
        what="the greeks of bid, ask, last and model",
    )
    eventually(
        lambda: (
            {"bid", "ask", "last", "high", "low", "close", "open", "volume", "low_52w"}
            <= quote(desk, apple.con_id).keys()
        ),
        within=30,
        what="all of a stock's quote",
    )
    eventually(lambda: "bid" in quote(desk, euro.con_id), within=30, what="a currency's quote")
    kinds = {quote(desk, row.con_id)["kind"] for row in (apple, euro, option)}
    assert kinds == {"live"}


def test_of_two_hundred_the_hundred_that_matter_stream_and_the_rest_say_why(desk: Gateway) -> None:
    found = options(desk, "SPY", 200)
    held, listed = found[:40], found[40:]
    account = make_account(desk.row)
    hold(account, *((row.contract, "1", "500") for row in held))
    watch(desk, *listed)

    state = told(desk)
    first = {row.con_id for row in (*held, *listed[:60])}
    assert desk.port.streaming() == first
    assert (state["symbols"], state["waiting"], state["refused"]) == (200, 100, 0)
    eventually(lambda: told(desk)["streaming"] == 100, within=60, what="a hundred streams")
    assert [error for error in desk.errors if error.code == lines.MAX_TICKERS] == []
    assert {quote(desk, con_id)["kind"] for con_id in first} == {"live"}
    waiting = line(desk, listed[60].con_id)
    words = selectors.explained(waiting)
    assert "100 market data lines are taken: 40 for positions, 60 for watch" in words["sentence"]
    assert words["remedy"]
    assert "No market data line is left" in notes(*listed)

    hold(account)
    desk.refresh()
    assert desk.port.streaming() == {row.con_id for row in listed[:100]}


def test_where_live_data_is_not_subscribed_forty_options_all_come_delayed(
    row: Connection, sim: Simulator
) -> None:
    sim.fault("delayed_only")
    with gateway(row, sim.port) as desk:
        found = options(desk, "AAPL", 40)
        watch(desk, *found)
        eventually(
            lambda: told(desk)["streaming"] == 40, within=60, what="forty delayed instruments"
        )
        entries = [told(desk)["lines"][str(row.con_id)] for row in found]
        assert {(entry["state"], entry["kind"]) for entry in entries} == {("streaming", "delayed")}
        assert {entry["code"] for entry in entries} <= {10167, 10168}
        assert {quote(desk, row.con_id)["kind"] for row in found} == {"delayed"}
        eventually(
            lambda: all("ask_delta" in quote(desk, row.con_id) for row in found),
            within=60,
            what="delayed greeks of the ask",
        )
        assert "Delayed data only" in notes(*found)


def test_however_tws_says_that_live_data_is_not_subscribed_delayed_data_comes(
    desk: Gateway, sim: Simulator
) -> None:
    rows = [resolve(desk, name) for name in ("AAPL", "MSFT", "NVDA", "AMZN", "META")]
    watch(desk)
    for row, code in zip(rows, (354, 10089, 10090, 10168, 10186), strict=True):
        if code == 10090:
            sim.fault("delayed_only", on=False)
        sim.fault("partly_subscribed", on=code == 10090)
        if code != 10090:
            sim.fault("delayed_only", code=code)
        services.watchlist_add(watchlist_of("alice"), instrument=row)
        eventually(
            lambda row=row: line(desk, row.con_id).get("kind") == "delayed",  # type: ignore[misc]
            within=60,
            what=f"delayed data after {code}",
        )
        assert line(desk, row.con_id)["state"] == "streaming"
        # Prices are flushed to Redis a little after the line has become another.
        eventually(
            lambda row=row: quote(desk, row.con_id).get("kind") == "delayed",  # type: ignore[misc]
            within=60,
            what=f"delayed prices after {code}",
        )
        assert code in {error.code for error in desk.errors if error.con_id == row.con_id}


def test_a_farm_that_breaks_is_said_and_prices_flow_again_when_it_is_back(
    desk: Gateway, sim: Simulator
) -> None:
    apple = resolve(desk, "AAPL")
    watch(desk, apple)
    desk.refresh()
    eventually(lambda: "bid" in quote(desk, apple.con_id), within=30, what="a quote")
    before = quote(desk, apple.con_id)["bid"]

    sim.fault("farm", farm="data")
    desk.error(2103)
    sim.market("AAPL", 311.0)
    desk.refresh()
    said = notes(apple)
    assert "a data farm is down" in said
    assert explain(2103).explanation("en").meaning in said
    assert quote(desk, apple.con_id)["bid"] == before
    assert line(desk, apple.con_id)["state"] == "streaming", "the line itself is kept"

    farms = len([error for error in desk.errors if error.code == 2104])
    sim.fault("farm", farm="data", on=False)
    eventually(
        lambda: len([error for error in desk.errors if error.code == 2104]) > farms,
        within=30,
        what="2104",
    )
    eventually(
        lambda: quote(desk, apple.con_id)["bid"].startswith("31"), within=30, what="the new price"
    )
    desk.refresh()
    assert "a data farm is down" not in notes(apple)


def test_a_broken_history_farm_is_said_and_leaves_streams_alone(
    desk: Gateway, sim: Simulator
) -> None:
    apple = resolve(desk, "AAPL")
    watch(desk, apple)
    eventually(
        lambda: line(desk, apple.con_id).get("state") == "streaming", within=30, what="a stream"
    )
    sim.fault("farm", farm="history")
    desk.error(2105)
    refused = services.closes_fetch(desk.port, con_ids=[apple.con_id], at=clock.now())
    assert refused == [apple.con_id]
    desk.refresh()
    assert explain(2105).explanation("en").meaning in notes(apple)
    assert line(desk, apple.con_id)["state"] == "streaming"
    sim.fault("farm", farm="history", on=False)
    eventually(
        lambda: refreshed(desk) and "a data farm is down" not in notes(apple),
        within=30,
        what="2106",
    )


def test_with_neither_live_nor_delayed_data_the_close_of_the_last_session_stands_in(
    row: Connection, twsim: StartSimulator, version: int, tmp_path: Path
) -> None:
    scenario = tmp_path / "nothing.toml"
    scenario.write_text(f'{QUIET.read_text()}\n[data]\ndefault = "none"\n')
    with gateway(row, twsim(str(scenario), server_version=version).port) as desk:
        apple = resolve(desk, "AAPL")
        watch(desk, apple)
        eventually(
            lambda: refreshed(desk) and quote(desk, apple.con_id).get("kind") == "close",
            within=60,
            what="the last close",
        )
        entry, shown = line(desk, apple.con_id), quote(desk, apple.con_id)
        assert (entry["state"], entry["code"], entry["kind"]) == ("refused", 354, "close")
        assert not {"bid", "ask", "last", "mark"} & shown.keys()
        bars = Bar.objects.filter(instrument=apple, size="1 day").order_by("-start_at")
        today = clock.now().astimezone(ZoneInfo(apple.time_zone)).date()
        assert bars[0].start_at.date() >= today, "today's bar is there, unfinished"
        assert float(shown["close"]) == float(bars[1].close)
        assert "No permission for live data" in notes(apple)
        assert desk.port.streaming() == frozenset()


def test_a_line_on_which_nothing_comes_says_so_and_shows_the_close(
    desk: Gateway, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "NO_DATA_AFTER", timedelta(seconds=1))
    apple = resolve(desk, "AAPL")
    sim.fault("farm", farm="data")
    desk.error(2103)
    watch(desk, apple)
    eventually(
        lambda: refreshed(desk) and quote(desk, apple.con_id).get("kind") == "close",
        within=60,
        what="the last close",
    )
    assert line(desk, apple.con_id)["code"] == 0
    assert "Nothing comes" in notes(apple)
