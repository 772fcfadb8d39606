"""How the pages look and are used: phone, dark, keyboard, sorting, languages."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.accounts.figures import figure
from tests import desk_data
from tests.browser.conftest import Quotes, log_in
from tests.browser.site import Site
from tests.unit.test_figures import FIGURES

pytestmark = pytest.mark.browser
PAGES = ("/", "/accounts/1/", "/findings/", "/connections/")


def column(page: Page, name: str) -> list[str]:
    cells = (
        f"tbody [data-row]:visible [data-field={name}], tbody [data-row]:visible [data-part={name}]"
    )
    return page.locator(cells).all_inner_texts()


def numbers(page: Page, name: str) -> list[float]:
    return [float(re.sub(r"[,+]", "", t).replace("−", "-")) for t in column(page, name) if t != "–"]


def background(page: Page) -> int:
    """Brightness of the page's ground, 0 black to 255 white."""
    colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return max(int(part) for part in re.findall(r"\d+", colour)[:3])


@pytest.mark.parametrize("address", PAGES)
def test_no_page_complains_in_the_console(desk: Page, complaints: list[str], address: str) -> None:
    desk.goto(address)
    desk.wait_for_selector("body[data-stream=live]")

    assert complaints == []


@pytest.mark.parametrize("address", [*PAGES, "/nowhere/"])
def test_a_phone_never_scrolls_sideways(desk: Page, address: str) -> None:
    desk.set_viewport_size({"width": 360, "height": 740})
    desk.goto(address)

    assert desk.evaluate("document.documentElement.scrollWidth") == 360


def test_a_phone_shows_price_kind_and_daily_result(desk: Page) -> None:
    desk.set_viewport_size({"width": 360, "height": 740})

    row = desk.locator("[data-row='1']")
    for part in ("[data-part=symbol]", "[data-part=price]", "[data-part=kind]"):
        expect(row.locator(part)).to_be_visible()
    box = row.locator("[data-field=daily_pnl]").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 360


def test_a_laptop_shows_every_column_of_the_desk(desk: Page) -> None:
    desk.set_viewport_size({"width": 1366, "height": 768})

    box = desk.get_by_role("columnheader", name="To strike %").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 1366
    assert desk.locator(".scroll").first.evaluate("box => box.scrollWidth - box.clientWidth") == 0


def test_the_theme_follows_the_system_until_it_is_chosen(desk: Page) -> None:
    desk.emulate_media(color_scheme="light")
    assert background(desk) > 200
    desk.emulate_media(color_scheme="dark")
    assert background(desk) < 50

    desk.get_by_role("button", name="Dark theme").click()
    assert background(desk) > 200
    desk.reload()
    assert background(desk) > 200


def test_the_table_sorts_by_keyboard(desk: Page) -> None:
    button = desk.get_by_role("button", name="Unrealised")
    button.focus()
    desk.keyboard.press("Enter")

    header = desk.locator("th[data-sort=unrealized_pnl]")
    expect(header).to_have_attribute("aria-sort", "descending")
    assert numbers(desk, "unrealized_pnl") == sorted(numbers(desk, "unrealized_pnl"), reverse=True)

    desk.keyboard.press("Space")

    expect(header).to_have_attribute("aria-sort", "ascending")
    assert numbers(desk, "unrealized_pnl") == sorted(numbers(desk, "unrealized_pnl"))


def test_missing_values_sort_last_either_way(desk: Page) -> None:
    button = desk.get_by_role("button", name="Days")
    for _ in range(2):
        button.click()
        assert column(desk, "days_to_expiry")[-1] == "–"


def test_the_filter_narrows_rows_and_totals(desk: Page) -> None:
    desk.get_by_label("Filter positions").fill("aapl")

    expect(desk.locator("[data-priced]")).to_have_text("2 of 2 priced")
    assert column(desk, "symbol") == ["AAPL", "AAPL"]
    expect(desk.locator("[data-sum=daily_pnl]")).to_have_text("−181.50")

    desk.get_by_label("Filter positions").fill("no such thing")
    expect(desk.get_by_text("No position matches.")).to_be_visible()


def test_tabs_show_one_class_and_count_it(desk: Page) -> None:
    desk.get_by_role("button", name="HK options 1").click()

    expect(desk.locator("[data-sum=value_base]")).to_have_text("−944.48")
    assert column(desk, "currency") == ["HKD"]
    expect(desk.get_by_role("button", name="Other")).to_be_hidden()


def test_the_keyboard_reaches_the_content_first(desk: Page) -> None:
    desk.reload()
    desk.keyboard.press("Tab")

    expect(desk.locator(".skip")).to_be_focused()
    expect(desk.locator(".skip")).to_be_in_viewport()


def test_the_browser_formats_figures_as_the_server_does(desk: Page) -> None:
    source = desk.evaluate(FORMAT_SOURCE)
    code = (
        "async ([url, all]) => { const m = await import(url); return all.map(a => m.figure(...a)) }"
    )
    asked = [(value, name) for value, name, _ in FIGURES]

    assert desk.evaluate(code, [source, asked]) == [figure(value, name) for value, name in asked]


def test_modules_are_loaded_under_hashed_names(desk: Page) -> None:
    loaded = desk.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    scripts = [name for name in loaded if "/static/js/" in name]

    assert len(scripts) > 10
    assert all(re.search(r"\.[0-9a-f]{12}\.js$", name) for name in scripts)


def test_the_words_of_the_browser_code_follow_the_language(desk: Page) -> None:
    desk.get_by_role("button", name="繁體中文").click()

    expect(desk.locator("html")).to_have_attribute("lang", "zh-hant")
    expect(desk.locator("[data-row='1'] [data-part=kind]")).to_have_text("即時")
    expect(desk.locator("[data-priced]")).to_have_text("12 項中 12 項有價格")
    desk.get_by_role("button", name="English").click()


def test_reduced_motion_flashes_nothing(desk: Page, quotes: Quotes) -> None:
    desk.emulate_media(reduced_motion="reduce")
    quotes.tell(1, last="233.33")
    expect(desk.locator("[data-row='1'] [data-part=price]")).to_have_text("233.33")

    assert desk.evaluate("document.getAnimations().length") == 0


def test_a_desk_without_access_says_so_on_a_phone(page: Page, site: Site) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    log_in(page, "carol")

    expect(page.get_by_role("heading", name="No account is open to you")).to_be_visible()


def test_without_scripts_the_desk_still_shows_the_truth(browser: Browser, site: Site) -> None:
    context = browser.new_context(base_url=site.address, java_script_enabled=False)
    page = context.new_page()
    log_in(page, "alice")

    expect(page.locator("tbody [data-row]")).to_have_count(len(desk_data.BOOK))
    expect(page.locator("[data-row='1'] [data-part=kind]")).to_have_text("broker")
    context.close()


FORMAT_SOURCE = """
performance.getEntriesByType('resource').map(e => e.name).find(n => /js\\/format\\./.test(n))
"""
