"""Somebody who logs in to a whole portal in a browser."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MS
from tests.portal import Portal


@contextmanager
def logged_in(browser: Browser, portal: Portal) -> Iterator[Page]:
    """A page of a visit of its own, on the desk."""
    context = browser.new_context(base_url=portal.address, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("User name").fill("demo")
    page.get_by_label("Password").fill(portal.password)
    page.get_by_label("Password").press("Enter")
    page.wait_for_url("**/")
    expect(page.locator("nav.menu")).to_be_visible()
    yield page
    context.close()
