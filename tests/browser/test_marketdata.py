"""Quotes, charts and streams in a real browser: prices move, and none looks like what it is not."""

import time
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Page, Request, Route, expect

from tests.browser.conftest import Quotes, log_in
from tests.browser.site import Site
from tests.portal import eventually

pytestmark = pytest.mark.browser
APPLE = "tr[data-row='1']"
PRICE, KIND, AGE = ("[data-q=price]", "[data-q=kind]", "[data-q=age]")
CHART = "[data-chart]"
SHELF = """
from datetime import timedelta
from django.contrib.auth.models import Permission, User
from apps.lib import clock
from apps.marketdata import services
from apps.marketdata.ingest import on_bars
from tests.marketdata_data import bar
from tests.marketdata_pages import around_the_clock
alice = User.objects.get(username="alice")
alice.user_permissions.add(Permission.objects.get(codename="change_streamconfig"))
for name in ("Mine", "Moved"):
    watchlist = services.watchlist_create(user=alice, name=name)
    for con_id, symbol in ((1, "AAPL"), (2, "MSFT"), (3, "NVDA")):
        services.watchlist_add(watchlist, instrument=around_the_clock(con_id, symbol))
minute = clock.now().replace(second=0, microsecond=0)
waves = [bar(minute - timedelta(minutes=n), str(220 + n % 7)) for n in range(60, 0, -1)]
on_bars(con_id=1, size="1 min", what="TRADES", bars=waves)
midnight = minute.replace(hour=0, minute=0)
days = [bar(midnight - timedelta(days=n), str(230 - n)) for n in range(20, 0, -1)]
on_bars(con_id=1, size="1 day", what="TRADES", bars=days)
"""
TELL = """
from apps.lib import clock
from apps.marketdata import services
from apps.marketdata.models import StreamConfig
from tests.marketdata_data import told
config = services.stream_config(StreamConfig.objects.get(connection__slug="demo").connection_id)
line = {"reason": "watchlist", "kind": "close", **LINE}
services.streams.stream_tell(config, told({"1": line}), at=clock.now())
"""
COUNT_TOLD = """
window.told = 0;
document.querySelector("[data-stream-told]").addEventListener("told", () => { window.told += 1 });
"""
DOWNLOAD = """
from apps.lib import clock
from apps.marketdata.models import BarDownload
from apps.marketdata.services import bars
download = BarDownload.objects.latest("id")
download.left_seconds = download.total_seconds // 4
bars._end(download, BarDownload.State.STATE, clock.now())
"""
STORED = """
from datetime import UTC, datetime, timedelta
from apps.marketdata.ingest import on_bars
from tests.marketdata_data import bar
ended_at = datetime.fromtimestamp(MINUTE, UTC)
whole = [bar(ended_at, "233.4"), bar(ended_at + timedelta(minutes=1), "234.1")]
on_bars(con_id=1, size="1 min", what="TRADES", bars=whole)
"""
GONE = """
from apps.marketdata.models import Bar
Bar.objects.filter(start_at__gte=ended_at).delete()
"""
CANDLE_PIXELS = """() => {
  const wanted = ["--up", "--down"].map((name) => {
    const box = document.createElement("canvas").getContext("2d");
    box.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    box.fillRect(0, 0, 1, 1);
    return box.getImageData(0, 0, 1, 1).data.slice(0, 3).join();
  });
  let found = 0;
  for (const canvas of document.querySelectorAll("[data-chart] canvas")) {
    if (canvas.width === 0 || canvas.height === 0) continue;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < data.length; i += 4) {
      found += wanted.includes(`${data[i]},${data[i + 1]},${data[i + 2]}`) ? 1 : 0;
    }
  }
  return found;
}"""


@pytest.fixture(scope="module")
def prepared_shelf(prepared_site: Site) -> Site:
    prepared_site.run(SHELF)
    return prepared_site


@pytest.fixture
def shelf(prepared_shelf: Site, site: Site) -> Site:
    """Alice's lists of three, and an hour of bars."""
    del prepared_shelf
    return site


@pytest.fixture
def listed(page: Page, shelf: Site, quotes: Quotes) -> Page:
    log_in(page, "alice")
    page.goto("/quotes/")
    page.wait_for_selector("body[data-stream=live]")
    expect(page.locator(f"{APPLE} [data-kind=live]")).to_be_visible()
    return page


@pytest.fixture
def charted(page: Page, shelf: Site, quotes: Quotes) -> Page:
    log_in(page, "alice")
    page.goto("/instruments/1/?size=1+min")
    page.wait_for_selector("body[data-stream=live]")
    expect(page.locator(f"{CHART}[data-count='60']")).to_be_visible()
    return page


