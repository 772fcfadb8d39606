"""Streams, watchlists, bars and stored instruments, without a broker."""

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from apps.accounts.models import Connection
from apps.accounts.patches import patched
from apps.lib import redis as store
from apps.lib.errors import NotAllowed, Unavailable
from apps.lib.queue import NoAnswer, answer, ask
from apps.marketdata import selectors, services
from apps.marketdata.barplan import Span
from apps.marketdata.budget import Reason
from apps.marketdata.ingest import on_bars, on_contract_details
from apps.marketdata.models import Bar, BarRange, Instrument, Source, StreamConfig
from apps.marketdata.services.bars import bars_store
from apps.marketdata.topics import TOPICS, stream_topic
from ibkr.types import Session
from ibportal.celery import app
from tests.factories import (
    NOON,
    hold,
    later,
    make_account,
    make_connection,
    make_user,
    publications,
    stock,
    worker_says,
)
from tests.marketdata_data import OPEN, bar, details, instrument, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TWO_DAYS = (*OPEN, Session(OPEN[0].start_at + DAY, OPEN[0].end_at + DAY))


@pytest.fixture
def paper() -> Connection:
    return make_connection("paper")


@pytest.fixture
def config(paper: Connection) -> StreamConfig:
    return services.stream_config(paper.pk)


def watch(user: User, *instruments: Instrument) -> None:
    watchlist = services.watchlist_create(user=user, name="Mine")
    for row in instruments:
        services.watchlist_add(watchlist, instrument=row)


def test_details_are_stored_once_for_each_con_id_smart_first() -> None:
    found = [details(exchange="NASDAQ"), details(exchange="SMART"), details(exchange="ARCA")]
    (row,) = on_contract_details(details=found, at=NOON)
    row = Instrument.objects.get(pk=row.pk)
    assert (row.exchange, row.contract.exchange) == ("SMART", "SMART")
    assert row.rule_id("NASDAQ") == 26
    on_contract_details(details=[details(long_name="NEW NAME")], at=later(hours=1))
    assert Instrument.objects.get().long_name == "NEW NAME"
    assert selectors.details_due([row.con_id, 9], later(hours=2)) == [9]
    assert selectors.details_due([row.con_id], later(days=2)) == [row.con_id]


def test_everything_wanted_is_found_with_its_reason(
    paper: Connection, config: StreamConfig
) -> None:
    account = make_account(paper)
    hold(account, (stock(), "10", "100"))
    watched, viewed, target = instrument(2, "A"), instrument(3, "B"), instrument(4, "C")
    watch(make_user("alice", account), watched)
    watch(make_user("bob", make_account(make_connection("other"), "DU7654321")), instrument(5, "D"))
    services.stream_targets_set(connection=paper, con_ids=[target.con_id])
    services.stream_view(slug=paper.slug, con_ids=[viewed.con_id], at=NOON)
    wanted = selectors.wanted(config, NOON)
    assert {want.con_id: want.reason for want in wanted.wants} == {
        265598: Reason.POSITION,
        4: Reason.TARGET,
        2: Reason.WATCHLIST,
        3: Reason.BROWSING,
    }
    config.watchlists = config.targets = False
    later_on = selectors.wanted(config, later(minutes=5))
    assert [want.con_id for want in later_on.wants] == [265598]


@pytest.mark.django_db(transaction=True)
def test_a_stream_is_its_snapshot_and_its_events(paper: Connection, config: StreamConfig) -> None:
    line = {"reason": "position", "state": "requested", "kind": "missing"}
    with worker_says(paper), publications() as events:
        page = selectors.stream_state(config)
        first = told({"1": line, "2": line}, "starting")
        services.streams.stream_tell(config, first, at=NOON)
        second = told({"1": line | {"state": "streaming", "kind": "live"}}, "connected")
        services.streams.stream_tell(config, second, at=NOON)
        services.stream_save(config, enabled=False)
        for topic, patch in events:
            assert topic == stream_topic(paper.slug)
            page = patched(page, patch)
        assert page == selectors.stream_state(config)
    assert page["status"] == "stopped"


