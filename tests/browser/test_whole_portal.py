"""The promise of `make run`, kept in a browser: real processes, simulated broker, no shortcuts."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.visits import logged_in
from tests.portal import Portal, eventually

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(300)]

ROWS = "tbody [data-row]"
STATE = ".links [data-link=demo] [data-link-part=state]"
SENTENCE = ".links [data-link=demo] [data-link-part=sentence]"


@pytest.fixture(scope="module")
def portal(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    del browser  # without one there is nothing to see, and nothing is started
    with Portal(tmp_path_factory.mktemp("seen")) as running:
        yield running


@pytest.fixture
def page(browser: Browser, portal: Portal) -> Iterator[Page]:
    with logged_in(browser, portal) as page:
        yield page


def prices(page: Page) -> dict[str, str]:
    return {
        row.get_attribute("data-row") or "": row.locator("[data-part=price]").inner_text()
        for row in page.locator(ROWS).all()
    }


def test_soon_after_login_the_account_is_live(page: Page, tmp_path: Path) -> None:
    expect(page.locator(STATE)).to_have_text("ready")
    expect(page.locator(ROWS).nth(19)).to_be_visible()
    before = prices(page)
    eventually(
        lambda: sum(prices(page).get(key) != value for key, value in before.items()) >= 10,
        within=30,
        what="ten prices to move",
    )
    expect(page.locator("[data-kind=live]").nth(19)).to_be_visible()
    page.screenshot(path=tmp_path / "desk.png", full_page=True)
    main = page.locator("main")
    for words in ("USD", "HKD", "EUR", "Net liquidation", "Daily P&L", "Unrealised"):
        expect(main).to_contain_text(words)
    assert "DU1234567" not in page.content(), "account ids are masked unless allowed"


def test_a_fresh_desk_soon_shows_the_last_weeks_of_what_is_held(page: Page, portal: Portal) -> None:
    kept = "SELECT count(DISTINCT instrument_id) FROM marketdata_bar WHERE size = '1 day'"
    eventually(
        lambda: portal.query(kept)[0][0] >= 15,
        within=90,
        what="a year of daily bars of most positions",
    )
    page.reload()
    expect(page.locator("[data-positions] svg").nth(9)).to_be_visible()


def test_the_refresh_button_answers(page: Page) -> None:
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#refresh-answer .success")).to_contain_text("Simulated TWS")


def test_a_killed_gateway_worker_is_on_the_page_and_heals(page: Page, portal: Portal) -> None:
    expect(page.locator(STATE)).to_have_text("ready")
    expect(page.locator(ROWS).nth(19)).to_be_visible()
    rows = page.locator(ROWS).count()
    portal.kill("gateway-demo@")
    expect(page.locator(SENTENCE)).to_contain_text("worker")
    expect(page.locator(STATE)).not_to_have_text("ready")
    expect(page.locator(STATE)).to_have_text("ready", timeout=60_000)
    expect(page.locator(ROWS)).to_have_count(rows)
    before = prices(page)
    eventually(lambda: prices(page) != before, within=30, what="prices to move again")


def test_a_lost_web_server_is_a_banner_and_no_price_looks_live(page: Page, portal: Portal) -> None:
    expect(page.locator(STATE)).to_have_text("ready")
    page.wait_for_selector("body[data-stream=live]")
    portal.kill("uvicorn")
    page.wait_for_selector("body:not([data-stream=live])")
    expect(page.locator("[data-kind=live]")).to_have_count(0)
    expect(page.get_by_role("alert")).to_contain_text("lost")
    page.wait_for_selector("body[data-stream=live]", timeout=60_000)
    expect(page.locator("[data-kind=live]").nth(9)).to_be_visible()


def test_a_price_set_at_the_broker_reaches_the_eye(page: Page, portal: Portal) -> None:
    expect(page.locator(STATE)).to_have_text("ready")
    portal.simulator("/market", {"symbol": "KO", "price": 181.5})
    row = page.locator(ROWS).filter(has=page.get_by_text("KO", exact=True))
    expect(row.locator("[data-part=price]")).to_have_text(re.compile(r"^18[012]\."))
