"""A named point that is armed: the gateway dies there, or stops while something else is killed."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import redis

from apps.trading.points import HOLD, KEY, NAMES, REACHED
from tests.portal import eventually

LOOK_EVERY = 0.02
STOPS_WITHIN = 5.0


class Trap:
    """`hit` is called when the gateway has come to the point: while it stands there, or after it
    has died there."""

    def __init__(
        self, store: redis.Redis, var: Path, *, hit: Callable[[], None], holds: bool
    ) -> None:
        self._store = store
        self._file = var / REACHED
        self._hit = hit
        self._holds = holds
        self._point, self._hits = "", 0
        self._seen = len(self._lines())
        self._sprung = threading.Event()
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def arm(self, point: str, hits: int) -> None:
        self._point, self._hits = point, hits
        self._stubbornly(self._set)
        self._watcher.start()

    def wait(self, seconds: float) -> bool:
        """Whether somebody has died at the point. Redis, killed, may have forgotten the trap."""
        if self._sprung.wait(seconds):
            return True
        self._stubbornly(self._set)
        return False

    def disarm(self) -> None:
        self._stubbornly(lambda: self._store.delete(*map(_key, NAMES), HOLD))
        self._over.set()
        self._watcher.join()

    def _set(self) -> None:
        """What is counted already stays as it is."""
        if self._holds:
            self._store.set(HOLD, 1)
        self._store.set(_key(self._point), self._hits, nx=True)

    def _watch(self) -> None:
        while not self._over.is_set():
            for line in self._lines()[self._seen :]:
                self._seen += 1
                _hit_at(int(line.split()[0]), self._hit)
                self._sprung.set()
            self._over.wait(LOOK_EVERY)

    def _lines(self) -> list[str]:
        if not self._file.exists():
            return []
        return self._file.read_text(encoding="ascii").splitlines()

    def _stubbornly(self, call: Callable[[], object]) -> None:
        """Redis may be dead just now."""

        def done() -> bool:
            try:
                call()
            except redis.RedisError:
                return False
            return True

        eventually(done, within=60, what="Redis to answer")


def _key(name: str) -> str:
    return KEY.format(name=name)


def _hit_at(pid: int, hit: Callable[[], None]) -> None:
    """What stands still goes on afterwards."""
    until = time.monotonic() + STOPS_WITHIN
    while time.monotonic() < until and not _stands(pid):
        threading.Event().wait(0.005)
    try:
        hit()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _stands(pid: int) -> bool:
    """Also when it is gone: another kill was quicker."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] in {"T", "t", "Z"}
