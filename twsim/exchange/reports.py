"""Passes events on in order, and plays the oddities of real reporting when a test asks."""

from collections.abc import Callable

from twsim.domain.events import Filled, OrderChanged, SimEvent


class Reports:
    """One listener list; `duplicate` and `swap` say how many coming reports are treated so."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[SimEvent], None]] = []
        self._kept: Filled | None = None
        self.duplicate = 0
        self.swap = 0

    def listen(self, listener: Callable[[SimEvent], None]) -> None:
        self._listeners.append(listener)

    def send(self, event: SimEvent) -> None:
        if isinstance(event, Filled) and self.swap:
            self.swap -= 1
            self._kept = event
            return
        self._pass(event)
        if self._kept is not None and isinstance(event, OrderChanged):
            kept, self._kept = self._kept, None
            self._pass(kept)

    def _pass(self, event: SimEvent) -> None:
        repeats = 1
        if self.duplicate and isinstance(event, Filled | OrderChanged):
            self.duplicate -= 1
            repeats = 2
        for _ in range(repeats):
            for listener in self._listeners:
                listener(event)
