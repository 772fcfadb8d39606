"""What other threads tell the session's thread; putting is safe in signal handlers."""

import selectors
from collections import deque
from dataclasses import dataclass

from ibkr.wire import Wakeup


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is gone, whoever ended it."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Notice:
    """TWS sent a code about the link."""

    code: int


@dataclass(frozen=True, slots=True)
class Greeted:
    """The managed accounts or the next order id arrived."""


Signal = Lost | Notice | Greeted


class Inbox:
    def __init__(self) -> None:
        self._signals: deque[Signal] = deque()
        self._wakeup = Wakeup()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wakeup, selectors.EVENT_READ)

    def put(self, signal: Signal) -> None:
        self._signals.append(signal)
        self._wakeup.set()

    def wake(self) -> None:
        self._wakeup.set()

    def drain(self) -> tuple[Signal, ...]:
        found = []
        while self._signals:
            found.append(self._signals.popleft())
        return tuple(found)

    def wait(self, seconds: float) -> None:
        """Until something was put, somebody woke it, or the time is over."""
        self._selector.select(seconds)
        self._wakeup.clear()

    def close(self) -> None:
        self._selector.close()
        self._wakeup.close()
