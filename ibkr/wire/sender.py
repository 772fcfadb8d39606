"""The one thread that writes to a socket: in order of priority, and never too fast."""

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
        while (frame := self._next()) is not None:
            try:
                self._connection.sendall(frame)
            except OSError as error:
                self.close()
                self._on_failure(str(error))

    def _next(self) -> bytes | None:
        with self._changed:
            while not self._closed:
                frame = self._pacer.take(time.monotonic())
                if frame is not None:
                    return frame
                self._changed.wait(self._pacer.wait(time.monotonic()))
            return None
