"""The client of threads that wait on a list: it hears at once, and gives up on a silent Redis."""

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from apps.lib import redis as store
from tests.redis_server import PrivateRedis, private_redis


@pytest.fixture
def server(settings: Any) -> Iterator[PrivateRedis]:
    with private_redis() as server:
        settings.REDIS_URL = server.url
        store.listener.cache_clear()
        yield server
        store.listener().close()
        store.listener.cache_clear()


def test_it_hears_what_is_pushed_and_is_told_of_an_empty_list(server: PrivateRedis) -> None:
    redis.Redis(port=server.port).lpush("list", b"word")
    heard: list[Any] = [store.listener().brpop(["list"], timeout=1) for _ in range(2)]
    assert heard == [(b"list", b"word"), None]


def test_a_redis_that_no_longer_answers_is_given_up_and_found_again(
    server: PrivateRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "GIVE_UP", 2)
    store.listener().ping()
    pid = int(redis.Redis(port=server.port).info()["process_id"])
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    try:
        with pytest.raises(redis.RedisError):
            store.listener().brpop(["list"], timeout=1)
        assert 1 < time.monotonic() - began < 15
    finally:
        os.kill(pid, signal.SIGCONT)
    store.listener().lpush("list", b"word")
    heard: Any = store.listener().brpop(["list"], timeout=1)
    assert heard[1] == b"word"
