"""A running portal as chaos rounds see it: API, rows, broker, and ways to hurt it."""

import contextlib
import functools
import http.client
import http.cookiejar
import json
import os
import signal
import sqlite3
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import redis

from tests.chaos.book import Database, Ledger
from tests.chaos.cluster import Cluster
from tests.chaos.compare import Difference, compare
from tests.chaos.trap import Trap
from tests.portal import Portal, eventually

Answer = tuple[int, Any]
ACCOUNT = "DU7654321"
GATEWAY = "-n gateway-demo@"
DEFAULT_WORKER = "-n worker@"
REDIS = "valkey-server"
RETRY = 0.3
AWAY = 1.0
"""Seconds a killed PostgreSQL is away; as long nobody can write to SQLite."""


class World:
    """`cluster` is the PostgreSQL server that may be killed; None: the portal is on SQLite."""

    def __init__(self, portal: Portal, cluster: Cluster | None) -> None:
        self.portal = portal
        self._cluster = cluster
        var = portal.folder / "var"
        self._var = var
        self.database = Database(portal.settings_environment().get("DATABASE_URL", ""), var)
        self.ledger = Ledger(var / "twsim-ledger.jsonl")
        found = dict(
            line.split("=", 1)
            for line in (var / "run.env").read_text(encoding="utf-8").splitlines()
            if "=" in line
        )
        self.redis = redis.Redis.from_url(found["REDIS_URL"], socket_timeout=5)
        cookies = http.cookiejar.CookieJar()
        self._cookies = cookies
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
        self.hurts: dict[str, Callable[[], None]] = {
            "none": lambda: None,
            "gateway": self._kill_gateway,
            "worker": lambda: self._kill(DEFAULT_WORKER),
            "socket": self._drop_socket,
            "redis": lambda: self._kill(REDIS),
            "database": self._kill_database,
        }

    # the API

    def log_in(self) -> None:
        self._open("/login/").read()
        form = {
            "username": "demo",
            "password": self.portal.password,
            "csrfmiddlewaretoken": self._csrf(),
        }
        self._open("/login/", urllib.parse.urlencode(form).encode()).read()

    def call(
        self, path: str, body: Any = None, *, key: str = "", method: str | None = None
    ) -> Answer:
        """Status and JSON; status 0 when nobody answered."""
        headers = {"X-CSRFToken": self._csrf(), "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        data = None if body is None else json.dumps(body).encode()
        try:
            with self._open(f"/api/v1{path}", data, headers, method) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            with contextlib.suppress(ValueError):
                return error.code, json.loads(text)
            return error.code, text[:500]
        except (OSError, ValueError, http.client.HTTPException) as error:
            return 0, str(error)

    def insist(self, path: str, body: Any = None, *, key: str = "", within: float = 60.0) -> Answer:
        """Repeats a request until somebody decides on it; a key makes that safe.

        The gate refuses while link or prices are away (409): that passes.
        """
        until = time.monotonic() + within
        while True:
            status, told = self.call(path, body, key=key)
            decided = status in (200, 201, 202, 400, 404)
            if decided or time.monotonic() > until:
                return status, told
            if status == 403:
                with contextlib.suppress(OSError):
                    self.log_in()
            threading.Event().wait(RETRY)

    def _open(
        self, path: str, data: bytes | None = None, headers: Any = None, method: str | None = None
    ) -> Any:
        address = self.portal.address + path
        request = urllib.request.Request(address, data, headers or {}, method=method)
        return self._opener.open(request, timeout=20)

    def _csrf(self) -> str:
        return next((c.value or "" for c in self._cookies if c.name == "csrftoken"), "")

    # what is there

    @functools.cached_property
    def account(self) -> int:
        """The number of the account that trades."""
        rows = self.database.select("SELECT code, id FROM accounts_brokeraccount")
        return int(dict(rows)[ACCOUNT])

    def difference(self) -> Difference:
        book = self.database.book()
        return compare(self.ledger.rows(), self.portal.simulator("/state"), book)

    def ready(self) -> bool:
        checks = self.portal.readiness()["checks"]
        links = [row["ok"] for name, row in checks.items() if name.startswith("link")]
        return bool(links) and all(links)

    def wait_ready(self, *, within: float = 90.0) -> None:
        eventually(self.ready, within=within, what=f"a ready link: {self.portal.links()}")

    # ways to hurt it

    def trap(self, victim: str) -> Trap:
        """To be armed at a point, where the victim dies."""
        dies = victim == "gateway"
        hit = self.free_leases if dies else self.hurts[victim]
        return Trap(self.redis, self._var, hit=hit, holds=not dies)

    def _kill(self, pattern: str) -> None:
        """What is starting again just now may not be there to kill."""
        for pid in self.portal.pids(pattern):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _kill_gateway(self) -> None:
        self._kill(GATEWAY)
        self.free_leases()

    def free_leases(self) -> None:
        """Who was killed cannot come back: that its successor waits until the lease is over is
        tried elsewhere, and would take most of a round."""
        with contextlib.suppress(redis.RedisError):
            for key in self.redis.scan_iter("ibportal:lease:*"):
                if not key.endswith(b":token"):
                    self.redis.delete(key)

    def _drop_socket(self) -> None:
        self.portal.simulator("/fault", {"kind": "drop"})

    def _kill_database(self) -> None:
        """SQLite has no process to kill: nobody can write for a while."""
        if self._cluster is not None:
            self._cluster.kill(AWAY)
            return
        file = sqlite3.connect(
            self.database.path, timeout=0.5, isolation_level=None, check_same_thread=False
        )
        try:
            file.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            file.close()  # the gateway stands at the point in a transaction of its own
            return
        threading.Timer(AWAY, file.close).start()


@contextlib.contextmanager
def world(portal: Portal, cluster: Cluster | None) -> Iterator[World]:
    """With a logged-in person and a link that is ready."""
    made = World(portal, cluster)
    made.wait_ready()
    made.log_in()
    yield made
