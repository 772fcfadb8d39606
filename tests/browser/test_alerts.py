"""Alerts and channels in a browser: what comes up, what is sent, and what is said when it fails."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from ibportal.run.plan import free_port
from tests.alert_servers import TOKEN, BotApi, Mailbox, bot_api, mail_server, wait_answer
from tests.browser.conftest import log_in
from tests.browser.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

KEEPER = """
from django.contrib.auth.models import Permission, User
from apps.accounts.models import BrokerAccount
from apps.accounts.services import grant_give
from apps.risk.models import *
user = User.objects.filter(username="kim").first() or desk_data.make_user("kim")
user.user_permissions.set(
    Permission.objects.filter(codename__in=["change_channel", "change_limits", "kill", "lift"])
)
grant_give(user=user, account=BrokerAccount.objects.get(pk=1))
for table in (Alert, Channel, GuardState, KillEvent, KillSwitch, Lock):
    table.objects.all().delete()
"""
ALARM = """
from apps.lib import clock
from apps.accounts.models import BrokerAccount
from apps.risk.alerts.said import Said
from apps.risk.services import alert_raise
alert_raise(
    code="kill", severity="critical", account=BrokerAccount.objects.get(pk=1), key="3",
    sentence=Said(
        "%(who)s has set kill level %(level)s (%(name)s): %(reason)s",
        {"who": "olivia", "level": 3, "name": Said("Cancel our working orders"), "reason": "storm"},
    ),
    at=clock.now(),
)
"""
SEND = """
from apps.lib import clock
from apps.risk.models import Channel
from apps.risk.services import channel_send
for channel in Channel.objects.all():
    channel_send(channel_id=channel.pk, at=clock.now())
