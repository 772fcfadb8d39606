"""Writes to a socket in order of priority, and never too fast: one thread, and cancels' own."""

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
    """Takes frames from any thread. `on_failure` is called on the sending thread, once."""

    def __init__(
        self, connection: socket.socket, *, per_second: int, on_failure: Callable[[str], None]
    ) -> None:
        connection.settimeout(SEND_TIMEOUT)
        self._connection = connection
        self._pacer: Pacer[bytes] = Pacer(per_second)
        self._on_failure = on_failure
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        """Held from choosing a frame until its bytes are written."""
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
        if priority is Priority.CANCEL:
            self._write_at_once()
        with self._changed:
            if len(self._pacer):
                self._changed.notify()

    def close(self) -> int:
        """Stops sending; returns how many frames were still waiting and will never be sent."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            return len(self._pacer)

    def join(self, timeout: float) -> None:
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _run(self) -> None:
        while self._wait():
            with self._writing:
                self._write()

    def _wait(self) -> bool:
        """Until a frame may go; False when the link is closed."""
        with self._changed:
            while not self._closed:
                seconds = self._pacer.wait(time.monotonic())
                if seconds == 0:
                    return True
                self._changed.wait(seconds)
            return False

    def _write_at_once(self) -> None:
        """Spares a cancel the way over the other thread, unless that one is writing."""
        if not self._writing.acquire(blocking=False):
            return
        try:
            if self._takes_bytes():
                self._write()
        finally:
            self._writing.release()

    def _takes_bytes(self) -> bool:
        """Whether a write returns without waiting for TWS to read."""
        poll = select.poll()
        try:
            poll.register(self._connection, select.POLLOUT)
        except ValueError:
            return False  # closed meanwhile; the other thread finds out what that means
        return bool(poll.poll(0))

    def _write(self) -> None:
        """The next frame that may go; the caller holds `_writing`."""
        with self._changed:
            frame = None if self._closed else self._pacer.take(time.monotonic())
        if frame is None:
            return
        try:
            self._connection.sendall(frame)
        except OSError as error:
            self.close()
            self._on_failure(str(error))
