"""Writes to a socket in order of priority, and never too fast: one thread, and the callers' own.

Orders and cancels are written by whoever asks for them, as long as nothing stands before them.
"""

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable, Hashable

from ibkr.errors import NotConnected
from ibkr.pacing import Pacer, Priority

SEND_TIMEOUT = 10.0
"""Seconds that TWS may refuse to read before the link counts as dead."""


class Sender:
    """Takes frames from any thread. `on_failure` is called once, on the thread that wrote."""

    def __init__(
        self, connection: socket.socket, *, per_second: int, on_failure: Callable[[str], None]
    ) -> None:
        # Not waiting in the socket spares each write, and each read, one turn among the threads.
        connection.settimeout(0)
        self._connection = connection
        self._pacer: Pacer[bytes] = Pacer(per_second)
        self._on_failure = on_failure
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        """Held from choosing a frame until its bytes are written, or are `_left`."""
        self._left = b""
        """The end of a frame that TWS had no room for: nothing may go before it."""
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="ibkr-sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, priority: Priority, frame: bytes, key: Hashable = None) -> None:
        """Queues a frame (see Pacer.put for `key`); NotConnected when the link is gone."""
        with self._changed:
            if self._closed:
                raise NotConnected("Not connected to TWS; nothing was sent.")
            self._pacer.put(priority, frame, time.monotonic(), key=key)
        if priority <= Priority.ORDER:
            self._write_at_once()
        with self._changed:
            if self._left or len(self._pacer):
                self._changed.notify()

    def close(self) -> int:
        """Stops sending; returns how many frames were still waiting and will never go out whole."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            return len(self._pacer) + bool(self._left)

    def join(self, timeout: float) -> None:
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _run(self) -> None:
        while self._wait():
            with self._writing:
                self._write()
                self._finish()

    def _wait(self) -> bool:
        """Until bytes may go; False when the link is closed."""
        with self._changed:
            while not self._closed:
                seconds = 0 if self._left else self._pacer.wait(time.monotonic())
                if seconds == 0:
                    return True
                self._changed.wait(seconds)
            return False

    def _write_at_once(self) -> None:
        """Spares the way over the other thread, unless that one is writing."""
        if not self._writing.acquire(blocking=False):
            return
        try:
            self._write()
        finally:
            self._writing.release()

    def _write(self) -> None:
        """The next frame that may go, as far as TWS takes it without waiting; the caller holds
        `_writing`."""
        with self._changed:
            if self._closed:
                return
            if not self._left:
                self._left = self._pacer.take(time.monotonic()) or b""
        if self._left:
            self._push()

    def _finish(self) -> None:
        """Waits until TWS has taken what is left; the caller holds `_writing`."""
        until = time.monotonic() + SEND_TIMEOUT
        while self._left and not self._closed:
            if self._takes_bytes(until - time.monotonic()):
                self._push()
            else:
                self._fail("timed out")

    def _push(self) -> None:
        try:
            self._left = self._left[self._connection.send(self._left) :]
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(str(error))

    def _takes_bytes(self, seconds: float) -> bool:
        """Whether a write would get on, or fail, within `seconds`."""
        poll = select.poll()
        with contextlib.suppress(ValueError):  # closed meanwhile: the write will say so
            poll.register(self._connection, select.POLLOUT)
            return bool(poll.poll(max(0.0, seconds) * 1000))
        return True

    def _fail(self, reason: str) -> None:
        self.close()
        self._on_failure(reason)
