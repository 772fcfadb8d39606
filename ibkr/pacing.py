"""How fast TWS may be asked: message rate with priorities, and limits on historical data. Pure."""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from enum import IntEnum
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Priority(IntEnum):
    """Lower goes first."""

    CANCEL = 0
    ORDER = 1
    CONTROL = 2
    ACCOUNT = 3
    MARKET_DATA = 4
    HISTORY = 5


BULK = Priority.ACCOUNT
"""From here on, messages flow evenly and use four fifths of the rate at most.

The rest is kept for orders. A full second's worth sent at once would be too much for TWS as soon
as it reads one second's messages late.
"""
SECOND = 1.05
"""What counts as a second: TWS's clock and ours start theirs at different moments."""
PATIENCE = 2.0
"""Seconds of waiting that lift a message by one priority, so that nothing starves."""


class SlidingWindow:
    """At most `limit` units in any window of `span` seconds, whatever the clock's phase."""

    def __init__(self, limit: int, span: float) -> None:
        self._limit = limit
        self._span = span
        self._times: deque[float] = deque()

    def wait(self, now: float, weight: int = 1) -> float:
        """Seconds until `weight` units fit; 0 when they fit now."""
        self._forget(now)
        excess = len(self._times) + weight - self._limit
        if excess <= 0:
            return 0.0
        return max(self._times[min(excess, len(self._times)) - 1] + self._span - now, 1e-6)

    def take(self, now: float, weight: int = 1) -> None:
        self._times.extend([now] * weight)

    def idle(self, now: float) -> bool:
        self._forget(now)
        return not self._times

    def _forget(self, now: float) -> None:
        while self._times and self._times[0] <= now - self._span:
            self._times.popleft()


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Item]):
    since: float
    item: Item
    key: Hashable


class Bucket:
    """Lets `burst` through at once and `rate` a second after that."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = float("-inf")

    def wait(self, now: float) -> float:
        """Seconds until one more may pass."""
        missing = 1.0 - self._level(now)
        return 0.0 if missing <= 1e-9 else max(missing / self._rate, 1e-6)

    def take(self, now: float) -> None:
        self._tokens, self._at = self._level(now) - 1.0, now

    def _level(self, now: float) -> float:
        return min(self._burst, self._tokens + (now - self._at) * self._rate)


class Pacer(Generic[Item]):
    """Messages waiting to be sent. Not thread-safe; times are monotonic seconds of the caller."""

    def __init__(self, per_second: int = 45) -> None:
        if per_second < 2:
            raise ValueError("fewer than two messages a second cannot keep a link alive")
        self._all = SlidingWindow(per_second, SECOND)
        self._bulk = Bucket(rate=per_second * 2 / 3, burst=max(1.0, per_second * 2 / 15))
        self._queues: dict[Priority, deque[_Waiting[Item]]] = {p: deque() for p in Priority}

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    def put(self, priority: Priority, item: Item, now: float, *, key: Hashable = None) -> None:
        """`key` is the order that an order or cancel message is about.

        A cancel never overtakes its own order: while that waits, the cancel goes behind it. A
        cancel without a key is for all orders: it goes at once, and once more behind the orders
        that wait, because these would otherwise outlive it.
        """
        waiting = _Waiting(now, item, key)
        orders = self._queues[Priority.ORDER]
        if priority is not Priority.CANCEL:
            self._queues[priority].append(waiting)
        elif key is not None and any(order.key == key for order in orders):
            orders.append(waiting)
        else:
            self._queues[priority].append(waiting)
            if key is None and orders:
                orders.append(waiting)

    def take(self, now: float) -> Item | None:
        """The message to send now; None when there is none or the rate does not allow it."""
        chosen = self._next(now)
        if chosen is None or self._wait(chosen, now) > 0:
            return None
        self._all.take(now)
        if chosen >= BULK:
            self._bulk.take(now)
        return self._queues[chosen].popleft().item

    def wait(self, now: float) -> float | None:
        """Seconds until take() can succeed; None while nothing waits."""
        chosen = self._next(now)
        return None if chosen is None else self._wait(chosen, now)

    def _next(self, now: float) -> Priority | None:
        waiting = [priority for priority, queue in self._queues.items() if queue]
        if self._bulk.wait(now) > 0:
            waiting = [p for p in waiting if p < BULK] or waiting
        return min(waiting, key=lambda p: self._rank(p, now), default=None)

    def _rank(self, priority: Priority, now: float) -> tuple[float, int]:
        if priority is Priority.CANCEL:
            return (float("-inf"), 0)
        waited = now - self._queues[priority][0].since
        return (priority - waited / PATIENCE, priority)

    def _wait(self, priority: Priority, now: float) -> float:
        wait = self._all.wait(now)
        return max(wait, self._bulk.wait(now)) if priority >= BULK else wait


class HistoryLimits:
    """IB's pacing of historical data (TWS API, "Pacing Violations for Small Bars").

    60 requests in ten minutes, the same request once in 15 s, five for one contract,
    exchange and kind in 2 s; BID_ASK counts twice.
    """

    def __init__(self) -> None:
        self._total = SlidingWindow(60, 600.0)
        self._same: dict[Hashable, float] = {}
        self._contracts: dict[Hashable, SlidingWindow] = {}

    def take(self, request: Hashable, contract: Hashable, now: float, weight: int = 1) -> float:
        """0.0 and the slot is taken, or the seconds after which to ask again."""
        self._contracts = {key: w for key, w in self._contracts.items() if not w.idle(now)}
        window = self._contracts.setdefault(contract, SlidingWindow(5, 2.0))
        again = self._same.get(request, float("-inf")) + 15.0 - now
        wait = max(self._total.wait(now, weight), window.wait(now, weight), again, 0.0)
        if wait > 0:
            return wait
        self._total.take(now, weight)
        window.take(now, weight)
        self._same = {key: at for key, at in self._same.items() if at > now - 15.0}
        self._same[request] = now
        return 0.0
