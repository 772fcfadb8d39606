"""Real money, as far as the portal knows: a simulated login whose account is a live one."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.trading_steps import SLOW_MS, expect_state, fill_ticket, open_ticket
from tests.browser.visits import logged_in
from tests.portal import BASE_DIR, Portal, eventually
from tests.wire.simulator import Simulator

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(600)]

ACCOUNT = "U7654321"
SCENARIO = f"""
[market]
calm = 0.6
seconds_between_ticks = 1.0
flicker = 1.0

[hours]
around_the_clock = true

[[accounts]]
code = "{ACCOUNT}"
base = "USD"
cash = {{ USD = 300000.0 }}
positions = [["KO", 250, 70.9335], ["SPY", 100, 611.3]]
"""
CALLED_PAPER = """
from apps.accounts.models import Connection
Connection.objects.update(mode="paper")
"""


@pytest.fixture(scope="module")
def tws(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    del browser
    file = tmp_path_factory.mktemp("tws") / "live.toml"
    file.write_text(SCENARIO, encoding="utf-8")
    running = Simulator(["--port", "0", "--control", "0", "--scenario", str(file)])
    yield running
    running.stop()


@pytest.fixture(scope="module")
def portal(tws: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with Portal(
        tmp_path_factory.mktemp("live"),
        IB_HOST="127.0.0.1",
        IB_PORT=str(tws.port),
        IB_MODE="live",
        IB_ACCOUNTS=ACCOUNT,
    ) as running:
        yield running


@pytest.fixture
def page(browser: Browser, portal: Portal) -> Iterator[Page]:
    with logged_in(browser, portal) as page:
        yield page


def orders_in(tws: Simulator) -> list[dict[str, Any]]:
    return tws.ledger("order")


def confirm(page: Page, typed: str) -> None:
    page.get_by_label("Real money").fill(typed)
    page.locator("[data-send]").click()


def passed(page: Page) -> bool:
    """Right after the start the guard has not looked at the account yet."""
    again = page.get_by_role("button", name="Check again")
    if again.count():
        again.click()
    return bool(page.locator("[data-send]").count())


def test_a_buy_with_real_money_wants_the_account_typed(
    page: Page, tws: Simulator, tmp_path: Path
) -> None:
    expect(page.locator("#live-banner")).to_be_visible()
    open_ticket(page, "KO")
    fill_ticket(page, "BUY", "5", "MKT")
    page.get_by_role("button", name="Review").click()
    expect(page.locator(".confirm .tag")).to_have_text("live account")
    eventually(lambda: passed(page), within=120, what="the gate to let it through")
    page.locator("[data-send]").click()  # the browser itself asks for the empty field
    assert orders_in(tws) == []

    confirm(page, "1234")
    expect(page.locator(".oops")).to_contain_text("last four characters", timeout=SLOW_MS)
    page.screenshot(path=tmp_path / "wrong.png", full_page=True)
    assert orders_in(tws) == []

    confirm(page, ACCOUNT[-4:])
    page.wait_for_url(re.compile(r"/orders/\d+/$"), timeout=SLOW_MS)
    expect_state(page, "filled")
    (order,) = orders_in(tws)
    assert (order["account"], order["action"], order["quantity"]) == (ACCOUNT, "BUY", 5)


def test_a_run_with_real_money_is_approved_by_typing_the_account(
    page: Page, tws: Simulator, tmp_path: Path
) -> None:
    page.goto("/strategies/")
    page.get_by_label("Name (letters, digits, hyphens)").fill("weekly")
    page.get_by_role("button", name="Make a strategy").click()
    file = tmp_path / "weights.csv"
    file.write_text("symbol,weight\nKO,4%\nSPY,10%\nAAPL,5%\n", encoding="utf-8")
    page.goto("/runs/new/")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Make the plan").click()
    page.wait_for_url(re.compile(r"/runs/\d+/$"), timeout=SLOW_MS)
    state = page.locator("[data-run-part=state]").first
    expect(state).to_have_text("waits for approval", timeout=SLOW_MS)
    before = len(orders_in(tws))

    page.get_by_label("Real money").fill("0000")
    page.get_by_role("button", name="Approve and execute").click()
    expect(page.locator(".oops")).to_contain_text("last four characters", timeout=SLOW_MS)
    expect(state).to_have_text("waits for approval")
    page.screenshot(path=tmp_path / "approval.png", full_page=True)
    assert len(orders_in(tws)) == before

    page.get_by_label("Real money").fill(ACCOUNT[-4:])
    page.get_by_role("button", name="Approve and execute").click()
    expect(state).to_have_text(re.compile("done|halted|refused"), timeout=4 * SLOW_MS)
    expect(state).to_have_text("done")
    assert {row["account"] for row in orders_in(tws)} == {ACCOUNT}


def test_a_live_login_on_a_connection_called_paper_trades_nothing(
    page: Page, portal: Portal, tws: Simulator, tmp_path: Path
) -> None:
    before = len(orders_in(tws))
    subprocess.run(
        [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", CALLED_PAPER],
        cwd=BASE_DIR,
        env=portal.settings_environment(),
        check=True,
        timeout=120,
    )
    portal.kill("-n gateway-")
    eventually(
        lambda: "live account" in portal.links()["link ib"].lower(),
        within=120,
        what="the wrong login to be said",
    )
    page.goto("/connections/")
    told = page.locator("main").get_by_text(re.compile("live account", re.IGNORECASE))
    expect(told.first).to_be_visible()
    page.screenshot(path=tmp_path / "mixed.png", full_page=True)
    page.goto("/runs/new/")
    page.get_by_label("Period").fill("mixed")
    page.get_by_role("button", name="Make the plan").click()
    state = page.locator("[data-run-part=state]").first
    expect(state).to_have_text("blocked", timeout=SLOW_MS)
    assert len(orders_in(tws)) == before
