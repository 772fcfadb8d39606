"""The one thread that reads frames and reports: everything the listener hears comes from it."""

import contextlib
import logging
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from ibkr.errors import LinkFailure
from ibkr.wire.dial import Greeting
from ibkr.wire.frames import FrameBuffer
from ibkr.wire.heartbeat import Heartbeat
from ibkr.wire.wakeup import Wakeup

log = logging.getLogger(__name__)

RECEIVE = 1 << 18
BEHIND = 1 << 15
"""A read of this size, about a thousand ticks, means that more comes than is read."""
"""Bytes to ask for at once: more costs a fresh mapping of memory for each receive."""
FAILED = "a handler of the TWS reader failed"


class Handler(Protocol):
    """What happens to what was read; all of it on the pump's thread."""

    def on_frames(self, frames: Iterable[bytes], *, behind: bool) -> None:
        """Takes all of them, and lets pass what `frames` raises; anything else ends the link."""

    def on_lost(self, code: str, sentence: str) -> None: ...

    def on_beat(self) -> None:
        """Time to ask TWS for a sign of life."""


class Pump:
    """Reads one connection after another; between them it only runs what was posted."""

    def __init__(self, handler: Handler, *, every: float, limit: float) -> None:
        self._handler = handler
        self._every = every
        self._limit = limit
        self._posted: deque[Callable[[], None]] = deque()
        self._wakeup = Wakeup()
        self._connection: socket.socket | None = None
        self._buffer = FrameBuffer()
        self._heartbeat = Heartbeat(every=every, limit=limit, now=time.monotonic())
        self._ended = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wakeup, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="ibkr-reader", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def is_current(self) -> bool:
        """True on the pump's own thread, which must never wait for an answer from TWS."""
        return threading.current_thread() is self._thread

    def post(self, call: Callable[[], None]) -> None:
        """Runs `call` on the pump's thread, before anything that is read later."""
        self._posted.append(call)
        self._wakeup.set()

    def attach(self, greeting: Greeting) -> None:
        self.post(lambda: self._attach(greeting))

    def lose(self, code: str, sentence: str) -> None:
        """Cuts the connection and reports the loss; nothing happens when there is none."""
        self.post(lambda: self._lose(code, sentence))

    def end(self) -> None:
        """Ends the thread when everything posted so far has run."""
        self.post(self._end)

    def join(self, timeout: float) -> bool:
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _end(self) -> None:
        self._ended = True

    def _run(self) -> None:
        while not self._ended:
            self._turn()
        if self._connection is not None:
            self._connection.close()
        self._selector.close()
        self._wakeup.close()

    def _turn(self) -> None:
        wait = None if self._connection is None else self._heartbeat.wait(time.monotonic())
        ready = {key.fileobj for key, _ in self._selector.select(wait)}
        if self._wakeup in ready:
            self._wakeup.clear()
        while self._posted:
            self._guard(self._posted.popleft())
        if self._connection is None:
            return
        if self._connection in ready:
            self._read(self._connection)
        else:
            self._beat()

    def _read(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(RECEIVE)
        except (BlockingIOError, TimeoutError):
            return
        except OSError as error:
            self._lose("504", f"The connection to TWS broke: {error}.")
            return
        if not data:
            self._lose("504", "TWS closed the connection.")
            return
        self._heartbeat.heard(time.monotonic())
        try:
            self._handle(self._buffer.feed(data), behind=len(data) >= BEHIND)
        except LinkFailure as error:
            self._lose(error.code, f"TWS sent bytes that are no message. {error.sentence}")

    def _handle(self, frames: Iterator[bytes], *, behind: bool) -> None:
        """A handler that raises leaves frames unread: better to connect anew than to miss them."""
        try:
            self._handler.on_frames(frames, behind=behind)
        except LinkFailure:
            raise
        except Exception:
            log.exception(FAILED)
            self._lose("internal", "What TWS sent could not be handled; see the log.")

    def _beat(self) -> None:
        now = time.monotonic()
        if self._heartbeat.dead(now):
            self._lose("no_heartbeat", f"TWS has been silent for {self._limit:g} s.")
        elif self._heartbeat.due(now):
            self._guard(self._handler.on_beat)

    def _attach(self, greeting: Greeting) -> None:
        self._connection = greeting.connection
        self._buffer = greeting.buffer
        self._heartbeat = Heartbeat(every=self._every, limit=self._limit, now=time.monotonic())
        self._selector.register(greeting.connection, selectors.EVENT_READ)
        self._handle(iter(greeting.frames), behind=False)

    def _lose(self, code: str, sentence: str) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        self._selector.unregister(connection)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()
        self._guard(lambda: self._handler.on_lost(code, sentence))

    def _guard(self, call: Callable[[], None]) -> None:
        """The thread outlives every mistake of a handler; mistakes are logged in full."""
        try:
            call()
        except Exception:
            log.exception(FAILED)