@pytest.mark.django_db(transaction=True)
def test_a_dead_worker_is_noticed_once_and_told(paper: Connection, config: StreamConfig) -> None:
    line = {"reason": "position", "state": "streaming", "kind": "live"}
    with worker_says(paper):
        services.streams.stream_tell(config, told({"1": line}, "connected"), at=NOON)
        page = selectors.stream_state(config)
    with publications() as events:
        services.streams_check(at=NOON)
        services.streams_check(at=NOON)
    assert len(events) == 1
    config.refresh_from_db()
    assert (config.status, config.status_at) == ("failed", NOON)
    assert patched(page, events[0][1]) == selectors.stream_state(config)


def test_topics_are_for_those_with_an_account_on_the_connection(paper: Connection) -> None:
    topics = {topic.prefix: topic for topic in TOPICS}
    alice, bob = make_user("alice", make_account(paper)), make_user("bob")
    assert topics["streams"].allowed(alice, "paper")
    assert not topics["streams"].allowed(bob, "paper")
    download = services.bars_request(
        user=alice,
        connection=paper,
        instrument=instrument(),
        size="1 day",
        start_at=NOON - DAY,
        at=NOON,
    )
    key = str(download.pk)
    assert topics["downloads"].allowed(alice, key)
    assert topics["downloads"].snapshot(alice, key)["state"] == "queued"
    assert not topics["downloads"].allowed(bob, key)
    assert not topics["downloads"].allowed(alice, "x")


def test_looking_at_a_page_needs_no_permission_but_stopping_the_stream_does(
    paper: Connection,
) -> None:
    alice = make_user("alice", make_account(paper))
    with pytest.raises(NotAllowed):
        services.stream_stop(user=alice, connection=paper)


def test_bars_are_overwritten_by_newer_answers_and_never_by_another_source() -> None:
    con_id = instrument().con_id
    on_bars(con_id=con_id, size="1 day", what="TRADES", bars=[bar(NOON, "1")])
    on_bars(con_id=con_id, size="1 day", what="TRADES", bars=[bar(NOON, "2")])
    foreign = [bar(NOON, "3"), bar(NOON + DAY, "4")]
    on_bars(con_id=con_id, size="1 day", what="TRADES", bars=foreign, source=Source.FMP)
    rows = Bar.objects.order_by("start_at").values_list("close", "source")
    assert list(rows) == [(Decimal(2), "ib"), (Decimal(4), "fmp")]
    assert selectors.last_closes([con_id], NOON + 2 * DAY).bars[con_id].close == 4
    assert selectors.last_closes([con_id], NOON + 30 * DAY).bars == {}


def _fetched(con_id: int, closes: dict[int, str], at: datetime) -> None:
    """Daily bars by day of March 2026, as a request at `at` brought them."""
    bars = tuple(bar(datetime(2026, 3, day, tzinfo=UTC), close) for day, close in closes.items())
    first_at = min(found.start_at for found in bars)
    span = Span(first_at, at)
    bars_store(con_id=con_id, size="1 day", what="TRADES", bars=bars, covered=span)


def test_during_a_session_the_close_is_that_of_the_session_before() -> None:
    con_id = instrument().con_id
    _fetched(con_id, {2: "20", 3: "30", 4: "44"}, NOON)

    found = selectors.last_closes([con_id], NOON + HOUR)

    assert float(found.bars[con_id].close) == 30
    assert found.due == []


def test_a_bar_fetched_in_mid_session_is_no_close_after_it_either_until_fetched_anew() -> None:
    con_id = instrument(liquid_sessions=TWO_DAYS).con_id
    _fetched(con_id, {3: "30", 4: "44"}, NOON)
    evening = NOON + 5 * HOUR

    before = selectors.last_closes([con_id], evening)
    _fetched(con_id, {3: "30", 4: "45"}, evening)
    after = selectors.last_closes([con_id], evening + HOUR)

    assert [float(found.bars[con_id].close) for found in (before, after)] == [30, 45]
    assert after.due == []


