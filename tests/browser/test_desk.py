"""The desk in a real browser: log in, watch prices move, lose the stream, get it back."""

import pytest
from playwright.sync_api import Page, expect

from tests import desk_data
from tests.browser.conftest import Quotes, log_in
from tests.browser.site import Site

pytestmark = pytest.mark.browser
AAPL = "[data-row='1']"


def test_after_login_every_position_is_there_with_a_live_price(
    page: Page, quotes: Quotes, complaints: list[str]
) -> None:
    log_in(page, "alice")

    expect(page.locator("tbody [data-row]")).to_have_count(len(desk_data.BOOK))
    expect(page.locator("[data-kind=live]")).to_have_count(len(desk_data.BOOK))
    expect(page.locator(".links [data-link-part=state]")).to_have_text("ready")
    expect(page.locator(f"{AAPL} [data-part=price]")).to_have_text("228.87")
    assert complaints == []


def test_a_wrong_password_is_said_and_the_name_is_kept(page: Page, site: Site) -> None:
    page.goto("/login/")
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill("guess")
    page.get_by_role("button", name="Log in").click()

    expect(page.get_by_role("alert")).to_contain_text("correct username and password")
    expect(page.get_by_label("User name")).to_have_value("alice")


def test_a_published_quote_changes_the_price_on_screen(desk: Page, quotes: Quotes) -> None:
    quotes.tell(1, last="231.05")

    expect(desk.locator(f"{AAPL} [data-part=price]")).to_have_text("231.05")
    expect(desk.locator(f"{AAPL} [data-part=change]")).to_have_attribute("data-sign", "up")


def test_an_option_shows_the_middle_and_how_far_the_strike_is(desk: Page, quotes: Quotes) -> None:
    quotes.tell(7, bid="4.10", ask="4.25", last="3.00", und="230")

    row = desk.locator("[data-row='7']")
    expect(row.locator("[data-part=price]")).to_have_text("4.18")
    expect(row.locator("[data-part=price]")).to_have_attribute("data-value", "4.17500000000")
    expect(row.locator("[data-part=distance]")).to_have_text("+4.35")


@pytest.mark.parametrize("kind", ["delayed", "frozen", "delayed_frozen"])
def test_prices_that_are_not_live_say_so(desk: Page, quotes: Quotes, kind: str) -> None:
    quotes.tell(1, last="229.00", kind=kind)

    expect(desk.locator(f"{AAPL} [data-part=kind]")).to_have_attribute("data-kind", kind)


def test_a_halted_instrument_says_so(desk: Page, quotes: Quotes) -> None:
    quotes.tell(1, halted="1")

    expect(desk.locator(f"{AAPL} [data-part=kind]")).to_have_text("halted")


def test_without_a_quote_the_brokers_valuation_stands_in_under_its_name(
    desk: Page, quotes: Quotes
) -> None:
    quotes.tell(1, last=None, bid=None, ask=None)

    expect(desk.locator(f"{AAPL} [data-part=kind]")).to_have_text("broker")
    expect(desk.locator(f"{AAPL} [data-part=price]")).to_have_text("228.87")


def test_a_price_grows_stale_when_nothing_confirms_it(desk: Page, quotes: Quotes) -> None:
    quotes.tell(1, last="230.00")
    expect(desk.locator(f"{AAPL} [data-kind=live]")).to_be_visible()

    quotes.fall_silent()

    expect(desk.locator(f"{AAPL} [data-part=kind]")).to_have_text("stale")


def test_a_gateway_that_dies_leaves_no_price_that_looks_live(desk: Page) -> None:
    desk_data.link_down("demo")

    link = desk.locator(".links [data-link=demo]")
    expect(link).to_have_attribute("data-state", "disconnected")
    expect(link).to_contain_text("is not running")
    expect(desk.locator("[data-stale=false]")).to_have_count(0)


