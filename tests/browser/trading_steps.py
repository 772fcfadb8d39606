"""What a person does on the trading pages, step by step, for browser tests."""

import re

from playwright.sync_api import Locator, Page, expect

STATE = "#order-live .badge"
SLOW_MS = 60_000
"""A gateway, a simulator and a browser share two cores: effects may take their time."""


def open_ticket(page: Page, symbol: str) -> None:
    """By typing into the search."""
    page.goto("/orders/new/")
    page.get_by_label("Symbol or name").press_sequentially(symbol)
    page.get_by_role("link", name=f"Trade {symbol}", exact=True).first.click()
    expect(page.locator("#ticket")).to_be_visible()
    priced = re.compile(r"\d")  # the cell starts empty, which is not "–" either
    expect(page.locator("[data-q=bid]").first).to_have_attribute(
        "data-value", priced, timeout=SLOW_MS
    )


def bid(page: Page) -> float:
    return float(page.locator("[data-q=bid]").first.get_attribute("data-value") or 0)


def fill_ticket(page: Page, side: str, quantity: str, kind: str, limit: str = "") -> None:
    page.locator(f"#ticket input[value={side}]").check()
    page.get_by_label("Quantity").fill(quantity)
    page.locator("#ticket [name=order_type]").select_option(kind)
    if limit:
        page.get_by_label("Limit price").fill(limit)


def send(page: Page) -> str:
    """Through the confirmation; the number of the order."""
    page.get_by_role("button", name="Review").click()
    expect(page.locator("#impact dl")).to_be_visible(timeout=SLOW_MS)
    page.locator("[data-send]").click()
    page.wait_for_url(re.compile(r"/orders/\d+/$"), timeout=SLOW_MS)
    return page.url.rstrip("/").rsplit("/", 1)[-1]


def expect_state(page: Page, word: str) -> None:
    expect(page.locator(STATE).first).to_have_text(word, timeout=SLOW_MS)


def row_of(page: Page, order: str) -> Locator:
    return page.locator(f'[data-live-rows=orders] [data-row="{order}"]')
