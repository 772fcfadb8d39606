"""Wakes a thread that waits in a selector; safe from any thread and from signal handlers."""

import contextlib
import socket


class Wakeup:
    """A socket pair: set() makes the reading end readable until clear()."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.settimeout(0)
        self._writer.settimeout(0)

    def fileno(self) -> int:
        return self._reader.fileno()

    def set(self) -> None:
        # Full means that a wake-up is pending already; closed means that nobody waits any more.
        with contextlib.suppress(OSError):
            self._writer.send(b"\0")

    def clear(self) -> None:
        with contextlib.suppress(OSError):
            while self._reader.recv(4096):
                pass

    def close(self) -> None:
        self._reader.close()
        self._writer.close()

    def __del__(self) -> None:
        # Of a session that was made but never started, nobody else closes it.
        self.close()
