"""Why there is no live price, on the pages: each reason plainly, with what helps."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import translation

from apps.accounts.models import Connection
from apps.lib import clock
from apps.lib import redis as store
from apps.marketdata import services
from apps.marketdata.models import StreamConfig, Watchlist
from apps.marketdata.selectors import explained
from apps.marketdata.topics import TOPICS
from tests.django.test_pages import words_of
from tests.factories import worker_says
from tests.marketdata_pages import (
    APPLE,
    list_with_apple,
    page,
    post,
    tell,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]


@pytest.fixture
def mine(alice: User) -> Watchlist:
    return list_with_apple(alice)


TAKEN = {"lines": 100, "position": 60, "watchlist": 40}
TROUBLES: dict[str, dict[str, Any]] = {
    "Another session of this login takes the live data": {"state": "refused", "code": 10197},
    "No permission for live data": {"state": "refused", "code": 354},
    "Nothing comes": {"state": "requested", "code": 0},
    "No market data line is left": {"state": "waiting", "taken": TAKEN},
    "Delayed data only": {"state": "streaming", "code": 10167, "kind": "delayed"},
    "The broker refuses this": {"state": "refused", "code": 200},
}


@pytest.mark.parametrize("title", TROUBLES)
def test_why_there_is_no_live_price_is_plainly_said(
    alice: User, paper: Connection, mine: Watchlist, title: str
) -> None:
    with worker_says(paper):
        tell(paper, {str(APPLE): {"reason": "watchlist", "kind": "close", **TROUBLES[title]}})
        text = words_of(page(alice, "quotes"))
        fragment = words_of(page(alice, "notes", ids=str(APPLE)))
        other = words_of(page(alice, "notes", ids="99"))

    assert title in text
    assert title in fragment
    assert title not in other


def test_what_nobody_has_asked_for_yet_is_said_to_stream_nothing(
    alice: User, paper: Connection, mine: Watchlist
) -> None:
    with worker_says(paper):
        tell(paper, {"7": {"reason": "position", "kind": "live", "state": "streaming"}})
        before = words_of(page(alice, "notes", ids=str(APPLE)))
        post(alice, "viewed", connection="paper", ids=str(APPLE))
        after = words_of(page(alice, "notes", ids=str(APPLE)))

    assert "Nothing streams yet AAPL" in before
    assert "Nothing streams yet" not in after


def test_the_topic_of_a_stream_speaks_every_readers_language(
    alice: User, paper: Connection, mine: Watchlist
) -> None:
    waiting = {"reason": "watchlist", "kind": "close", "state": "waiting", "taken": TAKEN}
    topics = {topic.prefix: topic for topic in TOPICS}
    with worker_says(paper):
        tell(paper, {str(APPLE): waiting})
        state = topics["streams"].snapshot(alice, "paper")
        with translation.override("zh-hans"):
            words = explained(state["lines"][str(APPLE)])

    assert state["sentences"] == {
        "en": "0 of 1 instruments stream, 1 wait for a line",
        "zh-hans": "1 个合约中有 0 个正在接收行情, 1 个等待线路",
        "zh-hant": "1 個合約中有 0 個正在接收行情, 1 個等待線路",
    }
    assert "sentence" not in state
    assert words["sentence"] == "全部 100 条行情线路已被占用：60 条用于持仓, 40 条用于自选列表。"
    gone = topics["streams"].snapshot(alice, "paper")["sentences"]
    assert gone["en"] == "The gateway worker of this connection is not running."
    assert len(set(gone.values())) == 3


def test_trouble_is_said_in_the_readers_language(
    alice: User, paper: Connection, mine: Watchlist
) -> None:
    line = {"reason": "watchlist", "kind": "close", "state": "refused", "code": 10197}
    with worker_says(paper):
        tell(paper, {str(APPLE): line})
        text = words_of(page(alice, "quotes", language="zh-hant"))

    assert "同一登入的另一工作階段佔用了即時數據" in text
    assert "Another" not in text


def test_a_data_farm_that_is_down_is_said_until_it_works(
    alice: User, paper: Connection, mine: Watchlist
) -> None:
    def say(code: int) -> None:
        text = "Market data farm connection:usfarm"
        said = {"code": code, "text": text, "at": clock.now().isoformat(), "con_id": None}
        store.client().lpush(store.NOTICES.format(slug=paper.slug), json.dumps(said))

    say(2103)
    assert "a data farm is down" in words_of(page(alice, "quotes"))
    say(2104)
    assert "a data farm is down" not in words_of(page(alice, "quotes"))


def test_a_stopped_stream_is_said_on_every_page_with_quotes(
    alice: User, paper: Connection, mine: Watchlist
) -> None:
    services.stream_save(services.stream_config(paper.pk), enabled=False)

    for name, args in (("quotes", ()), ("instrument", (APPLE,)), ("options", (APPLE,))):
        assert "is stopped." in words_of(page(alice, name, *args)), name


def test_the_streams_page_gives_reason_and_remedy_for_each_line(
    alice: User, paper: Connection, mine: Watchlist
) -> None:
    with worker_says(paper):
        tell(
            paper,
            {
                str(APPLE): {"reason": "watchlist", "state": "streaming", "kind": "live"},
                "7": {"reason": "position", "state": "refused", "kind": "close", "code": 354},
                "8": {"reason": "browsing", "state": "waiting", "kind": "close", "taken": TAKEN},
            },
        )
        text = words_of(page(alice, "streams"))

    assert "1 of 3 instruments stream, 1 wait for a line, 1 refused" in text
    assert "AAPL watchlist streaming live" in text
    assert "No permission for live data 354" in text
    used = "60 for positions, 40 for watchlists"
    assert f"All 100 market data lines are taken: {used}." in text


def test_without_a_worker_nothing_is_said_to_stream(alice: User, paper: Connection) -> None:
    tell(paper, {"7": {"reason": "position", "state": "streaming", "kind": "live"}})

    text = words_of(page(alice, "streams"))

    assert "The gateway worker of this connection is not running." in text
    assert "No instrument is streamed here now." in text


def test_only_those_allowed_start_stop_and_set_up_a_stream(
    alice: User, bob: User, paper: Connection
) -> None:
    assert post(bob, "stream-switch", "paper", stop="1").status_code == 404
    assert "You may not change what is streamed." in words_of(
        post(alice, "stream-switch", "paper", stop="1")
    )
    assert 'name="stop"' not in page(alice, "streams").content.decode()
    alice.user_permissions.add(Permission.objects.get(codename="change_streamconfig"))
    assert "Stopped here" in words_of(post(alice, "stream-switch", "paper", stop="1"))
    post(alice, "stream-switch", "paper", start="1")
    assert StreamConfig.objects.get(connection=paper).enabled


def test_settings_of_a_stream_are_saved_whole_or_not_at_all(alice: User, paper: Connection) -> None:
    alice.user_permissions.add(Permission.objects.get(codename="change_streamconfig"))
    wish = {"positions": "on", "market_data_type": "3", "max_symbols": 50, "refresh_seconds": 10}
    post(alice, "stream-switch", "paper", **wish)
    config = StreamConfig.objects.get(connection=paper)
    assert (config.positions, config.targets, config.watchlists) == (True, False, False)
    assert (config.market_data_type, config.max_symbols) == (3, 50)

    answer = post(alice, "stream-switch", "paper", **(wish | {"max_symbols": 0}))

    assert "The stream cannot be set up like this." in words_of(answer)
    config.refresh_from_db()
    assert config.max_symbols == 50