def test_a_list_is_live_and_moves(
    listed: Page, quotes: Quotes, complaints: list[str], tmp_path: Path
) -> None:
    quotes.tell(1, last="231.05", bid="231.00", bid_size="400")

    row = listed.locator(APPLE)
    expect(row.locator(PRICE)).to_have_text("231.05")
    expect(row.locator("[data-q=bid_size]")).to_have_text("400")
    expect(row.locator("[data-q=change]")).to_have_attribute("data-sign", "up")
    expect(row.locator(AGE)).to_contain_text("s ago")
    listed.screenshot(path=tmp_path / "quotes.png", full_page=True)
    assert complaints == []


def test_a_price_that_nothing_confirms_no_longer_looks_live(
    listed: Page, quotes: Quotes, tmp_path: Path
) -> None:
    row = listed.locator(APPLE)
    fresh = style_of(listed)

    quotes.fall_silent()

    expect(row.locator(KIND)).to_have_text("stale")

    expect(row).to_have_attribute("data-stale", "true")
    expect(listed.locator(f"{APPLE} [data-kind=live]")).to_have_count(0)
    assert style_of(listed) != fresh
    listed.screenshot(path=tmp_path / "stale.png", full_page=True)


@pytest.mark.parametrize("kind", ["delayed", "frozen", "delayed_frozen", "close"])
def test_prices_that_are_not_live_say_so_and_look_different(
    listed: Page, quotes: Quotes, kind: str
) -> None:
    fresh = style_of(listed)

    if kind == "close":
        quotes.tell(1, kind=kind, last=None, bid=None, ask=None)
    else:
        quotes.tell(1, kind=kind, last="229.00")

    expect(listed.locator(f"{APPLE} {KIND}")).to_have_attribute("data-kind", kind)
    assert style_of(listed) != fresh


def style_of(page: Page) -> list[str]:
    """How the price of Apple looks."""
    looks: list[str] = page.locator(f"{APPLE} {PRICE}").evaluate(
        "(e) => { const s = getComputedStyle(e); return [s.fontWeight, s.fontStyle, s.color]; }"
    )
    return looks


def test_a_lost_server_leaves_no_price_that_looks_live(listed: Page, shelf: Site) -> None:
    shelf.stop()
    try:
        expect(listed.locator("#stream-banner")).to_be_visible()
        expect(listed.locator("[data-kind=live]")).to_have_count(0)
        expect(listed.locator("tr[data-stale=true]")).to_have_count(3)
    finally:
        shelf.start()


def test_rows_are_moved_and_removed_without_reloading(listed: Page, quotes: Quotes) -> None:
    listed.get_by_role("link", name="Moved").click()
    listed.wait_for_selector("body[data-stream=live]")
    listed.evaluate("window.stayed = true")

    listed.get_by_role("button", name="Move NVDA up").click()
    expect(listed.locator("tr[data-row] b")).to_have_text(["AAPL", "NVDA", "MSFT"])
    listed.get_by_role("button", name="Remove AAPL").click()
    expect(listed.locator("tr[data-row] b")).to_have_text(["NVDA", "MSFT"])

    quotes.tell(3, last="150.55")
    expect(listed.locator(f"tr[data-row='3'] {PRICE}")).to_have_text("150.55")
    assert listed.evaluate("window.stayed")


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ({"state": "refused", "code": 10197}, "Another session of this login takes the live data"),
        ({"state": "streaming", "code": 10167, "kind": "delayed"}, "Delayed data only"),
        ({"state": "requested", "code": 0}, "Nothing comes"),
    ],
)
def test_trouble_with_the_data_appears_without_reloading(
    listed: Page, shelf: Site, line: dict[str, object], title: str
) -> None:
    listed.evaluate("window.stayed = true")

    shelf.run(TELL.replace("LINE", repr(line)))

    expect(listed.locator(".trouble")).to_contain_text(title)
    assert listed.evaluate("window.stayed")


def test_the_streams_page_follows_the_gateway(listed: Page, shelf: Site) -> None:
    listed.goto("/streams/")
    listed.wait_for_selector("body[data-stream=live]")

    shelf.run(TELL.replace("LINE", repr({"state": "refused", "code": 354})))

    line = listed.locator("[data-line='1']")
    expect(line).to_contain_text("No permission for live data")
    expect(listed.locator(".told")).to_contain_text("0 of 1 instruments stream, 1 refused")


def test_what_is_told_while_the_streams_page_fetches_is_fetched_too(
    listed: Page, shelf: Site
) -> None:
    listed.goto("/streams/")
    listed.wait_for_selector("body[data-stream=live]")
    listed.evaluate(COUNT_TOLD)
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        held.append((route, route.fetch()))

    listed.route("**/streams/", hold, times=1)
    shelf.run(TELL.replace("LINE", repr({"state": "refused", "code": 354})))
    looked = lambda: held if listed.evaluate("window.told") else []  # noqa: E731
    ((route, dated),) = eventually(looked, within=30, what="a request for the page")
    shelf.run(TELL.replace("LINE", repr({"state": "streaming", "code": 10167, "kind": "delayed"})))
    listed.wait_for_function("window.told >= 2")
    route.fulfill(response=dated)

    expect(listed.locator("[data-line='1']")).to_contain_text("Delayed data only")


