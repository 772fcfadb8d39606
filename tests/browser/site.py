"""A real ASGI server with a database of its own, for a real browser to look at."""

import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from ibportal.run.plan import free_port
from tests.portal import eventually

BASE_DIR = Path(__file__).parents[2]


class Site:
    """uvicorn in a process of its own; shares only Redis with the tests."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ibportal-site-")
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._database = ""
        self._environment = {
            **os.environ,
            "VAR_DIR": self._folder.name,
            "DATABASE_URL": self._database_url(),
            "QUOTE_STALE_SECONDS": "5",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        self.manage("migrate", "--verbosity", "0")
        self.manage("collectstatic", "--no-input", "--verbosity", "0")

    def manage(self, *arguments: str) -> str:
        """One command of manage.py with the site's settings; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, code: str) -> str:
        """Python with the site's database, after `from tests import desk_data`."""
        return self.manage(
            "shell", "--verbosity", "0", "-c", f"from tests import desk_data\n{code}"
        )

    def start(self) -> None:
        log = (Path(self._folder.name) / "site.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "uvicorn", "ibportal.asgi:application"),
                    *("--port", str(self.port), "--ws", "websockets-sansio"),
                    *("--timeout-graceful-shutdown", "1", "--log-level", "warning"),
                ],
                cwd=BASE_DIR,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        eventually(lambda: self._answers() or self._ended, within=30, what="the site to answer")
        assert not self._ended, self.log()

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def log(self) -> str:
        return (Path(self._folder.name) / "site.log").read_text(encoding="utf-8")

    def close(self) -> None:
        self.stop()
        if self._database:
            name = sql.Identifier(self._database)
            with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
                server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        self._folder.cleanup()

    @property
    def _ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _database_url(self) -> str:
        url = os.environ["DATABASE_URL"]
        if not url.startswith("postgres"):
            return f"sqlite:///{self._folder.name}/site.sqlite3"
        self._database = f"ibportal_site_{os.getpid()}_{self.port}"
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self._database)))
        return urlsplit(url)._replace(path=f"/{self._database}").geturl()