def test_values_and_new_positions_arrive_without_reloading(desk: Page, site: Site) -> None:
    desk.evaluate("window.stayed = true")

    site.run(NEW_POSITION)

    row = desk.locator("[data-row='99']")
    expect(row.locator("[data-part=symbol]")).to_have_text("TSLA")
    expect(row.locator("[data-field=daily_pnl]")).to_have_text("−51.00")
    expect(row.locator("[data-field=daily_pnl]")).to_have_attribute("data-sign", "down")
    expect(desk.locator("[data-card] [data-field=net_liquidation]")).to_have_text("500,000.01")
    expect(desk.locator("[data-priced]")).to_have_text("13 of 13 priced")
    assert desk.evaluate("window.stayed")

    site.run(POSITION_CLOSED)

    expect(row).to_have_count(0)
    expect(desk.locator("[data-priced]")).to_have_text("12 of 12 priced")


def test_a_lost_stream_is_a_banner_and_no_price_looks_live(
    desk: Page, site: Site, quotes: Quotes
) -> None:
    site.stop()
    try:
        banner = desk.locator("#stream-banner")
        expect(banner).to_be_visible()
        expect(banner).to_contain_text("Prices are frozen since")
        assert banner.inner_text().rstrip(".").split()[-1].count(":") == 2
        expect(desk.locator("tbody [data-kind=live]")).to_have_count(0)
        expect(desk.locator("tbody [data-stale=true]")).to_have_count(len(desk_data.BOOK))
        quotes.tell(1, last="240.40")
    finally:
        site.start()

    expect(desk.locator("#stream-banner")).to_be_hidden(timeout=60_000)
    expect(desk.locator(f"{AAPL} [data-part=price]")).to_have_text("240.40")
    expect(desk.locator("tbody [data-kind=live]")).to_have_count(len(desk_data.BOOK))


def test_a_silent_stream_counts_as_lost(page: Page, quotes: Quotes) -> None:
    """The socket stays open and says nothing: only the missing beat gives it away."""
    page.route_web_socket("**/ws/stream/", lambda _socket: None)
    log_in(page, "alice")

    expect(page.locator("#stream-banner")).to_be_visible()
    expect(page.locator("tbody [data-stale=false]")).to_have_count(0)


def test_the_refresh_button_shows_what_became_of_it(desk: Page) -> None:
    desk_data.link_down("demo")
    desk.get_by_role("button", name="Refresh").click()

    expect(desk.locator("#refresh-answer")).to_contain_text("Start the gateway worker")


def test_logging_out_elsewhere_ends_the_stream(desk: Page, site: Site) -> None:
    other = desk.context.new_page()
    other.goto("/")
    other.get_by_role("button", name="Log out").click()
    other.wait_for_url("**/login/")

    desk.reload()

    expect(desk.get_by_role("heading", name="Log in")).to_be_visible()


NEW_POSITION = """
from decimal import Decimal
from apps.accounts import ingest
from apps.accounts.models import Connection
from apps.lib import clock
from ibkr.types import AccountValue, Contract
connection, at = Connection.objects.get(slug="demo"), clock.now()
tesla = Contract(con_id=99, symbol="TSLA", sec_type="STK", currency="USD", exchange="NASDAQ")
new = desk_data.Holding(tesla, "10", "300", "321.5", daily="-51")
desk_data.hold(connection, desk_data.CODE, [new], at)
value = AccountValue(desk_data.CODE, "NetLiquidation", "500000.01", "USD")
ingest.on_figures(connection_id=connection.pk, events=[value], at=at)
"""
POSITION_CLOSED = """
from decimal import Decimal
from apps.accounts import ingest
from apps.accounts.models import Connection
from apps.lib import clock
from ibkr.types import AccountValue, Contract, Position
connection, at = Connection.objects.get(slug="demo"), clock.now()
tesla = Contract(con_id=99, symbol="TSLA", sec_type="STK", currency="USD", exchange="NASDAQ")
gone = Position(desk_data.CODE, tesla, Decimal(0), Decimal(0))
ingest.on_figures(connection_id=connection.pk, events=[gone], at=at)
value = AccountValue(desk_data.CODE, "NetLiquidation", "412358.27", "USD")
ingest.on_figures(connection_id=connection.pk, events=[value], at=at)
"""
