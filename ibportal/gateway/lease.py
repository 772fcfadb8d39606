"""Renewed Redis leases with a fencing token: one holder per connection and per account."""

import json
import logging
import os
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import redis

from apps.lib import redis as store

log = logging.getLogger(__name__)

TTL = 9.0
"""Seconds a lease outlives its last renewal."""
RENEW_EVERY = 3.0
WATCH_FOR = TTL + 2.0
"""A dead holder's lease is gone after this long; a living one has been renewed meanwhile."""

HOLDER = re.compile(r"^(?P<host>\S+) pid (?P<pid>\d+) #")

# Tokens only ever grow, also when Redis comes back empty: they start from its clock.
_TAKE = """
local found = redis.call('GET', KEYS[1])
if found and cjson.decode(found).holder ~= ARGV[1] then return found end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
local token = string.format('%.0f', math.max(now, last + 1))
redis.call('SET', KEYS[2], token)
local value = cjson.encode({holder = ARGV[1], token = token})
redis.call('SET', KEYS[1], value, 'PX', ARGV[2])
return value
"""
_RENEW = """
local found = redis.call('GET', KEYS[1])
if not found then return 0 end
local lease = cjson.decode(found)
if lease.holder ~= ARGV[1] or lease.token ~= ARGV[2] then return -1 end
return redis.call('PEXPIRE', KEYS[1], ARGV[3])
"""
_RELEASE = """
local found = redis.call('GET', KEYS[1])
if found and cjson.decode(found).holder == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class LeaseTaken(Exception):
    """Somebody else holds the lease; `holder` says who."""

    def __init__(self, name: str, holder: str) -> None:
        super().__init__(f"{name} is held by {holder}")
        self.name = name
        self.holder = holder


@dataclass(slots=True)
class _Held:
    token: int
    until: float


def holder_name() -> str:
    """Names this process to people and tells its restarts apart."""
    return f"{socket.gethostname()} pid {os.getpid()} #{secrets.token_hex(3)}"


def died_here(holder: str) -> bool:
    """Whether a holder was a process of this host that is gone; False when nobody can tell."""
    found = HOLDER.match(holder)
    if found is None or found["host"] != socket.gethostname():
        return False
    try:
        os.kill(int(found["pid"]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


class Leases:
    """All leases of this process, renewed by one thread.

    `token(name)` is None as soon as the lease cannot be known to be held: during a Redis outage
    longer than the lease another worker may have taken it. `on_taken` is called, on the renewing
    thread, when another worker has.
    """

    def __init__(self, on_taken: Callable[[LeaseTaken], None], *, holder: str = "") -> None:
        self.holder = holder or holder_name()
        self._on_taken = on_taken
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(RENEW_EVERY + 1)
        for name in list(self._held):
            self._release(name)

    def take(self, name: str) -> int:
        """Takes or confirms the lease and returns its token; raises LeaseTaken or RedisError."""
        asked_at = time.monotonic()
        key = store.LEASE.format(name=name)
        raw = store.client().eval(_TAKE, 2, key, f"{key}:token", self.holder, int(TTL * 1000))
        found = json.loads(raw)
        if found["holder"] != self.holder:
            raise LeaseTaken(name, found["holder"])
        with self._lock:
            self._held[name] = _Held(int(found["token"]), asked_at + TTL)
        return int(found["token"])

    def take_from_the_dead(self, name: str, on_waiting: Callable[[str], None]) -> int:
        """Like take, but waits out the lease of a holder that no longer renews it.

        `on_waiting` hears who that is, once, before the wait.
        """
        key = store.LEASE.format(name=name)
        give_up_at = time.monotonic() + WATCH_FOR
        lowest = store.client().pttl(key)
        told = False
        while True:
            try:
                return self.take(name)
            except LeaseTaken as taken:
                if not told:
                    on_waiting(taken.holder)
                    told = True
                left = store.client().pttl(key)
                if left > lowest + 500 or time.monotonic() > give_up_at:
                    raise
                lowest = min(lowest, left)
            if self._stop.wait(0.25):
                raise LeaseTaken(name, "nobody: this worker is stopping")

    def token(self, name: str) -> int | None:
        with self._lock:
            held = self._held.get(name)
        return held.token if held and time.monotonic() < held.until else None

    def tokens(self, prefix: str) -> dict[str, int]:
        """Of all leases known to be held whose names begin so, by the rest of the name."""
        now = time.monotonic()
        with self._lock:
            return {
                name.removeprefix(prefix): held.token
                for name, held in self._held.items()
                if name.startswith(prefix) and now < held.until
            }

    def _run(self) -> None:
        while not self._stop.wait(RENEW_EVERY):
            for name in list(self._held):
                try:
                    self._renew(name)
                except redis.RedisError as error:
                    log.warning("lease %s not renewed: %s", name, error)

    def _renew(self, name: str) -> None:
        asked_at = time.monotonic()
        key = store.LEASE.format(name=name)
        held = self._held[name]
        answer = store.client().eval(_RENEW, 1, key, self.holder, held.token, int(TTL * 1000))
        if answer == 1:
            held.until = asked_at + TTL
            return
        held.until = 0.0
        try:
            self.take(name)
            log.warning("lease %s had vanished and was taken again", name)
        except LeaseTaken as taken:
            self._forget(name)
            self._on_taken(taken)

    def _release(self, name: str) -> None:
        try:
            store.client().eval(_RELEASE, 1, store.LEASE.format(name=name), self.holder)
        except redis.RedisError as error:
            log.warning("lease %s not released, it ends by itself: %s", name, error)
        self._forget(name)

    def _forget(self, name: str) -> None:
        with self._lock:
            self._held.pop(name, None)
