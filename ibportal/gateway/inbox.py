"""The one ordered thread between broker and database: nothing is reordered, nothing is lost."""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError, close_old_connections, connections

log = logging.getLogger(__name__)

CAPACITY = 20_000
BATCH = 500
LINGER = 0.01
"""Seconds that an event waits for those that come with it."""
FIRST_WAIT, LAST_WAIT = 0.5, 10.0


class Inbox:
    """Events wait here, in order, while the database is slow or away.

    `put` never blocks. When more than CAPACITY events wait, everything waiting is dropped and
    `on_overflow` is called once: a reconcile then fetches the whole truth anew. `on_unwritable`
    hears of each event that the database refuses for good.
    """

    def __init__(
        self,
        handle: Callable[[Sequence[Any]], None],
        on_overflow: Callable[[], None],
        on_unwritable: Callable[[Any], None] = lambda _event: None,
    ) -> None:
        self._handle = handle
        self._on_overflow = on_overflow
        self._on_unwritable = on_unwritable
        self._queue: queue.Queue[Any] = queue.Queue(CAPACITY)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Writes what has arrived, as far as that takes no longer than `timeout` seconds."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def put(self, event: Any) -> None:
        try:
            self._queue.put_nowait(event)
        except queue.Full:
            log.error("more than %d broker events wait for the database", CAPACITY)  # noqa: TRY400
            self._drain()
            self._on_overflow()

    def _run(self) -> None:
        while not (self._stop.is_set() and self._queue.empty()):
            try:
                first = self._queue.get(timeout=0.2)
            except queue.Empty:
                continue
            # An order is answered in several messages: written together they cost as much as one.
            self._stop.wait(LINGER)
            self._write([first, *self._drain(BATCH)])
        connections.close_all()

    def _drain(self, limit: int = CAPACITY) -> list[Any]:
        events: list[Any] = []
        while len(events) < limit:
            try:
                events.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return events

    def _write(self, batch: Sequence[Any]) -> None:
        """Repeats the batch until the database takes it; handlers are idempotent."""
        wait = FIRST_WAIT
        while True:
            close_old_connections()
            try:
                self._handle(batch)
            except (OperationalError, InterfaceError) as error:
                log.warning("database away, %d broker events wait: %s", len(batch), error)
                connections.close_all()
                if self._stop.wait(wait):
                    return
                wait = min(wait * 2, LAST_WAIT)
            except Exception:  # noqa: BLE001  # logged event by event in there
                self._one_by_one(batch)
                return
            else:
                return

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
