"""The market data pages as a browser without scripts gets them."""

from datetime import timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from apps.accounts.models import Connection
from apps.lib import clock
from apps.lib import redis as store
from apps.marketdata import charts, services
from apps.marketdata.barplan import Span
from apps.marketdata.ingest import on_bars, on_market_rules
from apps.marketdata.models import BarDownload, Watchlist
from apps.marketdata.services.bars import bars_store
from apps.marketdata.shown import shown
from ibkr.types import MarketRule, PriceBand
from tests.django.test_pages import words_of
from tests.factories import worker_says
from tests.marketdata_data import bar, instrument, milliseconds, put_quotes
from tests.marketdata_pages import (
    APPLE,
    around_the_clock,
    client_of,
    closed_now,
    list_with_apple,
    page,
    post,
    quote,
)

SECOND = timedelta(seconds=1)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]


@pytest.fixture
def mine(alice: User) -> Watchlist:
    return list_with_apple(alice)


@pytest.mark.parametrize(
    "address",
    ["/quotes/", "/quotes/1/", "/instruments/1/", "/instruments/1/options/", "/streams/"],
)
def test_a_stranger_is_sent_to_the_login_page(address: str) -> None:
    response = Client().get(address)

    assert (response.status_code, response["Location"]) == (302, f"/login/?next={address}")


def test_a_list_is_made_renamed_and_deleted(alice: User) -> None:
    assert "You have no watchlist yet" in words_of(page(alice, "quotes"))
    assert "The list is empty" in words_of(post(alice, "watchlist-new", name="Mine"))
    pk = Watchlist.objects.get().pk
    assert "Yours" in words_of(post(alice, "watchlist-edit", pk, name="Yours"))
    assert "You have no watchlist yet" in words_of(post(alice, "watchlist-edit", pk, delete="1"))


def test_a_name_that_is_taken_is_said_on_the_page(alice: User, mine: Watchlist) -> None:
    assert "cannot be saved like this" in words_of(post(alice, "watchlist-new", name="Mine"))


def test_lists_are_their_owners_alone(alice: User, bob: User, mine: Watchlist) -> None:
    for name in ("watchlist", "watchlist-search"):
        assert page(bob, name, mine.pk).status_code == 404
    for name in ("watchlist-edit", "watchlist-add", "watchlist-items"):
        assert post(bob, name, mine.pk, con_id=APPLE).status_code == 404
    assert page(alice, "watchlist", mine.pk).status_code == 200


@pytest.mark.parametrize("kind", ["live", "delayed", "frozen", "delayed_frozen", "close"])
def test_a_price_says_what_it_is(
    alice: User, paper: Connection, mine: Watchlist, kind: str
) -> None:
    put_quotes(paper.slug, {APPLE: quote(kind=kind)})

    content = page(alice, "quotes").content.decode()

    assert f'data-q="kind" data-kind="{kind}"' in content
    assert "101.50" in content


def test_the_change_is_that_since_the_last_close(
    alice: User, paper: Connection, mine: Watchlist
) -> None:
    put_quotes(paper.slug, {APPLE: quote(last="99")})

    text = words_of(page(alice, "quotes"))

    assert "−1.00" in text
    assert 'data-sign="down"' in page(alice, "quotes").content.decode()


def test_an_old_price_and_one_of_a_silent_gateway_are_stale(
    alice: User, paper: Connection, mine: Watchlist
) -> None:
    put_quotes(paper.slug, {APPLE: quote(clock.now() - timedelta(hours=1))})
    old = page(alice, "quotes").content.decode()
    store.client().flushdb()
    put_quotes(paper.slug, {APPLE: quote()}, alive=False)
    silent = page(alice, "quotes").content.decode()

    for content in (old, silent):
        assert 'data-q="kind" data-kind="stale"' in content
        assert 'data-kind="live"' not in content


def test_a_price_is_painted_stale_when_tws_has_lost_its_broker(
    alice: User, paper: Connection, mine: Watchlist
) -> None:
    put_quotes(paper.slug, {APPLE: quote()})
    for code, kind in (("", "live"), ("1100", "stale")):
        with worker_says(paper, "degraded", code=code):
            for name, args in (("quotes", ()), ("instrument", (APPLE,))):
                content = page(alice, name, *args).content.decode()
                assert f'data-q="kind" data-kind="{kind}"' in content


def test_options_show_the_middle_and_not_an_old_trade(alice: User, paper: Connection) -> None:
    option = around_the_clock(7, "AAPL  C", sec_type="OPT")
    put_quotes(paper.slug, {7: quote(last="3", bid="4.10", ask="4.30")})

    content = page(alice, "instrument", option.con_id).content.decode()

    assert 'data-q="price" data-format="price" data-value="4.2"' in content


