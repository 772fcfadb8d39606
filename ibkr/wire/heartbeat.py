"""Decides when to ask for a sign of life and when to give up. Pure; times are monotonic."""


class Heartbeat:
    """Anything received counts as a sign of life; asking happens every `every` seconds."""

    def __init__(self, *, every: float, limit: float, now: float) -> None:
        self._every = every
        self._limit = limit
        self._heard = now
        self._asked = now

    def heard(self, now: float) -> None:
        self._heard = now

    def due(self, now: float) -> bool:
        """True once per interval: the caller then asks."""
        if now - self._asked < self._every:
            return False
        self._asked = now
        return True

    def dead(self, now: float) -> bool:
        return now - self._heard >= self._limit

    def wait(self, now: float) -> float:
        """Seconds until due() or dead() may change."""
        return max(0.0, min(self._asked + self._every, self._heard + self._limit) - now)
