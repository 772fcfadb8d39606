"""A running portal as chaos rounds see it: API, rows, broker, and ways to hurt it."""

import contextlib
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
from decimal import Decimal
from typing import Any

import psycopg
import redis

from apps.trading.points import KEY, NAMES
from tests.chaos.compare import Book
from tests.portal import Portal, eventually

Answer = tuple[int, Any]
GATEWAY = "gateway-demo@"
DEFAULT_WORKER = "default@"
OPEN_STATES = (
    "accepted", "claimed", "sent", "pre_submitted", "submitted", "pending_cancel", "inactive",
    "unknown",
)  # fmt: skip
RETRY = 0.3


class World:
    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self._environment = portal.settings_environment()
        run_env = (portal.folder / "var" / "run.env").read_text(encoding="utf-8")
        found = dict(line.split("=", 1) for line in run_env.splitlines() if "=" in line)
        self.redis = redis.Redis.from_url(found["REDIS_URL"], socket_timeout=5)
        cookies = http.cookiejar.CookieJar()
        self._cookies = cookies
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))

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

    def insist(self, path: str, body: Any, *, key: str = "", within: float = 60.0) -> Answer:
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

    # its rows

    def select(self, statement: str) -> list[tuple[Any, ...]]:
        """One SELECT, straight to the database: manage.py would take a second each time."""
        url = self._environment.get("DATABASE_URL", "")
        if url.startswith("postgres"):
            with psycopg.connect(url, autocommit=True) as server:
                return list(server.execute(statement).fetchall())
        path = self.portal.folder / "var" / "ibportal.sqlite3"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
            return list(file.execute(statement).fetchall())

    def account_id(self, code: str) -> int:
        ((pk,),) = self.select(f"SELECT id FROM accounts_brokeraccount WHERE code = '{code}'")  # noqa: S608  # ours
        return int(pk)

    def book(self) -> Book:
        orders = self.select(
            "SELECT ref, idempotency_key, state, filled FROM trading_order"
            " WHERE source <> 'external'"
        )
        executions = self.select(
            "SELECT exec_id, quantity, price FROM trading_execution e WHERE quantity > 0"
            " AND revision = (SELECT max(revision) FROM trading_execution n WHERE n.base = e.base)"
        )
        paid = self.select("SELECT exec_id, amount FROM trading_commissionreport")
        held = self.select(
            "SELECT a.code, p.con_id, p.quantity FROM accounts_position p"
            " JOIN accounts_brokeraccount a ON a.id = p.account_id"
        )
        return Book(
            orders=[
                {"ref": r, "key": k, "state": s, "filled": _number(f), "open": s in OPEN_STATES}
                for r, k, s, f in orders
            ],
            executions=[
                {"exec_id": name, "quantity": _number(q), "price": _number(p)}
                for name, q, p in executions
            ],
            commissions={name: _number(amount) for name, amount in paid},
            positions={(code, int(con_id)): _number(q) for code, con_id, q in held},
        )

    # ways to hurt it

    def arm(self, point: str, hits: int) -> None:
        self._stubbornly(lambda: self.redis.set(KEY.format(name=point), hits))

    def disarm(self) -> None:
        self._stubbornly(lambda: self.redis.delete(*(KEY.format(name=name) for name in NAMES)))

    def _stubbornly(self, call: Callable[[], object]) -> None:
        """Redis may be dead just now."""

        def done() -> bool:
            try:
                call()
            except redis.RedisError:
                return False
            return True

        eventually(done, within=60, what="Redis to answer")

    def kill(self, pattern: str) -> None:
        """What is starting again just now may not be there to kill."""
        for pid in self.portal.pids(pattern):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def free_leases(self) -> None:
        """A worker that was killed cannot come back: waiting out its lease proves nothing here."""
        with contextlib.suppress(redis.RedisError):
            for key in self.redis.scan_iter("ibportal:lease:*"):
                if not key.endswith(b":token"):
                    self.redis.delete(key)

    def kill_gateway(self) -> None:
        self.kill(GATEWAY)
        self.free_leases()

    def kill_worker(self) -> None:
        self.kill(DEFAULT_WORKER)

    def drop_socket(self) -> None:
        self.portal.simulator("/fault", {"kind": "drop"})

    def kill_redis(self) -> None:
        self.kill("valkey-server")

    def cut_database(self) -> None:
        """PostgreSQL: every connection is ended. SQLite: nobody can write for two seconds."""
        url = self._environment.get("DATABASE_URL", "")
        if url.startswith("postgres"):
            with psycopg.connect(url, autocommit=True) as server:
                server.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            return
        path = self.portal.folder / "var" / "ibportal.sqlite3"
        with contextlib.closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as file:
            file.execute("BEGIN IMMEDIATE")
            threading.Event().wait(2.0)
            file.execute("ROLLBACK")

    @property
    def hurts(self) -> dict[str, Callable[[], None]]:
        return {
            "gateway": self.kill_gateway,
            "worker": self.kill_worker,
            "socket": self.drop_socket,
            "redis": self.kill_redis,
            "database": self.cut_database,
        }

    def deaths(self) -> int:
        """How often a process has died at a named point so far."""
        return self.portal.log("gateway-demo").count("dies at the point")

    def ready(self) -> bool:
        checks = self.portal.readiness()["checks"]
        links = [row["ok"] for name, row in checks.items() if name.startswith("link")]
        return bool(links) and all(links)

    def wait_ready(self, *, within: float = 90.0) -> None:
        eventually(self.ready, within=within, what=f"a ready link: {self.portal.links()}")


def _number(value: Any) -> Decimal:
    return Decimal(str(value)).normalize()


@contextlib.contextmanager
def world(portal: Portal) -> Iterator[World]:
    """With a logged-in person and a link that is ready."""
    made = World(portal)
    made.wait_ready()
    made.log_in()
    yield made