def test_an_option_far_from_the_money_says_that_it_has_no_line(paper: Connection) -> None:
    option = around_the_clock(7, "AAPL  C", sec_type="OPT")
    why = "no line: only the 1 nearest options stream"

    def side(near: list[int] | None) -> str:
        (row,) = shown([paper.slug], [option], clock.now())
        return render_to_string("marketdata/chainside.html", {"row": row, "near": near})

    assert f'title="{why}">no price</span> <span class="away">{why}</span>' in side([8])
    assert "no line" not in side([7]) + side(None)
    with translation.override("zh-hant"):
        assert "沒有線路：只有最接近現價的 1 個期權接收行情" in side([8])
    put_quotes(paper.slug, {7: quote()})
    assert f'title="{why}"' not in side([8])


def test_items_are_moved_and_removed(alice: User, mine: Watchlist) -> None:
    services.watchlist_add(mine, instrument=around_the_clock(2, "MSFT"))

    def order() -> list[int]:
        return list(mine.items.order_by("position").values_list("instrument_id", flat=True))

    post(alice, "watchlist-items", mine.pk, con_id=2, up="1")
    assert order() == [2, APPLE]
    post(alice, "watchlist-items", mine.pk, con_id=2, up="1")
    assert order() == [2, APPLE]
    post(alice, "watchlist-items", mine.pk, con_id=2, down="1")
    assert order() == [APPLE, 2]
    post(alice, "watchlist-items", mine.pk, con_id=APPLE, remove="1")
    assert order() == [2]


def test_adding_while_no_worker_runs_says_so_and_what_helps(alice: User, mine: Watchlist) -> None:
    text = words_of(post(alice, "watchlist-add", mine.pk, symbol="MSFT", sec_type="STK"))

    assert "The gateway worker of this connection is not running." in text
    assert "Start it, or look at its log" in text


def test_what_is_known_here_is_found_while_the_broker_cannot_be_asked(
    alice: User, mine: Watchlist
) -> None:
    around_the_clock(2, "MSFT", long_name="MICROSOFT CORP")

    text = words_of(page(alice, "watchlist-search", mine.pk, symbol="micro"))

    assert "MICROSOFT CORP" in text
    assert "is not running" in text


def test_a_candidate_that_is_known_is_added_by_its_number(alice: User, mine: Watchlist) -> None:
    around_the_clock(2, "MSFT")

    post(alice, "watchlist-add", mine.pk, con_id=2)

    assert mine.items.count() == 2


def test_the_instrument_page_shows_the_whole_quote(alice: User, paper: Connection) -> None:
    around_the_clock()
    fields: dict[str, Any] = {
        "bid": "101.11", "ask": "101.22", "bid_size": "313", "ask_size": "414",
        "last_size": "515", "high": "103.33", "low": "99.44", "open": "100.55",
        "volume": "6161616", "mark": "101.66", "average_volume": "7171717",
        "low_13w": "81.01", "high_13w": "119.02", "low_26w": "71.03", "high_26w": "129.04",
        "low_52w": "61.05", "high_52w": "139.06", "last_trade_at": "1795266653",
    }  # fmt: skip
    put_quotes(paper.slug, {APPLE: quote(**fields)})

    text = words_of(page(alice, "instrument", APPLE))

    for value in (v for name, v in fields.items() if "volume" not in name and name[-3:] != "_at"):
        assert value in text
    for figure in ("6,161,616", "7,171,717", "2026-11-21"):
        assert figure in text


def test_price_steps_and_hours_are_shown(alice: User) -> None:
    around_the_clock()
    bands = (PriceBand(Decimal(0), Decimal("0.0001")), PriceBand(Decimal(1), Decimal("0.01")))
    on_market_rules(rules=[MarketRule(26, bands)], at=clock.now())
    text = words_of(page(alice, "instrument", APPLE))
    assert "Open now" in text
    assert "0.0001" in text
    assert "SMART, NASDAQ" in text
    closed_now()
    assert "Closed now" in words_of(page(alice, "instrument", APPLE))
    instrument()
    assert "Not known" in words_of(page(alice, "instrument", APPLE))


