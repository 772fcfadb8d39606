"""Market data with a broker behind it: find, choose, browse options, fetch history, lose it all."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.visits import logged_in
from tests.portal import Portal, eventually

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(300)]
APPLE = 265598


@pytest.fixture(scope="module")
def portal(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    del browser  # without one there is nothing to see, and nothing is started
    with Portal(tmp_path_factory.mktemp("market")) as running:
        yield running


@pytest.fixture(scope="module")
def page(browser: Browser, portal: Portal) -> Iterator[Page]:
    """One visit for all: the tests go on where the one before ended."""
    with logged_in(browser, portal) as page:
        expect(page.locator(".links [data-link-part=state]")).to_have_text("ready")
        page.goto("/quotes/")
        page.get_by_label("Name").last.fill("Tech")
        page.get_by_role("button", name="Make a list").click()
        page.wait_for_url("**/quotes/*/")
        yield page


def add(page: Page, symbol: str, kind: str = "STK") -> None:
    page.get_by_label("Class").select_option(kind)
    page.get_by_label("Symbol or name").fill(symbol)
    page.locator("form.finder button.primary").click()


def move(portal: Portal, percent: float) -> re.Pattern[str]:
    """Apple trades elsewhere from now on; what a text or a value of its price then begins with."""
    price = value(portal) * (1 + percent / 100)
    portal.simulator("/market", {"symbol": APPLE, "price": price})
    return re.compile("^(" + "|".join(str(round(price) + n) for n in (-1, 0, 1)) + r")\b")


def value(portal: Portal) -> float:
    held = portal.simulator("/state")["accounts"]["DU1234567"]["positions"]
    return float(held[str(APPLE)]["market_price"])


def number(cell: Locator) -> float:
    """What a cell shows, once it shows a number."""
    expect(cell).to_have_attribute("data-value", re.compile(r"\d"))
    return float(cell.get_attribute("data-value") or "nan")


def test_an_instrument_is_added_by_its_symbol_and_streams(page: Page, portal: Portal) -> None:
    add(page, "AAPL")

    row = page.locator(f"tr[data-row='{APPLE}']")
    expect(row.locator("[data-kind=live]")).to_be_visible()
    expect(row.locator("[data-q=price]")).to_have_text(move(portal, 3))


def test_names_are_searched_while_they_are_typed(page: Page) -> None:
    page.get_by_label("Symbol or name").press_sequentially("micro", delay=30)

    found = page.locator(".candidates li", has_text="MICROSOFT")
    found.first.get_by_role("button", name="Add").click()

    expect(page.locator("tr[data-row]", has_text="MSFT")).to_be_visible()


def test_several_that_fit_are_offered_to_choose_from(page: Page) -> None:
    add(page, "AAPL", "OPT")

    expect(page.locator("#found")).to_contain_text("Several instruments fit.")
    chosen = page.locator(".candidates li").first
    name = chosen.locator("b").inner_text()
    chosen.get_by_role("button", name="Add").click()

    expect(page.locator("tr[data-row]", has_text=name)).to_be_visible()


def test_one_that_nobody_knows_is_said_to_be_unknown(page: Page) -> None:
    add(page, "XXQZ")

    expect(page.get_by_role("alert").filter(has_text="knows no such instrument")).to_be_visible()


def under(page: Page) -> float:
    return number(page.locator(".under [data-q=price]"))


def test_options_stream_by_strike_with_greeks_around_the_underlying(
    page: Page, tmp_path: Path
) -> None:
    page.goto(f"/instruments/{APPLE}/")
    page.get_by_role("link", name="Options").click()

    expect(page.locator("[data-chain] [data-kind=live]").nth(30)).to_be_visible()
    below = page.locator("tr[data-below]")
    expect(below).to_have_count(1)
    strikes = [
        float(row.get_attribute("data-strike") or "0")
        for row in page.locator("tr[data-strike]").all()
    ]
    assert strikes == sorted(strikes)
    eventually(
        lambda: abs(float(below.get_attribute("data-strike") or "0") - under(page)) < 10,
        within=30,
        what="the mark beside the price",
    )
    deltas = below.locator("[data-q=delta]")
    assert number(deltas.nth(1)) < 0 < number(deltas.nth(0))
    page.screenshot(path=tmp_path / "chain.png", full_page=True)


def test_history_is_fetched_drawn_and_kept_up_to_date(
    page: Page, portal: Portal, tmp_path: Path
) -> None:
    page.goto(f"/instruments/{APPLE}/?size=5+mins")
    page.get_by_label("History of the last").select_option("7")
    page.get_by_role("button", name="Download").click()

    expect(page.locator("[data-download][data-state=done]")).to_be_visible(timeout=90_000)
    chart = page.locator("[data-chart]")
    page.wait_for_function("Number(document.querySelector('[data-chart]').dataset.count) > 300")
    expect(chart).to_have_attribute("data-last", move(portal, -3))
    page.screenshot(path=tmp_path / "history.png", full_page=True)


def test_a_competing_session_is_said_and_nothing_looks_live(
    page: Page, portal: Portal, tmp_path: Path
) -> None:
    page.goto("/quotes/")
    expect(page.locator("tr[data-row] [data-kind=live]").first).to_be_visible()

    portal.simulator("/fault", {"kind": "competing_session", "on": True})

    expect(page.locator(".trouble")).to_contain_text("Another session of this login")
    expect(page.locator("tr[data-row] [data-kind=live]")).to_have_count(0)
    page.screenshot(path=tmp_path / "competing.png", full_page=True)
