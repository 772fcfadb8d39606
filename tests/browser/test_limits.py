"""The limits page in a browser: a change with its reason, its history, and what is not taken."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import log_in
from tests.browser.site import Site
from tests.browser.test_alerts import KEEPER, picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
CLEAR = """
from apps.risk.models import LimitChange, RiskLimit
LimitChange.objects.all().delete()
RiskLimit.objects.all().delete()
"""
LIMIT = "[data-limit='daily_loss.halt']"


@pytest.fixture
def limits(page: Page, site: Site) -> Page:
    site.run(KEEPER + CLEAR)
    log_in(page, "kim")
    page.goto("/risk/limits/?account=1")
    return page


def change(page: Page, value: str, why: str) -> Locator:
    row = page.locator(LIMIT)
    row.locator("summary").click()
    row.locator("[name=value]").fill(value)
    row.locator("[name=reason]").fill(why)
    row.get_by_role("button", name="Save").click()
    return page.locator(LIMIT)


def test_a_limit_is_changed_with_a_reason_and_the_change_is_kept(
    limits: Page, complaints: list[str]
) -> None:
    change(limits, "0.02", "a calmer year")

    expect(limits.get_by_text("The limit holds from now on.")).to_be_visible()
    limits.goto("/risk/limits/?account=1")
    row = limits.locator(LIMIT)
    expect(row.locator("td.num")).to_have_text("0.02")
    expect(row).to_contain_text("set")
    history = limits.locator("section", has=limits.get_by_role("heading", name="Changes of limits"))
    expect(history).to_contain_text("a calmer year")
    expect(history).to_contain_text("daily_loss.halt")
    picture(limits, "limits-history")
    limits.get_by_role("button", name="简体中文", exact=True).click()
    expect(history_in(limits)).to_contain_text("从这里起同时撤单")
    picture(limits, "limits-history-zh-hans")
    assert complaints == []


def history_in(page: Page) -> Locator:
    return page.locator("section[aria-labelledby=changes-title]")


def test_a_value_that_makes_no_sense_is_said_and_changes_nothing(limits: Page) -> None:
    change(limits, "much", "why not")

    expect(limits.locator(".note.error")).to_be_visible()
    expect(history_in(limits)).to_contain_text("No limit was ever changed.")