def test_a_stand_in_close_names_its_day_and_source(alice: User, paper: Connection) -> None:
    closed_now()
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    bars_store(
        con_id=APPLE,
        size="1 day",
        what="TRADES",
        bars=(bar(midnight, "98.7"),),
        covered=Span(midnight, clock.now()),
    )
    close = {"close": "98.7", "kind": "close", "at": milliseconds(midnight + timedelta(days=1))}
    put_quotes(paper.slug, {APPLE: close})

    text = words_of(page(alice, "instrument", APPLE))

    assert f"The close of {midnight:%Y-%m-%d} stands in, from Interactive Brokers." in text
    assert 'data-kind="live"' not in page(alice, "instrument", APPLE).content.decode()


def test_an_unknown_instrument_without_a_worker_is_a_page_that_says_why(alice: User) -> None:
    response = page(alice, "instrument", 4711)

    assert response.status_code == 503
    assert "is not running" in words_of(response)


def test_history_is_asked_for_and_its_progress_followed(alice: User, paper: Connection) -> None:
    around_the_clock()

    content = post(alice, "history", APPLE, size="1 hour", span="31").content.decode()

    download = BarDownload.objects.get()
    assert (download.size, download.state, download.user) == ("1 hour", "queued", alice)
    assert f"downloads:{download.pk}" in content
    assert f'data-download="{download.pk}"' in content


def test_history_of_a_strange_size_is_refused_with_a_sentence(alice: User) -> None:
    around_the_clock()

    assert "This cannot be read." in words_of(post(alice, "history", APPLE, size="7 s", span="31"))
    assert not BarDownload.objects.exists()


def test_without_the_chart_library_the_page_says_what_is_missing(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    around_the_clock()
    monkeypatch.setattr(charts, "FILE", "vendor/not-installed.mjs")

    response = page(alice, "instrument", APPLE)

    assert "The chart library is not installed." in words_of(response)
    assert 'data-library=""' in response.content.decode()


def test_the_chain_of_a_broker_that_cannot_be_asked_says_so(alice: User) -> None:
    around_the_clock()

    response = page(alice, "options", APPLE)

    assert response.status_code == 200
    assert "is not running" in words_of(response)


def test_other_peoples_connections_stay_hidden(bob: User, paper: Connection) -> None:
    around_the_clock()
    put_quotes(paper.slug, {APPLE: quote()})

    content = page(bob, "instrument", APPLE).content.decode()

    assert "101.50" not in content
    assert "quotes:paper" not in content
    assert "paper" not in page(bob, "streams").context["topics"]


def test_an_open_page_has_its_instruments_streamed(alice: User, paper: Connection) -> None:
    assert post(alice, "viewed", connection="paper", ids=f"{APPLE},x,7").status_code == 204

    assert store.client().zrange(store.VIEWED.format(slug="paper"), 0, -1) == [b"265598", b"7"]


def test_the_number_of_queries_does_not_grow_with_the_list(alice: User, mine: Watchlist) -> None:
    client = client_of(alice)
    client.get(reverse("quotes"))  # makes the stream's row
    counts = []
    for con_ids in (range(2, 3), range(3, 40)):
        for con_id in con_ids:
            services.watchlist_add(mine, instrument=around_the_clock(con_id, f"S{con_id}"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("quotes"))
        counts.append(len(queries))

    assert counts[0] == counts[1] < 25


def test_charts_may_have_newest_bars_fetched_and_use_up_no_more_than_a_third_of_the_pacing(
    alice: User, bob: User, paper: Connection
) -> None:
    found = around_the_clock()
    at = clock.now().replace(minute=0, second=0, microsecond=0)

    assert post(alice, "bars-latest", APPLE, size="1 min").status_code == 204
    assert post(bob, "bars-latest", APPLE, size="1 min", connection="paper").status_code == 404
    assert post(alice, "bars-latest", 4711, size="1 min").status_code == 404
    sent = [
        services.bars_latest_ask(connection=paper, instrument=found, size=size, at=at + n * SECOND)
        for size, n in product(("1 min", "2 mins", "5 mins", "15 mins"), range(0, 600, 30))
    ]
    assert sum(sent) <= 20


def test_small_lines_are_drawn_of_stored_closes_only(alice: User) -> None:
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    for con_id, closes in ((1, ["5", "4"]), (2, ["7"]), (3, [])):
        instrument(con_id, f"S{con_id}")
        days = [bar(midnight - timedelta(days=9 - n), close) for n, close in enumerate(closes)]
        on_bars(con_id=con_id, size="1 day", what="TRADES", bars=days)

    drawn = page(alice, "twigs", ids="1,2,3,4").json()

    assert list(drawn) == ["1"]
    assert (drawn["1"]["sign"], drawn["1"]["days"]) == ("down", 2)
    assert drawn["1"]["path"].startswith("M0.0,2.0 L64.0,16.0")
