"""Quotes and link in one trip to Redis say what they say apart from each other."""

from contextlib import ExitStack
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.accounts import links
from apps.accounts.models import Connection
from apps.accounts.selectors import link_effective
from apps.lib import clock
from apps.lib import redis as store
from apps.marketdata.selectors import quotes_and_link, quotes_of
from ibkr.types import LinkState
from tests.factories import make_connection, worker_says
from tests.marketdata_data import milliseconds, put_quotes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]


@pytest.fixture
def paper(empty_redis: None) -> Connection:
    return make_connection()


@pytest.mark.parametrize("alive", [True, False])
@pytest.mark.parametrize("code", [None, "", "1100"])
def test_both_are_what_each_says_by_itself(
    paper: Connection, *, alive: bool, code: str | None
) -> None:
    told: dict[str, Any] = {"last": "5", "kind": "live", "at": milliseconds(clock.now())}
    put_quotes(paper.slug, {1: told, 2: told | {"last": "6"}}, alive=alive)
    with ExitStack() as worker:
        if code is not None:
            worker.enter_context(worker_says(paper, "degraded", code=code))
        quotes, link = quotes_and_link(paper, [1, 3])
        alone = {con_id: quote for con_id, (_, quote) in quotes_of([paper.slug], [1, 3]).items()}
        assert (quotes, link) == (alone, link_effective(paper))
    assert list(quotes) == [1]


def test_without_redis_nothing_is_known(paper: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = redis.Redis(port=1, retry=Retry(NoBackoff(), 0))
    with monkeypatch.context() as patch:
        patch.setattr(store, "client", lambda: nobody)
        quotes, link = quotes_and_link(paper, [1])
    assert quotes == {}
    assert (link.state, link.code, link.worker) == (
        LinkState.DISCONNECTED,
        links.REDIS_DOWN,
        False,
    )
