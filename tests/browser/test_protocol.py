"""The page's side of the stream: snapshot, patches, gaps, late events, refusals."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.conftest import log_in
from tests.browser.site import Site

pytestmark = pytest.mark.browser
QUOTES = "quotes:demo"
PRICE = "[data-row='1'] [data-part=price]"


class Server:
    """Plays the far side by hand; the other topics of the page are answered from `states`."""

    def __init__(self, page: Page, account: dict[str, Any], links: dict[str, Any]) -> None:
        self.asked: list[dict[str, Any]] = []
        self.states = {"connections": links, "accounts:1": account}
        self.connections = 0
        self._route: WebSocketRoute | None = None
        page.route_web_socket("**/ws/stream/", self._take)

    def say(self, **message: Any) -> None:
        assert self._route is not None
        self._route.send(json.dumps(message))

    def quotes(self, seq: int, last: str) -> None:
        quote = {"last": last, "kind": "frozen"}
        self.say(type="snapshot", topic=QUOTES, seq=seq, data={"1": quote})

    def event(self, seq: int, patch: dict[str, Any], *, first: int | None = None) -> None:
        self.say(type="event", topic=QUOTES, **{"from": first or seq}, seq=seq, data={"1": patch})

    def close(self, code: int) -> None:
        assert self._route is not None
        self._route.close(code=code)

    def _take(self, route: WebSocketRoute) -> None:
        self.connections += 1
        self._route = route
        route.on_message(self._hear)

    def _hear(self, text: str | bytes) -> None:
        message = json.loads(text)
        self.asked.append(message)
        if message["op"] == "subscribe":
            for topic in message["topics"]:
                if topic != QUOTES:
                    self.say(type="snapshot", topic=topic, seq=1, data=self.states.get(topic, {}))


def until(page: Page, look: Callable[[], bool]) -> None:
    """Waits inside the browser, which lets its events through."""
    for _ in range(300):
        if look():
            return
        page.wait_for_timeout(100)
    raise AssertionError("not within half a minute")


@pytest.fixture
def server(page: Page, site: Site) -> Server:
    state = site.run(
        "import json; from apps.accounts import selectors; from apps.accounts.models import *;"
        "a = BrokerAccount.objects.get(pk=1);"
        "print(json.dumps([selectors.account_state(a, unmask=False), selectors.links_state()]))"
    )
    account, links = json.loads(state.strip().splitlines()[-1])
    server = Server(page, account, links)
    log_in(page, "alice")
    page.wait_for_function("document.querySelector('[data-row=\"1\"] [data-part=change]')")
    return server


def test_events_patch_the_snapshot(page: Page, server: Server) -> None:
    server.quotes(10, "200.00")
    expect(page.locator(PRICE)).to_have_text("200.00")

    server.event(11, {"last": "201.00"})
    expect(page.locator(PRICE)).to_have_text("201.00")

    server.event(12, {"last": None, "mark": "199.50"})
    expect(page.locator(PRICE)).to_have_text("199.50")


def test_an_event_that_was_overtaken_changes_nothing(page: Page, server: Server) -> None:
    server.quotes(10, "200.00")
    server.event(9, {"last": "150.00"})
    server.event(10, {"last": "150.00"})
    server.event(11, {"high": "1"})

    expect(page.locator(PRICE)).to_have_text("200.00")


def test_conflated_events_that_overlap_are_applied(page: Page, server: Server) -> None:
    server.quotes(10, "200.00")
    server.event(14, {"last": "204.00"}, first=9)

    expect(page.locator(PRICE)).to_have_text("204.00")


def test_a_gap_asks_for_a_snapshot_and_trusts_nothing_until_it_comes(
    page: Page, server: Server
) -> None:
    server.quotes(10, "200.00")
    expect(page.locator(PRICE)).to_have_text("200.00")

    server.event(13, {"last": "213.00"})
    server.event(14, {"last": "214.00"})
    until(page, lambda: server.asked[-1] == {"op": "snapshot", "topics": [QUOTES]})
    expect(page.locator(PRICE)).to_have_text("200.00")

    server.quotes(20, "220.00")
    server.event(21, {"last": "221.00"})
    expect(page.locator(PRICE)).to_have_text("221.00")


def test_a_topic_that_is_unavailable_freezes_the_page_and_is_asked_for_again(
    page: Page, server: Server
) -> None:
    server.quotes(10, "200.00")
    expect(page.locator("body")).to_have_attribute("data-stream", "live")
    before = len(server.asked)

    server.say(type="error", topic=QUOTES, code="unavailable", message="Redis does not answer.")

    expect(page.locator("#stream-banner")).to_be_visible()
    until(page, lambda: len(server.asked) > before)
    assert server.asked[-1] == {"op": "subscribe", "topics": [QUOTES]}

    server.quotes(11, "205.00")
    expect(page.locator("#stream-banner")).to_be_hidden()
    expect(page.locator(PRICE)).to_have_text("205.00")


def test_a_session_that_ended_is_said_and_not_tried_again(page: Page, server: Server) -> None:
    server.quotes(10, "200.00")
    expect(page.locator("body")).to_have_attribute("data-stream", "live")
    server.close(4401)
    expect(page.locator("#stream-banner")).to_contain_text("You have been logged out")

    # What makes a lost stream try again at once leaves this one alone.
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-stream", "starting")
    assert server.connections == 2


def test_a_stream_that_broke_is_tried_again_when_the_network_returns(
    page: Page, server: Server
) -> None:
    server.quotes(10, "200.00")
    expect(page.locator("body")).to_have_attribute("data-stream", "live")
    server.close(1011)
    expect(page.locator("#stream-banner")).to_be_visible()

    page.evaluate("window.dispatchEvent(new Event('online'))")

    until(page, lambda: server.connections == 2)


def test_a_live_connection_puts_up_the_banner_and_nothing_takes_it_down(
    page: Page, server: Server
) -> None:
    link = server.states["connections"]["demo"] | {"label": "Real", "mode": "live"}
    server.say(type="event", topic="connections", **{"from": 2}, seq=2, data={"real": link})
    expect(page.locator("#live-banner")).to_be_visible()

    server.say(type="event", topic="connections", **{"from": 3}, seq=3, data={"real": None})
    server.quotes(10, "200.00")
    expect(page.locator(PRICE)).to_have_text("200.00")
    expect(page.locator("#live-banner")).to_be_visible()


def test_a_connection_that_is_switched_off_leaves_the_page_and_its_prices_go_stale(
    page: Page, server: Server
) -> None:
    server.quotes(10, "200.00")
    expect(page.locator("[data-row='1']")).to_have_attribute("data-stale", "false")

    server.say(type="event", topic="connections", **{"from": 2}, seq=2, data={"demo": None})

    expect(page.locator(".links [data-link=demo]")).to_be_hidden()
    expect(page.locator("[data-row='1']")).to_have_attribute("data-stale", "true")
