"""Trading in a browser with real processes and the simulated broker, from ticket to fill."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.trading_steps import (
    SLOW_MS,
    bid,
    expect_state,
    fill_ticket,
    open_ticket,
    row_of,
    send,
)
from tests.browser.visits import logged_in
from tests.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(600)]

WEIGHTS = (
    "SPY 7,AAPL 5,NVDA 5,MSFT 4.5,AMZN 3,GLD 3,GOOGL 3,QQQ 3,BRK B 2,JPM 2,TLT 2,VTI 2,JNJ 1.5,"
    "META 1.5,V 1.5,WMT 1.5,AMD 1,ASML 1,BAC 1,DIA 1,DIS 1,IBM 1,IWM 1,KO 1,NFLX 1,SAP 1,TSLA 1,"
    "INTC 0.5,PFE 0.5,VOD 0.5"
)
RUN_LIMIT_MS = 300_000
"""Two minutes on a quiet machine; the test says how long it took."""


@pytest.fixture(scope="module")
def portal(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    del browser  # without one there is nothing to see, and nothing is started
    with Portal(tmp_path_factory.mktemp("traded")) as running:
        yield running


@pytest.fixture
def page(browser: Browser, portal: Portal) -> Iterator[Page]:
    with logged_in(browser, portal) as page:
        yield page


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Thirty lines, most of them names that the portal has never seen."""
    rows = [name.rsplit(" ", 1) for name in WEIGHTS.split(",")]
    assert len(rows) == 30
    file = tmp_path / "weights.csv"
    lines = ["symbol,weight", *(f"{symbol},{weight}%" for symbol, weight in rows)]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_a_limit_order_is_placed_seen_working_changed_and_cancelled(page: Page) -> None:
    open_ticket(page, "KO")
    fill_ticket(page, "SELL", "10", "LMT", f"{bid(page) * 1.03:.2f}")
    order = send(page)
    expect_state(page, "working")

    quantity = page.locator("#order-acts [name=quantity]")
    quantity.fill("-3")
    with page.expect_response(lambda answer: "hx-request" in answer.request.headers):
        page.get_by_role("button", name="Change", exact=True).click()
    expect(page.locator("#order-live.htmx-request")).to_have_count(0)
    expect(page.locator("#order-acts .oops")).to_contain_text("above zero")
    expect(quantity).to_have_value("-3")

    quantity.fill("12")
    page.get_by_role("button", name="Change", exact=True).click()
    expect(page.locator("[data-change-state]")).to_have_text(
        re.compile("confirmed"), timeout=SLOW_MS
    )

    page.goto("/orders/")
    page.wait_for_selector("body[data-stream=live]")
    row = row_of(page, order)
    expect(row.locator("[data-part=quantity]")).to_have_text("12")
    row.focus()
    page.keyboard.press("Delete")
    expect(page.locator("#order-answer")).to_contain_text("asked to cancel")
    expect(row.locator("[data-part=state]")).to_have_text("cancelled", timeout=SLOW_MS)


def test_a_market_order_fills_and_the_position_changes(page: Page) -> None:
    held = page.locator("tbody [data-row]").filter(has=page.get_by_text("KO", exact=True)).first
    cell = held.locator("[data-field=quantity]")
    expect(cell).to_have_text(re.compile(r"\d"))
    before = float((cell.get_attribute("data-value") or "0").replace(",", ""))

    open_ticket(page, "KO")
    fill_ticket(page, "SELL", "10", "MKT")
    order = send(page)
    expect_state(page, "filled")
    expect(page.locator("[data-fill-row]").first).to_be_visible()

    page.goto("/")
    expect(cell).to_have_attribute("data-value", f"{before - 10:g}", timeout=SLOW_MS)
    page.goto("/orders/executions/")
    link = page.locator(f'[data-live-rows=executions] a[href="/orders/{order}/"]')
    expect(link.first).to_be_visible()


def test_two_clicks_make_one_order(page: Page) -> None:
    open_ticket(page, "KO")
    fill_ticket(page, "SELL", "7", "LMT", f"{bid(page) * 1.04:.2f}")
    page.get_by_role("button", name="Review").click()
    page.locator("[data-send]").dblclick()
    page.wait_for_url(re.compile(r"/orders/\d+/$"), timeout=SLOW_MS)
    expect_state(page, "working")
    first = page.url
    page.go_back()
    page.locator("[data-send]").click()
    page.wait_for_url(first, timeout=SLOW_MS)

    page.goto("/orders/")
    page.wait_for_selector("body[data-stream=live]")
    sevens = page.locator("[data-live-rows] [data-part=quantity]").filter(
        has_text=re.compile("^7$")
    )
    expect(sevens).to_have_count(1)
    page.get_by_text("Cancel all", exact=True).click()
    page.get_by_role("button", name="Cancel all of ours").click()
    expect(page.locator("[data-tab=open] [data-count]")).to_have_text("0", timeout=SLOW_MS)


def test_a_weekly_run_goes_from_a_file_to_its_report(page: Page, weights: Path) -> None:
    page.goto("/runs/new/")
    page.locator("input[type=file]").set_input_files(weights)
    began = time.monotonic()
    page.get_by_role("button", name="Make the plan").click()
    page.wait_for_url(re.compile(r"/runs/\d+/$"), timeout=SLOW_MS)
    state = page.locator("[data-run-part=state]").first
    expect(state).to_have_text("waits for approval", timeout=SLOW_MS)
    expect(page.locator("[data-line]").nth(29)).to_be_visible()
    page.get_by_role("button", name="Approve and execute").click()
    expect(state).to_have_text(re.compile("done|halted|refused"), timeout=RUN_LIMIT_MS)
    print(f"from file to report in {time.monotonic() - began:.0f} s")  # noqa: T201

    expect(state).to_have_text("done")
    expect(page.locator("[data-report]").nth(29)).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_role("link", name="Report as CSV")).to_be_visible()
    page.goto("/runs/new/")
    page.get_by_role("button", name="Make the plan").click()
    expect(page.get_by_role("alert")).to_contain_text("is taken")
