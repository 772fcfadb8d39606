"""Instruments, chains, bars and streams through a real session against the simulator."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.contrib.auth.models import User
from django.db import connection as database

from apps.accounts.models import Connection
from apps.lib import clock
from apps.lib import redis as store
from apps.lib.errors import Invalid
from apps.lib.queue import Answered, NoAnswer, ask
from apps.marketdata import selectors, services
from apps.marketdata.models import Bar, BarDownload, Instrument, MarketRule, StreamConfig
from ibkr.types import Contract
from tests.factories import hold, make_account, make_connection, make_user
from tests.marketdata_gateway import Gateway, gateway, line, quote, refreshed, resolve, watch
from tests.portal import eventually
from tests.wire.conftest import StartSimulator
from tests.wire.simulator import Simulator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def row(empty_redis: None) -> Connection:
    return make_connection(f"wire-{uuid4().hex[:8]}")


@pytest.fixture
def empty_redis() -> Iterator[None]:
    store.client().flushdb()
    yield
    store.client().flushdb()


@pytest.fixture
def sim(twsim: StartSimulator) -> Simulator:
    return twsim("quiet")


@pytest.fixture
def desk(row: Connection, sim: Simulator) -> Iterator[Gateway]:
    with gateway(row, sim.port) as running:
        yield running


def test_a_symbol_resolves_to_an_instrument_with_hours_and_price_steps(desk: Gateway) -> None:
    found = resolve(desk, "aapl")
    assert (found.con_id, found.symbol, found.currency) == (265598, "AAPL", "USD")
    assert found.long_name == "APPLE INC"
    assert found.liquid_sessions
    assert found.trading_sessions
    rule_id = found.rule_id("SMART")
    assert rule_id is not None
    rule = MarketRule.objects.get(pk=rule_id)
    assert rule.increment_at(found.min_tick or rule.price_bands[0].low_edge) is not None


def test_what_fits_several_is_offered_and_what_fits_none_is_refused(desk: Gateway) -> None:
    with pytest.raises(services.Ambiguous) as several:
        resolve(desk, "AAPL", sec_type="OPT", exchange="")
    assert len(several.value.candidates) > 1
    assert all(row.sec_type == "OPT" for row in several.value.candidates)
    with pytest.raises(services.UnknownInstrument):
        resolve(desk, "NOSUCHNAME")
    with pytest.raises(Invalid) as wrong:
        resolve(desk, " ")
    assert list(wrong.value.fields) == ["symbol"]


def test_what_the_wire_cannot_carry_is_refused_by_the_name_of_its_field(desk: Gateway) -> None:
    with pytest.raises(Invalid) as wrong:
        resolve(desk, "AAPL", currency="美元")
    assert list(wrong.value.fields) == ["currency"]


def test_the_search_offers_what_the_broker_knows(desk: Gateway) -> None:
    found = services.instruments_search(connection=desk.row, text="AAPL")
    assert found[0]["con_id"] == 265598
    assert "OPT" in found[0]["derivatives"]
    assert found[0]["primary_exchange"] == "NASDAQ"


def test_an_option_chain_has_quotes_with_greeks_for_the_expiry_chosen(desk: Gateway) -> None:
    underlying = resolve(desk, "AAPL")
    chains = services.option_chain(connection=desk.row, underlying=underlying)
    expiry = clock.now().date().fromisoformat(chains[0]["expiries"][0])
    options = services.options_fetch(connection=desk.row, underlying=underlying, expiry=expiry)
    assert {row.right for row in options} == {"C", "P"}
    assert all(row.under_con_id == underlying.con_id for row in options)
    absent = expiry + timedelta(days=1)
    with pytest.raises(services.UnknownInstrument):
        services.options_fetch(connection=desk.row, underlying=underlying, expiry=absent)
    near = services.nearest(options, None, count=4)
    services.stream_view(slug=desk.row.slug, con_ids=near, at=clock.now())
    eventually(
        lambda: all("delta" in quote(desk, con_id) for con_id in near),
        within=30,
        what="greeks of the options looked at",
    )


def test_bars_come_in_chunks_with_progress_and_are_fetched_once(desk: Gateway) -> None:
    instrument, at = resolve(desk, "AAPL"), clock.now()

    def wish() -> BarDownload:
        return services.bars_request(
            user=None,
            connection=desk.row,
            instrument=instrument,
            size="5 mins",
            start_at=at - timedelta(days=20),
            at=at,
        )

    download = wish()
    assert download.state == BarDownload.State.QUEUED

    def ended() -> bool:
        download.refresh_from_db()
        return download.state in {BarDownload.State.DONE, BarDownload.State.FAILED}

    eventually(ended, within=40, what="the end of the download")
    assert (download.state, download.progress) == (BarDownload.State.DONE, 1.0), download.sentence
    bars = Bar.objects.filter(instrument=instrument, size="5 mins")
    assert bars.count() > 500
    assert bars.earliest("start_at").start_at < at - timedelta(days=17)
    assert all(bar.low <= bar.open <= bar.high and bar.low <= bar.close <= bar.high for bar in bars)
    assert wish().state == BarDownload.State.DONE, "everything is there already"


def test_the_newest_bars_come_anew_once_for_each_bar_that_ended(desk: Gateway) -> None:
    instrument, at = resolve(desk, "AAPL"), clock.now()

    def ask_latest() -> bool:
        return services.bars_latest_ask(
            connection=desk.row, instrument=instrument, size="5 mins", at=at
        )

    assert [ask_latest(), ask_latest()] == [True, False], "however many pages ask"
    bars = Bar.objects.filter(instrument=instrument, size="5 mins")
    eventually(lambda: bars.count() >= 20, within=30, what="the bars of two hours")
    (covered,) = selectors.bars_covered(instrument.con_id, size="5 mins", what="TRADES")
    five = timedelta(minutes=5)
    assert covered.end_at <= clock.now()
    assert covered.end_at.timestamp() % five.total_seconds() == 0, (
        "the bar under way is not complete"
    )
    assert bars.latest("start_at").start_at >= covered.end_at - five


def test_a_download_that_was_cut_goes_on_where_it_stopped(desk: Gateway) -> None:
    instrument, at = resolve(desk, "MSFT"), clock.now()
    old = at - timedelta(days=400)
    download = BarDownload.objects.create(
        instrument=instrument,
        connection=desk.row,
        size="1 day",
        what="TRADES",
        start_at=old,
        end_at=at,
        state=BarDownload.State.RUNNING,
        total_seconds=400 * 86400,
        left_seconds=400 * 86400,
        requested_at=at,
        updated_at=at,
    )
    more = services.bars_next(connection=desk.row, port=desk.port, at=at)
    download.refresh_from_db()
    assert more is True
    assert 0.8 < download.progress < 1
    services.bars_resume()

    def done() -> bool:
        download.refresh_from_db()
        return download.state == BarDownload.State.DONE

    eventually(done, within=30, what="the rest of the download")
    assert len(selectors.bars_covered(instrument.con_id, size="1 day", what="TRADES")) == 1


def test_soon_after_the_link_is_up_a_year_of_daily_bars_of_what_is_held_is_there(
    desk: Gateway,
) -> None:
    rows = [resolve(desk, name) for name in ("AAPL", "MSFT")]
    hold(make_account(desk.row), *((row.contract, "1", "100") for row in rows))
    desk.refresh()

    def kept() -> bool:
        bars = Bar.objects.filter(size="1 day")
        return all(bars.filter(instrument=row).count() > 200 for row in rows)

    eventually(kept, within=60, what="a year of days")
    desk.refresh()
    asked = BarDownload.objects.filter(user=None, size="1 day").count()
    assert asked == 2, "once, not with every refresh"


def test_what_a_user_watches_streams_and_what_is_dropped_stops(desk: Gateway) -> None:
    apple, future = resolve(desk, "AAPL"), resolve(desk, "EUR", sec_type="CASH", exchange="")
    watch(desk, apple, future)
    desk.refresh()
    assert desk.port.streaming() == {apple.con_id, future.con_id}
    eventually(lambda: "bid" in quote(desk, apple.con_id), within=30, what="a quote")
    eventually(
        lambda: line(desk, apple.con_id).get("state") == "streaming", within=30, what="the state"
    )
    services.watchlist_remove(selectors.watchlists_of(_alice())[0], con_id=apple.con_id)
    eventually(
        lambda: desk.port.streaming() == {future.con_id}, within=30, what="one line to be closed"
    )
    eventually(lambda: not quote(desk, apple.con_id), within=30, what="its quote to go")


def test_without_live_data_delayed_data_comes_and_says_so(
    row: Connection, twsim: StartSimulator
) -> None:
    sim = twsim("quiet")
    sim.fault("delayed_only")
    with gateway(row, sim.port) as desk:
        apple = resolve(desk, "AAPL")
        watch(desk, apple)
        desk.refresh()
        eventually(
            lambda: refreshed(desk) and quote(desk, apple.con_id).get("kind") == "delayed",
            within=30,
            what="delayed quotes",
        )
        eventually(lambda: line(desk, apple.con_id)["kind"] == "delayed", within=30, what="state")
        assert line(desk, apple.con_id)["code"] in {354, 10089, 10090, 10167, 10168, 10186}
        config = StreamConfig.objects.get(connection=row)
        assert config.status == "degraded"


def test_a_position_whose_exchange_is_not_told_streams_once_its_details_are_known(
    desk: Gateway,
) -> None:
    future = resolve(desk, "ES", sec_type="FUT", exchange="CME", expiry=_first_expiry(desk, "ES"))
    Instrument.objects.filter(pk=future.pk).delete()
    unknown = Contract(con_id=999, symbol="GONE", sec_type="FUT", currency="USD")
    told = replace(future.contract, exchange="", primary_exchange="")
    hold(make_account(desk.row), (told, "1", "100"), (unknown, "1", "100"))
    desk.refresh()
    eventually(
        lambda: desk.port.streaming() == {future.con_id}, within=30, what="the future's stream"
    )
    eventually(lambda: line(desk, 999).get("state") == "refused", within=30, what="a refusal")
    assert line(desk, 999)["code"] == 200


def test_a_competing_session_is_said_plainly_and_ends_when_tried_again(
    desk: Gateway, sim: Simulator
) -> None:
    apple = resolve(desk, "AAPL")
    watch(desk, apple)
    eventually(lambda: line(desk, apple.con_id).get("kind") == "live", within=30, what="live data")
    sim.fault("competing_session")
    desk.error(10197)
    eventually(
        lambda: refreshed(desk) and quote(desk, apple.con_id).get("kind") == "close",
        within=30,
        what="the last close in place of the live price",
    )
    told = line(desk, apple.con_id)
    assert (told["state"], told["code"], told["kind"]) == ("refused", 10197, "close")
    assert selectors.explained(told)["remedy"]
    assert "last" not in quote(desk, apple.con_id), "no live price may be left"
    sim.fault("competing_session", on=False)
    desk.streams.try_again()
    eventually(
        lambda: line(desk, apple.con_id).get("kind") == "live", within=30, what="live data again"
    )


def test_when_tws_has_fewer_lines_than_configured_the_rest_waits(
    row: Connection, twsim: StartSimulator
) -> None:
    sim = twsim("quiet", options=("--set", "lines=3"))
    with gateway(row, sim.port) as desk:
        rows = [resolve(desk, name) for name in ("AAPL", "MSFT", "NVDA", "AMZN", "META")]
        watch(desk, *rows)
        desk.refresh()
        desk.error(101)
        eventually(
            lambda: refreshed(desk) and len(desk.port.streaming()) == 3,
            within=30,
            what="three lines",
        )
        states = [line(desk, row.con_id)["state"] for row in rows]
        assert states[3:] == ["waiting", "waiting"]


def test_a_dropped_link_streams_again_by_itself(desk: Gateway, sim: Simulator) -> None:
    apple = resolve(desk, "AAPL")
    watch(desk, apple)
    eventually(
        lambda: line(desk, apple.con_id).get("state") == "streaming", within=30, what="a stream"
    )
    began_at = clock.now()
    sim.fault("drop")

    def back() -> bool:
        ticked_at = desk.pipeline.last_tick_at(apple.con_id)
        if ticked_at is None or ticked_at < began_at or not desk.port.accounts:
            return False
        return line(desk, apple.con_id).get("state") == "streaming"

    eventually(back, within=30, what="the stream on the new link")


def test_more_than_the_lines_wait_and_show_their_last_close(desk: Gateway) -> None:
    names = ["AAPL", "MSFT", "NVDA"]
    rows = [resolve(desk, name) for name in names]
    services.stream_save(services.stream_config(desk.row.pk), max_symbols=2)
    watch(desk, *rows)
    desk.refresh()
    assert desk.port.streaming() == {row.con_id for row in rows[:2]}
    assert line(desk, rows[2].con_id)["state"] == "waiting"
    eventually(
        lambda: quote(desk, rows[2].con_id).get("kind") == "close", within=30, what="its close"
    )
    assert Bar.objects.filter(instrument=rows[2], size="1 day").exists()


def test_stop_ends_every_line_and_start_opens_them_again(desk: Gateway) -> None:
    apple = resolve(desk, "AAPL")
    watch(desk, apple)
    root = make_user("root", is_superuser=True)
    desk.refresh()
    services.stream_stop(user=root, connection=desk.row)
    eventually(lambda: not desk.port.streaming(), within=30, what="no line")
    services.stream_start(user=root, connection=desk.row)
    eventually(lambda: desk.port.streaming() == {apple.con_id}, within=30, what="the line again")


def test_ticks_and_steady_refreshes_write_nothing_to_the_database(
    desk: Gateway, sim: Simulator
) -> None:
    apple = resolve(desk, "AAPL")
    watch(desk, apple)
    eventually(
        lambda: line(desk, apple.con_id).get("state") == "streaming", within=30, what="a stream"
    )
    written: list[str] = []

    def moved(before: str) -> bool:
        return bool(quote(desk, apple.con_id)["bid"] != before)

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        if not sql.lstrip().upper().startswith(("SELECT", "SAVEPOINT", "RELEASE")):
            written.append(sql)
        return execute(sql, *rest)

    with database.execute_wrapper(note):
        for price in (300.0, 310.0):
            before = quote(desk, apple.con_id)["bid"]
            sim.market("AAPL", price)
            eventually(partial(moved, before), within=30, what="a new price")
        desk.refresh()
    assert written == []


def test_the_state_of_streams_and_its_events_agree(desk: Gateway) -> None:
    apple = resolve(desk, "AAPL")
    watch(desk, apple)
    desk.refresh()
    told = orjson.loads(store.client().get(store.STREAMS.format(slug=desk.row.slug)) or b"{}")
    assert told["symbols"] == 1
    assert str(apple.con_id) in told["lines"]


def test_a_question_the_broker_refuses_is_answered_in_the_readers_language(desk: Gateway) -> None:
    with pytest.raises(Answered) as refused:
        ask("marketdata.resolve", slug=desk.row.slug, query={"con_id": 1})
    assert refused.value.code == "200"
    assert refused.value.remedy


def test_a_question_nobody_answers_ends_in_time(desk: Gateway) -> None:
    with pytest.raises(NoAnswer):
        ask("marketdata.no_such_task", slug=desk.row.slug, timeout=0.5, text="x")
    assert store.client().keys("ibportal:reply:*") == []


def _first_expiry(desk: Gateway, symbol: str) -> date | None:
    with pytest.raises(services.Ambiguous) as several:
        resolve(desk, symbol, sec_type="FUT", exchange="CME")
    return min(row.expiry for row in several.value.candidates if row.expiry is not None)


def _alice() -> User:
    return User.objects.get(username="alice")