def test_a_close_is_due_when_a_session_has_passed_since_and_on_holidays_only_once() -> None:
    con_id = instrument().con_id
    _fetched(con_id, {3: "30", 4: "44"}, NOON)
    next_noon = NOON + DAY

    before = selectors.last_closes([con_id], next_noon)
    _fetched(con_id, {3: "30"}, next_noon)
    after = selectors.last_closes([con_id], next_noon)

    assert (before.due, after.due) == ([con_id], [])
    assert selectors.last_closes([4711], NOON).due == [4711]


def test_what_a_person_waits_for_goes_before_what_is_only_kept(paper: Connection) -> None:
    alice = make_user("alice", make_account(paper))
    for con_id, user in ((1, None), (2, None), (3, alice)):
        services.bars_request(
            user=user,
            connection=paper,
            instrument=instrument(con_id, f"S{con_id}"),
            size="1 day",
            start_at=NOON - 30 * DAY,
            at=NOON + con_id * HOUR,
        )

    order = [download.instrument_id for download in selectors.downloads_open(paper.pk)]

    assert order == [3, 1, 2]


def test_stretches_that_touch_become_one() -> None:
    con_id = instrument().con_id
    for start, end in ((0, 2), (5, 7), (2, 5), (1, 6)):
        span = Span(NOON + start * DAY, NOON + end * DAY)
        bars_store(con_id=con_id, size="1 day", what="TRADES", bars=(), covered=span)
    (row,) = BarRange.objects.all()
    assert (row.start_at, row.end_at) == (NOON, NOON + 7 * DAY)


def test_a_year_of_daily_bars_is_kept_of_what_is_held(paper: Connection) -> None:
    hold(make_account(paper), (stock(), "10", "100"))
    held = instrument()
    services.bars_keep(at=NOON)
    services.bars_keep(at=later(hours=1))
    (download,) = held.downloads.all()
    assert (download.size, download.user) == ("1 day", None)
    assert download.start_at == NOON - timedelta(days=364)


def test_without_a_worker_a_question_is_refused_at_once(paper: Connection) -> None:
    started = time.monotonic()
    with pytest.raises(Unavailable):
        ask("marketdata.search", slug=paper.slug, timeout=60, text="AAPL")
    assert time.monotonic() - started < 30


def test_a_question_ends_when_nobody_answers_or_the_worker_goes(paper: Connection) -> None:
    with worker_says(paper), pytest.raises(NoAnswer):
        ask("marketdata.search", slug=paper.slug, timeout=0.3, text="AAPL")
    lease = store.LEASE.format(name=f"connection:{paper.slug}")
    store.client().set(lease, "{}", px=300)
    started = time.monotonic()
    with pytest.raises(Unavailable):
        ask("marketdata.search", slug=paper.slug, timeout=60, text="AAPL")
    assert time.monotonic() - started < 30


def test_an_answer_reaches_whoever_waits_and_an_unexpected_error_is_both_said_and_raised() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    answer("test:reply", "en", lambda: {"found": [1]})
    assert store.client().rpop("test:reply") == b'{"answer":{"found":[1]}}'
    assert store.client().ttl("test:reply") in range(-2, 61)
    with pytest.raises(ZeroDivisionError):
        answer("test:reply", "en", fail)
    raw = store.client().rpop("test:reply")
    assert isinstance(raw, bytes)
    assert b'"status":500' in raw


def test_every_task_that_is_enqueued_by_name_is_registered() -> None:
    app.loader.import_default_modules()
    names = {
        "stream_refresh",
        "stream_refresh_here",
        "bars_resume",
        "bars_keep",
        "bars_next",
        "closes_fetch",
        "fmp_closes",
        "details_fetch",
        "search",
        "resolve",
        "chain",
        "chain_expiry",
    }
    assert {f"marketdata.{name}" for name in names} <= set(app.tasks)
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert scheduled <= set(app.tasks)
