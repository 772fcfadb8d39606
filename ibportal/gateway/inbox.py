"""The one ordered thread between broker and database: nothing is reordered, nothing is lost."""

import logging
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError, close_old_connections, connections

log = logging.getLogger(__name__)

CAPACITY = 20_000
BATCH = 500
LINGER = 0.01
"""Seconds that an event waits for those that come with it."""
GATHER = 0.25
"""Seconds for which figures gather before they are written."""
FIRST_WAIT, LAST_WAIT = 0.5, 10.0
LOOK_AT_CONNECTION = 1.0
"""Seconds between two looks at whether the database connection still serves."""


def _at_once(_event: Any) -> None:
    return None


class Inbox:
    """Events wait here, in order, while the database is slow or away.

    `put` never blocks. When more than CAPACITY events wait, everything waiting is dropped and
    `on_overflow` is called once: a reconcile then fetches the whole truth anew. `on_unwritable`
    hears of each event that the database refuses for good.

    `figure` gives a key for events of which only the newest of each key counts: they gather and
    wake nobody. Events that are `free` may be written before figures that came before them; any
    other has all earlier figures written first.
    """

    def __init__(
        self,
        handle: Callable[[Sequence[Any]], None],
        on_overflow: Callable[[], None],
        on_unwritable: Callable[[Any], None] = lambda _event: None,
        *,
        figure: Callable[[Any], Hashable | None] = _at_once,
        free: Callable[[Any], bool] = lambda _event: False,
    ) -> None:
        self._handle = handle
        self._on_overflow = on_overflow
        self._on_unwritable = on_unwritable
        self._figure, self._free = figure, free
        self._waiting: list[Any] = []
        self._figures: dict[Hashable, Any] = {}
        self._figures_due = 0.0
        self._looked = float("-inf")
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Writes what has arrived, as far as that takes no longer than `timeout` seconds."""
        self._stop.set()
        with self._changed:
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def put(self, event: Any) -> None:
        key = self._figure(event)
        with self._changed:
            if key is None:
                self._put_in_order(event)
            else:
                # The newest takes the last place: what is told of one thing stays in order.
                self._figures.pop(key, None)
                self._figures[key] = event
            full = len(self._waiting) + len(self._figures) > CAPACITY
            if full:
                self._waiting, self._figures = [], {}
        if full:
            log.error("more than %d broker events wait for the database", CAPACITY)
            self._on_overflow()

    def _put_in_order(self, event: Any) -> None:
        if not self._waiting:
            self._changed.notify()
        if self._figures and not self._free(event):
            self._waiting += self._figures.values()
            self._figures = {}
        self._waiting.append(event)

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            if batch:
                self._write(batch)
        connections.close_all()

    def _next(self) -> list[Any] | None:
        """Empty when nothing is due yet, None when everything is written and no more comes."""
        with self._changed:
            if not self._waiting and not self._stop.is_set():
                self._changed.wait(GATHER)
            urgent = bool(self._waiting)
        if urgent:
            # An order is answered in several messages: written together they cost as much as one.
            self._stop.wait(LINGER)
        stopping = self._stop.is_set()
        with self._changed:
            batch = self._taken(all_figures=stopping)
        return None if stopping and not batch else batch

    def _taken(self, *, all_figures: bool) -> list[Any]:
        batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        now = time.monotonic()
        if self._figures and not self._waiting and (all_figures or now >= self._figures_due):
            batch += self._figures.values()
            self._figures = {}
            self._figures_due = now + GATHER
        return batch

    def _write(self, batch: Sequence[Any]) -> None:
        """Repeats the batch until the database takes it; handlers are idempotent.

        Once more when the inbox stops, and then no more.
        """
        wait = FIRST_WAIT
        while True:
            last = self._stop.is_set()
            self._look_at_connection()
            try:
                self._handle(batch)
            except (OperationalError, InterfaceError) as error:
                log.warning("database away, %d broker events wait: %s", len(batch), error)
                connections.close_all()
                if last:
                    return
                self._stop.wait(wait)
                wait = min(wait * 2, LAST_WAIT)
            except Exception:  # noqa: BLE001  # logged event by event in there
                self._one_by_one(batch)
                return
            else:
                return

    def _look_at_connection(self) -> None:
        """Not before each of many batches: a look costs as much as a small batch."""
        now = time.monotonic()
        if now - self._looked >= LOOK_AT_CONNECTION:
            self._looked = now
            close_old_connections()

    def _one_by_one(self, batch: Sequence[Any]) -> None:
        """One event that cannot be written must not take its neighbours with it."""
        for event in batch:
            try:
                self._handle([event])
            except (OperationalError, InterfaceError):
                self._write([event])
            except Exception:
                log.exception("broker event not written: %s", type(event).__name__)
                self._on_unwritable(event)