def test_the_chart_draws_and_its_last_bar_follows_the_stream(
    charted: Page, quotes: Quotes, complaints: list[str], tmp_path: Path
) -> None:
    quotes.tell(1, last="233.25")

    chart = charted.locator(CHART)
    expect(chart).to_have_attribute("data-last", "233.25")
    expect(charted.locator("[data-chart-last] .kind")).to_have_text("live")
    charted.wait_for_function(f"({CANDLE_PIXELS})() > 200")
    charted.screenshot(path=tmp_path / "chart.png", full_page=True)
    assert complaints == []


def test_a_bar_made_of_ticks_gives_way_to_the_brokers_own_once_it_has_ended(
    charted: Page, shelf: Site, quotes: Quotes, complaints: list[str]
) -> None:
    minute = int(time.time() // 60 * 60)
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)

    charted.on("request", note)
    quotes.fall_silent()

    for n, price in enumerate(("233.25", "234.50")):
        quotes.tell(1, last=price, at=(minute + 60 * (n + 1) + 1) * 1000)
        expect(charted.locator(CHART)).to_have_attribute("data-last", price.rstrip("0"))
    shelf.run(STORED.replace("MINUTE", str(minute + 60)))
    try:
        expect(charted.locator(CHART)).to_have_attribute("data-stored", "233.4", timeout=90_000)
    finally:
        shelf.run(STORED.replace("MINUTE", str(minute + 60)) + GONE)

    expect(charted.locator(CHART)).to_have_attribute("data-last", "234.5")
    posted = [request for request in asked if request.url.endswith("/instruments/1/latest/")]
    assert posted
    assert all(request.method == "POST" for request in posted)
    assert complaints == []


def test_a_close_never_moves_the_last_bar(charted: Page, quotes: Quotes) -> None:
    quotes.tell(1, last="233.25")
    expect(charted.locator(CHART)).to_have_attribute("data-last", "233.25")

    quotes.tell(1, kind="close", last=None, bid=None, ask=None, close="199.00")

    expect(charted.locator("[data-chart-last] .kind")).to_have_text("close")
    expect(charted.locator("[data-q=stand_in]")).to_be_visible()
    expect(charted.locator(CHART)).to_have_attribute("data-last", "233.25")


def test_a_stale_price_is_not_live_on_the_chart_either(charted: Page, quotes: Quotes) -> None:
    badge = charted.locator("[data-chart-last] .kind")

    quotes.fall_silent()

    expect(badge).to_have_text("stale")
    expect(charted.locator(f".headline {KIND}")).to_have_text("stale")


def test_without_the_library_the_page_says_so_and_quotes_go_on(
    page: Page, shelf: Site, quotes: Quotes
) -> None:
    page.route("**/*.mjs", lambda route: route.abort())
    log_in(page, "alice")
    page.goto("/instruments/1/")

    expect(page.locator("[data-chart-note]")).to_contain_text("chart library is not installed")
    quotes.tell(1, last="231.05")
    expect(page.locator(f".headline {PRICE}")).to_have_text("231.05")


def test_a_download_shows_its_progress(charted: Page, shelf: Site) -> None:
    charted.get_by_role("button", name="Download").click()
    box = charted.locator("[data-download]")
    expect(box).to_have_attribute("data-state", "queued")
    charted.wait_for_selector("body[data-stream=live]")

    shelf.run(DOWNLOAD.replace("STATE", "RUNNING"))
    expect(box).to_contain_text("downloading 75%")
    shelf.run(DOWNLOAD.replace("STATE", "DONE"))
    expect(box).to_contain_text("done")


def test_the_desk_leads_to_the_instrument_and_shows_its_last_weeks(
    page: Page, shelf: Site, quotes: Quotes
) -> None:
    log_in(page, "alice")

    row = page.locator("[data-positions] [data-row='1']")
    expect(row.locator("svg[data-sign=up]")).to_be_visible()
    expect(page.locator("[data-positions] svg")).to_have_count(1)
    row.get_by_role("link", name="AAPL").click()
    expect(page.get_by_role("heading", name="AAPL", level=1)).to_be_visible()


def test_the_pages_fit_a_phone(listed: Page, tmp_path: Path) -> None:
    listed.set_viewport_size({"width": 390, "height": 844})
    for name in ("quotes", "instruments/1", "streams"):
        listed.goto(f"/{name}/")
        wide = listed.evaluate("document.documentElement.scrollWidth")
        listed.screenshot(path=tmp_path / f"{name.replace('/', '-')}.png", full_page=True)
        assert wide <= 390, name
