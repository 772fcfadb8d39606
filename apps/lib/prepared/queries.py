"""Queries that are compiled once, several of which may be asked as one statement."""

import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db.models import QuerySet

from apps.lib.prepared.compiled import Compiled, Row, Value, compile_once
from apps.lib.statements import Statement, this_thread

Answer = tuple[Compiled, str | None]
"""The rows as a text, None where there are none, and what reads it."""
Build = Callable[..., "QuerySet[Any, Any]"]


class Prepared:
    """A query made by `build` of its keyword arguments, which gives a `values_list`.

    Each argument must reach the SQL as it is: `build` may not branch on one, and None, patterns
    and lists are no arguments. A query that is still asked with other values than at first by its
    own shape (another database, another type) is compiled anew.
    """

    def __init__(self, build: Build) -> None:
        self._build = build
        self._compiled: dict[Hashable, Compiled] = {}

    def asked(self, **values: Value) -> "Asked":
        """A question for `together`."""
        return Asked(self, values)

    def rows(self, **values: Value) -> list[Row]:
        compiled, text = self.answer(values)
        return compiled.rows(text)

    def first(self, **values: Value) -> Row | None:
        """For queries of at most one row."""
        return next(iter(self.rows(**values)), None)

    def answer(self, values: Mapping[str, Value]) -> "Answer":
        found = _taken(self, values)
        return _answers([Asked(self, values)])[0] if found is None else found

    def of(self, values: Mapping[str, Value]) -> Compiled:
        return self.compiled(values, this_thread().vendor)

    def compiled(self, values: Mapping[str, Value], vendor: str) -> Compiled:
        """For the database of this thread, which is of that vendor."""
        key = (vendor, *values, *map(type, values.values()))
        found = self._compiled.get(key)
        if found is None:
            found = self._compiled[key] = compile_once(self._build, values)
        return found


class Asked(NamedTuple):
    query: Prepared
    values: Mapping[str, Value]


@contextmanager
def together(asked: Sequence[Asked]) -> Iterator[None]:
    """Runs all questions as one statement: their answers are of one moment.

    Inside the block each of them is answered once without asking the database again.
    """
    before: Ahead | None = getattr(_LOCAL, "ahead", None)
    ahead: Ahead = {}
    for one, answer in zip(asked, _answers(asked), strict=True):
        ahead.setdefault(one.query, []).append((one.values, answer))
    _LOCAL.ahead = ahead
    try:
        yield
    finally:
        _LOCAL.ahead = before


Ahead = dict[Prepared, list[tuple[Mapping[str, Value], Answer]]]
"""Answers that this thread's `together` has got and nobody has taken yet."""
_LOCAL = threading.local()
_STATEMENTS: dict[tuple[Compiled, ...], Statement] = {}


def _taken(query: Prepared, values: Mapping[str, Value]) -> Answer | None:
    """What was asked ahead, and is not there any more afterwards."""
    ahead: Ahead | None = getattr(_LOCAL, "ahead", None)
    held = ahead.get(query, []) if ahead else []
    for place, (asked, answer) in enumerate(held):
        if asked == values:
            del held[place]
            return answer
    return None


def _answers(asked: Sequence[Asked]) -> list[Answer]:
    vendor = this_thread().vendor
    compiled = [query.compiled(values, vendor) for query, values in asked]
    told: list[Any] = []
    for made, (_, values) in zip(compiled, asked, strict=True):
        told += made.parameters(values)
    return list(zip(compiled, _statement(compiled).run(told)[0], strict=True))


def _statement(compiled: Sequence[Compiled]) -> Statement:
    """The same one for the same queries, so that the database knows it again."""
    key = tuple(compiled)
    found = _STATEMENTS.get(key)
    if found is None:
        places = [place for one in compiled for place in one.places]
        found = _STATEMENTS[key] = Statement(
            f"SELECT {', '.join(one.sql for one in compiled)}",
            [value for one in compiled for value in one.fixed],
            [number for number, place in enumerate(places) if place is not None],
        )
    return found
