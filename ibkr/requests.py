"""Requests in flight: their ids, their partial answers, and which id belongs to what."""

import itertools
import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ibkr.errors import IbkrError, RequestTimeout

FIRST_ID = 2_000_000_000
LAST_ID = 2_147_000_000
"""Request ids live far above order ids: TWS reports errors of both under one number."""
REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Subject:
    """What an id on the wire is about; everything None or "" when it is not known."""

    what: str = ""
    con_id: int | None = None
    order_id: int | None = None
    account: str = ""


NOBODY = Subject()


class Pending:
    """One request that somebody waits for. Whatever comes after its end changes nothing."""

    def __init__(self, key: Hashable, what: str) -> None:
        self.key = key
        self.what = what
        self.items: list[Any] = []
        self._future: Future[Any] = Future()

    @property
    def number(self) -> int:
        """The request id, for requests that have one."""
        if not isinstance(self.key, int):
            raise TypeError(f"{self.what} has no request id")
        return self.key

    def add(self, item: Any) -> None:
        if not self._future.done():
            self.items.append(item)

    def finish(self, result: Any = None) -> None:
        """Ends with `result`, or with what was collected when there is none."""
        try:
            self._future.set_result(tuple(self.items) if result is None else result)
        except InvalidStateError:
            return

    def fail(self, error: IbkrError) -> None:
        try:
            self._future.set_exception(error)
        except InvalidStateError:
            return

    def wait(self, timeout: float) -> Any:
        """The result; raises what it failed with, or RequestTimeout after `timeout` seconds."""
        try:
            return self._future.result(timeout)
        except TimeoutError:
            late = RequestTimeout(f"TWS did not answer “{self.what}” within {timeout:g} s.")
            self.fail(late)
            raise late from None


class Requests:
    """Thread-safe: callers open and wait, the reader collects, finishes and fails."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counter = itertools.count()
        self._pending: dict[Hashable, Pending] = {}
        self._subjects: OrderedDict[int, Subject] = OrderedDict()

    def allocate(self, subject: Subject) -> int:
        """A fresh request id, remembered for attribution (subscriptions use it alone)."""
        number = FIRST_ID + next(self._counter) % (LAST_ID - FIRST_ID)
        self.remember(number, subject)
        return number

    def remember(self, number: int, subject: Subject) -> None:
        with self._lock:
            self._subjects[number] = subject
            self._subjects.move_to_end(number)
            while len(self._subjects) > REMEMBERED:
                self._subjects.popitem(last=False)

    def subject(self, number: int) -> Subject:
        """Unknown ids below the request range are order ids of other clients or earlier days."""
        with self._lock:
            known = self._subjects.get(number)
        if known is not None:
            return known
        return Subject("order", order_id=number) if 0 < number < FIRST_ID else NOBODY

    @contextmanager
    def open(
        self, what: str, *, key: Hashable = None, con_id: int | None = None
    ) -> Iterator[Pending]:
        """A request for as long as the block lasts; without a key it gets an id of its own."""
        chosen = self.allocate(Subject(what, con_id=con_id)) if key is None else key
        pending = Pending(chosen, what)
        with self._lock:
            if chosen in self._pending:
                raise ValueError(f"{what} is already being asked")
            self._pending[chosen] = pending
        try:
            yield pending
        finally:
            with self._lock:
                self._pending.pop(chosen, None)

    def collect(self, key: Hashable, item: Any) -> bool:
        """Adds a partial answer; False when nobody waits for it (any more)."""
        pending = self._find(key)
        if pending is not None:
            pending.add(item)
        return pending is not None

    def finish(self, key: Hashable, result: Any = None) -> bool:
        pending = self._find(key)
        if pending is not None:
            pending.finish(result)
        return pending is not None

    def fail(self, key: Hashable, error: IbkrError) -> bool:
        pending = self._find(key)
        if pending is not None:
            pending.fail(error)
        return pending is not None

    def fail_all(self, error: IbkrError) -> None:
        with self._lock:
            waiting = tuple(self._pending.values())
        for pending in waiting:
            pending.fail(error)

    def _find(self, key: Hashable) -> Pending | None:
        with self._lock:
            return self._pending.get(key)
