"""The thread between the broker's callbacks and Redis: puts never wait, flushes are paced."""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from threading import Event as Flag
from threading import Lock, Thread
from time import monotonic

import redis

from apps.marketdata.pipeline.conflate import CLOSE, Board, Cadence, Conflate, Event
from apps.marketdata.pipeline.publish import Publisher, Superseded
from ibkr.types import Greeks, PriceKind, Tick

log = logging.getLogger(__name__)

TIMED = (Tick, Greeks)
LIFE_EVERY = 3.0
"""Seconds between proofs of life when no price moves."""
RETRY_FIRST, RETRY_LAST = 0.1, 2.0
"""Seconds between attempts while Redis does not answer."""


class Pipeline:
    """Quotes of one connection. Memory is bounded by instruments times fields.

    While Redis is away the newest values keep replacing older ones; when it is back the whole
    state is written and sent as a snapshot.
    """

    def __init__(
        self,
        slug: str,
        redis_client_factory: Callable[[], redis.Redis],
        *,
        flush_ms: int,
        now: Callable[[], datetime],
    ) -> None:
        self._slug = slug
        self._connect = redis_client_factory
        self._now = now
        self._cadence = Cadence(flush_ms / 1000)
        self._lock = Lock()
        self._conflate = Conflate()
        self._board = Board()
        self._last: dict[int, Tick | Greeks] = {}
        self._wake = Flag()
        self._stopping = Flag()
        self._thread = Thread(target=self._run, name=f"quotes-{slug}", daemon=True)

    def put(self, event: Event) -> None:
        self.put_all((event,))

    def put_all(self, events: Sequence[Event]) -> None:
        """Takes events on the broker's thread: no I/O, no waiting for the flusher's."""
        last = self._last
        for event in events:
            if isinstance(event, TIMED) and event.kind is not CLOSE:
                last[event.con_id] = event
        with self._lock:
            self._conflate.put_all(events)
        self._notify()

    def forget(self, con_ids: Iterable[int]) -> None:
        """Removes instruments that are no longer streamed from pages and Redis."""
        gone = tuple(con_ids)
        for con_id in gone:
            self._last.pop(con_id, None)
        with self._lock:
            self._conflate.forget(gone)
        self._notify()

    def mark_stale(self, kind: PriceKind = PriceKind.MISSING) -> None:
        """The link is lost: every quote keeps its values, with `"stale": true` and this kind.

        The first fresh value of an instrument lifts the mark and removes the moving values
        from before the loss; the facts of the session (open, high, low, close, volume) stay.
        """
        with self._lock:
            self._conflate.mark_stale(kind)
        self._notify()

    def last_tick(self, con_id: int) -> tuple[datetime, PriceKind] | None:
        """Time and kind of the newest tick or option computation; None where none has come.

        A close that stands in for a price is no tick: it comes from no stream.
        """
        newest = self._last.get(con_id)
        return None if newest is None else (newest.at, newest.kind)

    def last_tick_at(self, con_id: int) -> datetime | None:
        """Time of the newest tick or option computation; None where none has come."""
        newest = self._last.get(con_id)
        return None if newest is None else newest.at

    @property
    def alive(self) -> bool:
        """False when the thread is not running: quotes then turn stale on every page."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Empties what an earlier process left in Redis, then flushes until stopped."""
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Marks every quote stale, flushes once more and ends; safe from a signal handler."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _notify(self) -> None:
        if not self._wake.is_set():
            self._wake.set()

    def _run(self) -> None:
        publisher = Publisher(self._slug, self._connect(), self._now())
        try:
            whole = self._flush_until_stopped(publisher)
            self._finish(publisher, whole=whole)
        except Superseded:
            log.exception("another gateway streams the quotes of %s: this one stops", self._slug)

    def _flush_until_stopped(self, publisher: Publisher) -> bool:
        whole, retry = True, 0.0
        while not self._stopping.is_set():
            try:
                whole = self._flush(publisher, whole=whole)
            except (redis.RedisError, OSError) as error:
                if not retry:
                    log.warning("quotes of %s wait for Redis: %s", self._slug, error)
                whole, retry = True, min(max(RETRY_FIRST, retry * 2), RETRY_LAST)
            else:
                retry = 0.0
            self._pause(retry, whole=whole)
        return whole

    def _pause(self, retry: float, *, whole: bool) -> None:
        """Waits until there is something to tell and the interval since the last flush is over."""
        if not whole:
            self._wake.wait(LIFE_EVERY)
        self._stopping.wait(max(retry, self._cadence.wait(monotonic())))

    def _flush(self, publisher: Publisher, *, whole: bool) -> bool:
        """Sends what changed, or everything; True when everything has to be sent again."""
        self._wake.clear()
        with self._lock:
            taken = self._conflate.take()
        if taken:
            self._cadence.flushed(monotonic())
        patch = self._board.apply(taken)
        if whole:
            publisher.replace(self._board.state)
            return False
        return not publisher.update(patch, self._board.state)

    def _finish(self, publisher: Publisher, *, whole: bool) -> None:
        with self._lock:
            self._conflate.mark_stale(PriceKind.MISSING)
        try:
            if self._flush(publisher, whole=whole):
                publisher.replace(self._board.state)
            publisher.end()
        except (redis.RedisError, OSError) as error:
            # The proof of life runs out by itself; pages then mark the quotes stale.
            log.warning("last quotes of %s not written: %s", self._slug, error)
