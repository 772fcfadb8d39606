"""A PostgreSQL server of the test's own, which can be killed without hurting anybody else's."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

import psycopg

from ibportal.run.plan import free_port
from tests.portal import eventually

USERS = ("postgres", "nobody")
OPTIONS = (
    # What a killed server has written stays in the kernel: only the machine's death needs a sync.
    "fsync=off",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "shared_buffers=64MB",
)


def programs() -> Path | None:
    """The folder of initdb and postgres; None where PostgreSQL is not installed."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: len(p.parts))
    return found[-1].parent if found else None


class Cluster:
    def __init__(self, folder_of_programs: Path) -> None:
        self._programs = folder_of_programs
        self._port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="ibportal-chaos-postgres-"))
        self._server: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self._port}/postgres"

    def start(self) -> "Cluster":
        user = _user()
        if user:
            shutil.chown(self._folder, user=user)
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        self._start_server()
        return self

    def kill(self, away: float) -> None:
        """kill -9 of the server with all its processes; after `away` seconds it is started again.

        Returns at once when it is dead.
        """
        with self._lock:
            if self._server is None or self._server.poll() is not None:
                return
            pids = [self._server.pid, *_children(self._server.pid)]
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._server.wait()
        threading.Timer(away, self._start_server).start()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._server is not None and self._server.poll() is None:
                self._server.send_signal(signal.SIGQUIT)
                self._server.wait(30)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start_server(self) -> None:
        eventually(self._comes_up, within=60, what="the test's PostgreSQL to start")

    def _comes_up(self) -> bool:
        """A killed server's last process may still hold its memory; then another try is needed."""
        with self._lock:
            if self._closed:
                return True
            if self._server is None or self._server.poll() is not None:
                options = [part for option in OPTIONS for part in ("-c", option)]
                self._server = subprocess.Popen(
                    self._command("postgres", "-p", str(self._port), *options), **self._as_user()
                )
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(self._command(program, *arguments), check=True, **self._as_user())

    def _command(self, program: str, *arguments: str) -> list[str]:
        return [str(self._programs / program), "-D", str(self._folder / "data"), *arguments]

    def _as_user(self) -> dict[str, Any]:
        user = _user()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": self._folder}
        if not user:
            return quiet
        entry = pwd.getpwnam(user)
        return quiet | {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _user() -> str:
    """PostgreSQL does not run as root."""
    if os.getuid() != 0:
        return ""
    return next(name for name in USERS if _is_known(name))


def _is_known(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = (entry / "stat").read_text(encoding="ascii", errors="replace")
            if int(fields.rpartition(")")[2].split()[1]) == parent:
                found.append(int(entry.name))
    return found
