"""The newest order's second look, again and again for a while: an order seldom comes alone.

What a look reads is made into objects that are kept while their rows stay the same. Looked at
often, few rows have changed when the next order comes, and code and data are still in the
processor's caches: the order waits about half as long. Nothing is decided or stored here.
"""

import threading
from datetime import datetime, timedelta

from apps.risk.services.gate import gate_judge
from apps.risk.types import OrderIntent

EVERY = 0.1
"""Seconds between two looks."""
AFTERWARDS = timedelta(minutes=1)
"""For so long after an order was sent."""


class Practice:
    """Of one process; what is looked at again is the order that was remembered last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: tuple[OrderIntent, datetime] | None = None

    def remember(self, intent: OrderIntent, at: datetime) -> None:
        with self._lock:
            self._newest = intent, at

    def due(self, at: datetime) -> OrderIntent | None:
        """What to look at again at `at`; None where no order was sent lately."""
        with self._lock:
            if self._newest is not None and at - self._newest[1] > AFTERWARDS:
                self._newest = None
            return None if self._newest is None else self._newest[0]

    def look(self, at: datetime) -> bool:
        """Whether there was anything to look at. Raises what the database raises."""
        intent = self.due(at)
        if intent is not None:
            gate_judge(intent=intent, at=at, before_wire=True)
        return intent is not None


PRACTICE = Practice()
