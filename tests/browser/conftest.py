"""Fixtures of the browser tests: a site, a gateway's quotes, a logged-in page."""

import shutil
import threading
from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from apps.lib import clock
from apps.lib import redis as store
from apps.marketdata.pipeline.conflate import WireQuote
from apps.marketdata.pipeline.publish import Publisher
from tests import desk_data
from tests.browser.site import Site

PATIENCE_MS = 30_000
"""For every wait: a busy machine is slow, and a wait ends with its effect."""
CONFIRM_EVERY = 1.0
Change = str | int | bool | None
CHROMIUM = shutil.which("chromium")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
SEED = """
from apps.accounts import services
connection = desk_data.make_connection()
account = desk_data.make_account(connection, alias="Income book")
services.grant_give(user=desk_data.make_user("alice"), account=account)
desk_data.make_user("carol")
"""


class Quotes:
    """Publishes as the gateway does: finished frames, last quotes, proof of life.

    Every price is confirmed once a second until `fall_silent`: however slow the machine is, only
    a test that wants stale prices gets them.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._silent = threading.Event()
        self._thread = threading.Thread(target=self._live_on, name="quotes", daemon=True)
        self._publisher = Publisher("demo", store.client(), clock.now())
        self._state: dict[str, WireQuote] = {}
        for holding in desk_data.BOOK:
            self._state[str(holding.contract.con_id)] = self._quote(holding.price)
        self._publisher.replace(self._state)

    def tell(self, con_id: int, **fields: Change) -> None:
        """New values of one instrument, as of now; None withdraws a field."""
        with self._guard:
            changes: dict[str, Change] = {"at": self._now(), **fields}
            whole = self._state[str(con_id)] | changes
            self._state[str(con_id)] = {k: v for k, v in whole.items() if v is not None}
            self._publisher.update({str(con_id): changes}, self._state)

    def start(self) -> None:
        self._thread.start()

    def fall_silent(self) -> None:
        """Nothing is confirmed any more; safe to call twice."""
        self._silent.set()
        self._thread.join()

    def live_on(self) -> None:
        """Every price is confirmed once more."""
        for con_id in list(self._state):
            self.tell(int(con_id))

    def _live_on(self) -> None:
        while not self._silent.wait(CONFIRM_EVERY):
            self.live_on()

    def _quote(self, price: str) -> WireQuote:
        step = max(Decimal(price) / 10_000, Decimal("0.0001")).quantize(Decimal("0.0001"))
        middle = Decimal(price)
        return {
            "bid": str(middle - step),
            "ask": str(middle + step),
            "last": price,
            "close": str((middle * Decimal("0.99")).quantize(Decimal("0.0001"))),
            "kind": "live",
            "at": self._now(),
        }

    def _now(self) -> int:
        return int(clock.now().timestamp() * 1000)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser; whatever asks for it is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    return CHROMIUM


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Closed with its module: Playwright's event loop would be in the way of asyncio tests."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))


@pytest.fixture(scope="session")
def prepared_site(chromium: str) -> Iterator[Site]:
    """Seeded once; without a browser it is not even built."""
    del chromium
    site = Site()
    try:
        site.prepare()
        site.run(SEED)
        site.start()
        yield site
    finally:
        site.close()


@pytest.fixture
def site(prepared_site: Site) -> Site:
    """The site as a running gateway worker leaves it: link ready, nothing left of other tests."""
    store.client().flushdb()
    desk_data.link_told("demo")
    return prepared_site


@pytest.fixture
def quotes(site: Site) -> Iterator[Quotes]:
    del site
    made = Quotes()
    made.start()
    yield made
    made.fall_silent()


@pytest.fixture
def context(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=site.address, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """Errors and warnings of the page's console, and uncaught exceptions."""
    heard: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            heard.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


@pytest.fixture
def desk(page: Page, quotes: Quotes) -> Page:
    """Alice's desk with the stream up."""
    del quotes
    log_in(page, "alice")
    page.wait_for_selector("body[data-stream=live]")
    return page


def log_in(page: Page, name: str) -> None:
    page.goto("/login/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(desk_data.PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/")
