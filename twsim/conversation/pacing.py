"""The limits TWS puts on what a client asks: messages a second, and historical requests."""

from collections import deque
from collections.abc import Hashable


class MessageRate:
    """At most so many messages in any second; the third second over the limit ends it."""

    WARNINGS = 3

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._times: deque[float] = deque()
        self._warned_at = float("-inf")
        self.warnings = 0

    def allows(self, now: float) -> bool:
        while self._times and now - self._times[0] >= 1.0:
            self._times.popleft()
        if len(self._times) < self._limit:
            self._times.append(now)
            return True
        if now - self._warned_at >= 1.0:
            self._warned_at = now
            self.warnings += 1
        return False

    @property
    def exhausted(self) -> bool:
        return self.warnings >= self.WARNINGS


class HistoryPacing:
    """60 requests in ten minutes, none identical within 15 s, 5 for one contract within 2 s."""

    WINDOW = 600.0
    IDENTICAL = 15.0
    BURST, BURST_SECONDS = 6, 2.0

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._asked: deque[tuple[float, Hashable, Hashable]] = deque()
        self.violate_until = float("-inf")
        """A fault can make every request a violation for a while."""

    def allows(self, now: float, contract: Hashable, request: Hashable, weight: int) -> bool:
        while self._asked and now - self._asked[0][0] >= self.WINDOW:
            self._asked.popleft()
        if now < self.violate_until or len(self._asked) + weight > self._limit:
            return False
        identical = any(
            now - at < self.IDENTICAL and asked == request for at, _, asked in self._asked
        )
        burst = sum(
            now - at < self.BURST_SECONDS and about == contract for at, about, _ in self._asked
        )
        if identical or burst >= self.BURST - 1:
            return False
        self._asked.extend([(now, contract, request)] * weight)
        return True
