"""Starts the whole portal as `make run` does, in a folder of its own, and talks to it."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from ibportal.run.plan import free_port
from tests.slots import slot

BASE_DIR = Path(__file__).parents[1]
READY_WITHIN = 180.0
T = TypeVar("T")


def eventually(look: Callable[[], T], *, within: float, what: str) -> T:
    """The first truthy answer of `look`; fails with `what` when the time is over."""
    until = time.monotonic() + within
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(f"not within {within:.0f} s: {what}")
        threading.Event().wait(0.1)


class Portal:
    """A running portal: its address, its processes, its simulator's control, its database.

    `with Portal(…) as portal` starts it, and closes it however the block ends.
    """

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = int(environment.pop("PORT", 0)) or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.output = ""
        self._database = ""
        self._environment = {
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "VAR_DIR": str(folder / "var"),
            "PORT": str(self.port),
            **environment,
        }
        if os.environ["DATABASE_URL"].startswith("postgres"):
            self._environment.setdefault("DATABASE_URL", self._create_database())
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, *, ready: bool = True) -> Self:
        slot.take(id(self))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ibportal.run"],
            cwd=BASE_DIR,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._collect, args=(self._process,), daemon=True).start()
        if ready:
            self._await_ready()
        return self

    def _await_ready(self) -> None:
        said = ("ibportal is ready", "Everything is ready now")  # the latter on a slow machine
        done = lambda: any(words in self.output for words in said) or not self.running  # noqa: E731
        try:
            eventually(done, within=READY_WITHIN, what="the portal to be ready")
        except AssertionError as error:
            raise AssertionError(f"{error}; it said:\n{self.output}") from None
        assert self.running, self.output

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def password(self) -> str:
        return (self.folder / "var" / "demo-password").read_text(encoding="ascii").strip()

    def wait(self, timeout: float) -> int:
        assert self._process is not None
        return self._process.wait(timeout)

    def interrupt(self) -> int:
        """Ctrl-C, and the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(60)

    def close(self) -> None:
        if self.running:
            self.interrupt()
        slot.give_back(id(self))
        if self._database:
            with _admin() as server:
                name = sql.Identifier(self._database)
                server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def readiness(self) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=15) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            return dict(json.load(error))
        except OSError:
            return {"ready": False, "checks": {}}

    def links(self) -> dict[str, str]:
        """What /readyz says of each connection."""
        checks = self.readiness()["checks"]
        return {name: row["detail"] for name, row in checks.items() if name.startswith("link")}

    def pids(self, pattern: str = "") -> list[int]:
        """Processes of this portal whose command line holds the pattern."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                environment = (entry / "environ").read_bytes().decode(errors="replace")
                folder = str((entry / "cwd").readlink())
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            # Valkey writes its title over its environment, but works in its own folder.
            mine = f"VAR_DIR={self.folder / 'var'}" in environment or str(self.folder) in folder
            if mine and command and re.search(pattern, command):
                found.append(int(entry.name))
        return found

    def kill(self, pattern: str) -> None:
        """kill -9 of every process whose command line holds the pattern."""
        pids = self.pids(pattern)
        assert pids, f"no process matches {pattern!r}"
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    def simulator(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """The control port of the simulated broker: GET, or POST with a body."""
        configuration = (self.folder / "var" / "supervisord.conf").read_text(encoding="utf-8")
        found = re.search(r"--control (\d+)", configuration)
        assert found is not None
        request = urllib.request.Request(
            f"http://127.0.0.1:{found[1]}{path}",
            data=json.dumps(body).encode() if body is not None else None,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def settings_environment(self) -> dict[str, str]:
        """What a command needs to see this portal's database, Redis and key."""
        return dict(self._environment)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Runs one SELECT through manage.py, with the portal's own settings."""
        code = (
            "import json; from django.db import connection as c; u = c.cursor();"
            f"u.execute({statement!r}); print(json.dumps(u.fetchall(), default=str))"
        )
        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", code],
            cwd=BASE_DIR,
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return [tuple(row) for row in json.loads(done.stdout.strip().splitlines()[-1])]

    def log(self, name: str) -> str:
        return (self.folder / "var" / "log" / f"{name}.log").read_text(encoding="utf-8")

    def _collect(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self.output += line

    def _create_database(self) -> str:
        self._database = f"ibportal_portal_{os.getpid()}_{self.port}"
        with _admin() as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self._database)))
        parts = urlsplit(os.environ["DATABASE_URL"])
        return parts._replace(path=f"/{self._database}").geturl()


def _admin() -> "psycopg.Connection[tuple[Any, ...]]":
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
