"""What a run says when it must not trade: wrong weights, moved and stale prices, an old plan."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.trading_steps import SLOW_MS
from tests.browser.visits import logged_in
from tests.portal import BASE_DIR, Portal, eventually

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(600)]

KO = 8894
STALE_AFTER = "15"
EXPIRE = """
from datetime import timedelta
from apps.lib import clock
from apps.trading.models import Plan
Plan.objects.filter(run={run}).update(expires_at=clock.now() - timedelta(seconds=1))
"""


@pytest.fixture(scope="module")
def portal(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    del browser  # without one there is nothing to see, and nothing is started
    with Portal(tmp_path_factory.mktemp("refused"), QUOTE_STALE_SECONDS=STALE_AFTER) as running:
        yield running


@pytest.fixture
def page(browser: Browser, portal: Portal) -> Iterator[Page]:
    with logged_in(browser, portal) as page:
        yield page


def upload(page: Page, folder: Path, *lines: str, period: str = "") -> None:
    file = folder / "weights.csv"
    file.write_text("\n".join(["symbol,weight", *lines]), encoding="utf-8")
    eventually(lambda: offered(page), within=120, what="the demo's strategy")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_label("Period").fill(period)
    page.get_by_role("button", name="Make the plan").click()


def offered(page: Page) -> int:
    """The strategy is made once the broker has described its contracts."""
    page.goto("/runs/new/")
    return page.locator("input[type=file]").count()


def planned(page: Page, folder: Path, period: str) -> str:
    """The number of a run of two lines that waits for approval."""
    upload(page, folder, "KO,1%", "SPY,8%", period=period)
    page.wait_for_url(re.compile(r"/runs/\d+/$"), timeout=SLOW_MS)
    expect(state_of(page)).to_have_text("waits for approval", timeout=SLOW_MS)
    return page.url.rstrip("/").rsplit("/", 1)[-1]


def state_of(page: Page) -> Any:
    return page.locator("[data-run-part=state]").first


def quote(page: Page) -> dict[str, Any]:
    rows = page.request.get(f"/api/v1/quotes?conids={KO}").json()
    return dict(rows[0])


def approve(page: Page) -> None:
    page.get_by_role("button", name="Approve and execute").click()


def expect_refused(page: Page, code: str, words: str) -> None:
    refusal = page.locator(f"[data-refusal={code}]")
    expect(refusal).to_contain_text(words, timeout=SLOW_MS)
    expect(state_of(page)).to_have_text("refused")
    expect(page.get_by_text("Nothing was sent")).to_be_visible()


def orders_of(portal: Portal) -> int:
    rows: list[dict[str, Any]] = portal.simulator("/ledger")
    return sum(row["kind"] == "order" for row in rows)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("KO,53%", "SPY,50%"), "The weights sum to 103"),
        (("KO,nan",), "line 2: A weight must be finite; “nan” is not."),
        (("KO,1%", "NOSUCHNAME,5%"), "line 3: "),
    ],
    ids=["103 %", "nan", "unknown"],
)
def test_a_file_with_wrong_weights_starts_nothing(
    page: Page, tmp_path: Path, lines: tuple[str, ...], words: str
) -> None:
    upload(page, tmp_path, *lines)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The weights were not taken over", timeout=SLOW_MS)
    expect(alert).to_contain_text(words)
    if "NOSUCHNAME" in lines[-1]:
        expect(alert).to_contain_text("NOSUCHNAME")
    page.screenshot(path=tmp_path / "file.png")
    assert page.url.endswith("/runs/new/")


def test_a_plan_is_not_approved_after_its_prices_moved(
    page: Page, portal: Portal, tmp_path: Path
) -> None:
    planned(page, tmp_path, "moved")
    before = float(quote(page)["price"]["value"])
    portal.simulator("/market", {"symbol": "KO", "price": round(before * 1.05, 2)})
    try:
        eventually(
            lambda: float(quote(page)["price"]["value"]) > before * 1.02,
            within=60,
            what="the price to move",
        )
        approve(page)
        expect_refused(page, "price_moved", "KO has moved from")
        page.screenshot(path=tmp_path / "moved.png")
    finally:
        portal.simulator("/market", {"symbol": "KO", "price": before})
    assert orders_of(portal) == 0


def test_a_plan_is_not_approved_on_stale_prices(page: Page, portal: Portal, tmp_path: Path) -> None:
    planned(page, tmp_path, "stale")
    portal.simulator("/fault", {"kind": "farm", "farm": "data", "on": True})
    try:
        eventually(lambda: quote(page)["price"]["stale"], within=90, what="a stale price")
        approve(page)
        expect_refused(page, "stale_price", "There is no fresh price of")
        page.screenshot(path=tmp_path / "stale.png")
    finally:
        portal.simulator("/fault", {"kind": "farm", "farm": "data", "on": False})
    eventually(lambda: not quote(page)["price"]["stale"], within=90, what="a fresh price")
    assert orders_of(portal) == 0


def test_a_plan_expires(page: Page, portal: Portal, tmp_path: Path) -> None:
    run = planned(page, tmp_path, "expired")
    subprocess.run(
        [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", EXPIRE.format(run=run)],
        cwd=BASE_DIR,
        env=portal.settings_environment(),
        check=True,
        timeout=120,
    )
    expect(state_of(page)).to_have_text("expired", timeout=SLOW_MS)
    expect(page.locator("#run-head .note")).to_contain_text("The plan expired at")
    expect(page.get_by_role("button", name="Approve and execute")).to_have_count(0)
    page.screenshot(path=tmp_path / "expired.png")
    assert orders_of(portal) == 0