"""
WAITED = """
from apps.risk.models import Channel, Delivery
Delivery.objects.update(next_at="2026-01-01T00:00Z")
Channel.objects.update(paused_until_at=None)
"""
WIDE = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=390, height=844)


@pytest.fixture
def keeper(page: Page, site: Site) -> Page:
    site.run(KEEPER)
    log_in(page, "kim")
    return page


@pytest.fixture
def api() -> Iterator[BotApi]:
    with bot_api() as served:
        yield served


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as served:
        yield served


def picture(page: Page, name: str) -> None:
    """For people: where PICTURES names a folder, what the test saw is kept there."""
    folder = os.environ.get("PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def add(page: Page, kind: str, **fields: str) -> Locator:
    """Fills in the form of a new channel as a person does, and finds what is shown of it."""
    page.goto("/alerts/channels/")
    form = page.locator(f"[data-new={kind}]")
    form.locator("summary").click()
    for name, value in fields.items():
        field = form.locator(f"[name={name}]")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    picture(page, f"new-{kind}")
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The channel is saved.")).to_be_visible()
    return page.locator("[data-channel]", has=page.get_by_role("heading", name=fields["name"]))


def add_bot(page: Page, api: BotApi, token: str = TOKEN) -> Locator:
    return add(page, "telegram", name="Bot", token=token, chat_id="1001", base_url=api.address)


def add_mail(page: Page, port: int) -> Locator:
    return add(
        page, "email", name="Mail", host="127.0.0.1", port=str(port), security="none",
        sender="portal@example.org", to="desk@example.org",
    )  # fmt: skip


def test_a_bot_is_added_and_tested_and_its_token_is_never_shown_again(
    keeper: Page, api: BotApi, complaints: list[str]
) -> None:
    bot = add_bot(keeper, api)
    bot.get_by_role("button", name="Send test").click()

    expect(keeper.get_by_text("Sent. Receipt: message 1")).to_be_visible()
    assert "This channel works." in api.texts[0]
    bot.locator("summary").click()
    expect(bot.locator("[name=token]")).to_have_value("")
    assert TOKEN not in keeper.content()
    picture(keeper, "bot")
    assert complaints == []


def test_a_wrong_token_is_said_beside_its_channel_until_it_is_put_right(
    keeper: Page, api: BotApi
) -> None:
    bot = add_bot(keeper, api, token="1:wrong-secret")
    bot.get_by_role("button", name="Send test").click()

    expect(keeper.get_by_text("Not sent: Telegram refuses the bot")).to_be_visible()
    expect(bot.locator(".error")).to_contain_text("Telegram refuses the bot")
    assert "wrong-secret" not in keeper.content()
    picture(keeper, "wrong-token")
    bot.locator("summary").click()
    bot.locator("[name=token]").fill(TOKEN)
    bot.get_by_role("button", name="Save").click()
    bot.get_by_role("button", name="Send test").click()
    expect(keeper.get_by_text("Sent. Receipt: message 1")).to_be_visible()
    expect(bot.locator(".error")).to_have_count(0)


def test_a_mail_is_sent_and_a_dead_server_is_said(keeper: Page, box: Mailbox) -> None:
    mail = add_mail(keeper, box.port)
    mail.get_by_role("button", name="Send test").click()
    expect(keeper.get_by_text("Sent. Receipt: <")).to_be_visible()
    assert "This channel works." in box.mails[0]

    mail.locator("summary").click()
    mail.locator("[name=port]").fill(str(free_port()))
    mail.get_by_role("button", name="Save").click()
    mail.get_by_role("button", name="Send test").click()
    expect(keeper.get_by_text("Not sent: The mail server does not answer")).to_be_visible()
    picture(keeper, "dead-mail-server")


def test_any_other_service_is_one_url(keeper: Page, api: BotApi) -> None:
    host = api.address.removeprefix("http://")
    other = add(keeper, "apprise", name="Hook", url=f"json://{host}/secret-path")
    api.answers.append((200, {}))
    other.get_by_role("button", name="Send test").click()

    expect(keeper.get_by_text("Sent. Receipt: accepted")).to_be_visible()
    expect(other).to_contain_text("json://…")
    assert "secret-path" not in keeper.content()


def test_what_does_not_fit_is_said_and_nothing_is_saved(keeper: Page) -> None:
    keeper.goto("/alerts/channels/")
    form = keeper.locator("[data-new=email]")
    form.locator("summary").click()
    for name, value in {"name": "Mail", "host": "mail", "sender": "me", "to": "you@x.org"}.items():
        form.locator(f"[name={name}]").fill(value)
    form.get_by_role("button", name="Save").click()

    expect(keeper.get_by_text("This is not an e-mail address.")).to_be_visible()
    expect(keeper.locator("[data-channel]")).to_have_count(0)
    expect(form.locator("[name=host]")).to_have_value("mail")


def test_told_to_wait_the_alert_shows_until_when_and_then_its_receipt(
    keeper: Page, site: Site, api: BotApi
) -> None:
    add_bot(keeper, api)
    api.answers.append(wait_answer(37))
    site.run(ALARM + SEND)
    keeper.goto("/alerts/")
    keeper.wait_for_selector("body[data-stream=live]")

    row = keeper.locator("[data-alert]").first
    expect(row.locator("[data-delivery=delayed]")).to_contain_text("Telegram asks to wait 37 s.")
    picture(keeper, "delayed")
    site.run(WAITED + SEND)
    expect(row.locator("[data-delivery=sent]")).to_contain_text("message 1")
    assert "storm" in api.texts[0]


def test_without_a_channel_people_are_stopped_by_nothing_and_told_that_nobody_heard(
    keeper: Page, site: Site
) -> None:
    site.run(ALARM)
    keeper.goto("/alerts/")

    expect(keeper.get_by_text("No alert channel is switched on")).to_be_visible()
    expect(keeper.locator("[data-alert]").first).to_contain_text("not sent")


def test_an_alert_comes_up_on_any_page_and_goes_when_it_is_acknowledged(
    keeper: Page, site: Site, complaints: list[str]
) -> None:
    keeper.goto("/quotes/")
    keeper.wait_for_selector("body[data-stream=live]")
    keeper.evaluate("window.stayed = true")
    expect(keeper.locator("#alert-count")).to_be_hidden()

    site.run(ALARM)

    expect(keeper.locator("#alert-count")).to_have_text("1")
    tray = keeper.locator(".tray")
    expect(tray).to_contain_text("olivia has set kill level 3 (Cancel our working orders): storm")
    tray.locator("summary").click()
    picture(keeper, "strip")
    tray.get_by_role("button", name="Acknowledge").click()
    expect(tray).to_have_count(0)
    expect(keeper.locator("#alert-count")).to_be_hidden()
    assert keeper.evaluate("window.stayed")
    assert keeper.url.endswith("/quotes/")
    assert complaints == []


@pytest.mark.parametrize("language", ["English", "简体中文", "繁體中文"])
def test_the_pages_fit_a_phone_and_speak_the_readers_language(
    keeper: Page, site: Site, api: BotApi, language: str
) -> None:
    add_bot(keeper, api)
    add_mail(keeper, free_port())
    site.run(ALARM + SEND)
    keeper.get_by_role("button", name=language, exact=True).click()
    code = keeper.locator("html").get_attribute("lang")
    for size, name in ((WIDE, "wide"), (PHONE, "phone")):
        keeper.set_viewport_size(size)
        for address in ("/alerts/", "/alerts/channels/", "/risk/limits/", "/"):
            keeper.goto(address)
            keeper.wait_for_selector("body[data-stream=live]")
            for each in keeper.locator("main details.setup").all():
                each.evaluate("details => { details.open = true; }")
            overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert keeper.evaluate(overflow) <= 0, (address, name)
            picture(keeper, f"{code}-{name}{address.replace('/', '-')}")
    expect(keeper.locator("#bell-count")).to_be_visible()
    if code != "en":
        keeper.goto("/alerts/")
        shown = keeper.locator("[data-alert]").first
        expect(shown).to_contain_text("olivia")
        expect(shown).not_to_contain_text("kill level")
        expect(shown.locator("[data-delivery=delayed]")).not_to_contain_text("does not answer")
