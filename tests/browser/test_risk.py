"""The kill switch and the guard in a browser: typed words, live states, phone, dark, Chinese."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import log_in
from tests.browser.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

OFFICER = """
from django.contrib.auth.models import Permission, User
from apps.accounts.models import BrokerAccount
from apps.accounts.services import grant_give
from apps.risk.models import *
account = BrokerAccount.objects.get(pk=1)
user = User.objects.filter(username="olivia").first() or desk_data.make_user("olivia")
user.user_permissions.set(
    Permission.objects.filter(codename__in=["kill", "lift", "change_limits", "trade"])
)
grant_give(user=user, account=account)
for table in (Alert, GuardEvent, GuardEvaluation, GuardState, KillEvent, KillSwitch, Lock):
    table.objects.all().delete()
"""
LOOK = """
from apps.accounts.models import BrokerAccount
from apps.lib import clock
from apps.risk.services import guard_evaluate
guard_evaluate(account=BrokerAccount.objects.get(pk=1), at=clock.now())
"""
FALL = """
from apps.accounts.models import BrokerAccount
from apps.risk.models import GuardState
from decimal import Decimal
state = GuardState.objects.get(account=1)
state.session_start = state.session_start * Decimal("1.05")
state.save()
"""


@pytest.fixture
def officer(page: Page, site: Site) -> Page:
    site.run(OFFICER + LOOK)
    log_in(page, "olivia")
    page.goto("/risk/accounts/1/")
    page.wait_for_selector("body[data-stream=live]")
    return page


def picture(page: Page, name: str) -> None:
    """For people: where PICTURES names a folder, what the test saw is kept there."""
    folder = os.environ.get("PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_the_kill_switch_is_set_with_its_word_and_lifted_with_a_reason(
    officer: Page, complaints: list[str]
) -> None:
    form = officer.locator("[data-kill-form]")
    form.get_by_text("4 · Flatten").click()
    expect(form.locator("[data-confirm-word]")).to_have_text("FLATTEN")
    form.get_by_text("2 · Reduce only").click()
    expect(form.locator("[data-confirm-word]")).to_have_text("STOP")
    picture(officer, "kill-form")
    form.get_by_label("Why").fill("prices look wrong")
    form.get_by_label("To confirm, type").fill("stopp")
    form.get_by_role("button", name="Stop now").click()
    expect(form.locator("[data-confirm-input]:invalid")).to_have_value("stopp")
    expect(form.get_by_label("Why")).to_have_value("prices look wrong")
    expect(officer.locator("#kill-now .level")).to_have_attribute("data-level", "0")

    form.get_by_label("To confirm, type").fill("STOP")
    form.get_by_role("button", name="Stop now").click()

    expect(officer.locator("#kill-now .level")).to_have_attribute("data-level", "2")
    expect(officer.locator(".strip .stop")).to_contain_text("prices look wrong")
    picture(officer, "killed")
    lift = officer.locator("form[action$='/risk/lift/']")
    expect(lift).to_contain_text("closed positions are not opened")
    lift.get_by_label("Why").fill("all clear")
    lift.get_by_label("To confirm, type").fill("LIFT")
    lift.get_by_role("button", name="Lift").press("Enter")
    expect(officer.locator("#kill-now .level")).to_have_attribute("data-level", "0")
    expect(officer.locator(".strip .stop")).to_have_count(0)
    assert complaints == []


def test_a_halt_appears_without_reloading(officer: Page, site: Site) -> None:
    expect(officer.locator("[data-risk-account='1'] .guard").first).to_be_visible()
    officer.evaluate("window.stayed = true")

    site.run(FALL + LOOK)

    expect(officer.locator("[data-risk-account='1'] .guard").first).to_have_text("Halted")
    row = officer.locator("[data-figure=daily_loss_halt]")
    expect(row).to_have_attribute("data-guard-state", "halted")
    expect(officer.locator("#kill-now .level")).to_have_attribute("data-level", "3")
    expect(officer.locator("form[action$='/risk/lift/']")).to_be_visible()
    expect(officer.locator(".strip .stop")).to_contain_text("Kill level 3")
    assert officer.evaluate("window.stayed")
    picture(officer, "halted")
    officer.goto("/")
    expect(officer.locator("[data-guard='1']").first).to_have_text("Halted")
    picture(officer, "desk")


def test_it_is_whole_on_a_phone_in_the_dark_and_in_chinese(officer: Page, site: Site) -> None:
    site.run(FALL + LOOK)
    officer.set_viewport_size({"width": 390, "height": 844})
    officer.emulate_media(color_scheme="dark")
    officer.get_by_label("简体中文").click()
    for address in ("/risk/", "/risk/accounts/1/", "/risk/limits/"):
        officer.goto(address)
        officer.wait_for_selector("body[data-stream=live]")
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert officer.evaluate(overflow) <= 0, address
        picture(officer, "phone" + address.replace("/", "-"))
    officer.goto("/risk/")
    expect(officer.locator("[data-risk-account='1']")).to_contain_text("已停止")
