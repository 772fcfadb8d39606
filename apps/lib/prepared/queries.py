"""Queries that are compiled once, several of which may be asked as one statement."""

import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

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
        return [compiled.made(row) for row in compiled.raw(text)]

    def first(self, **values: Value) -> Row | None:
        """For queries of at most one row."""
        return next(iter(self.rows(**values)), None)

    def answer(self, values: Mapping[str, Value]) -> "Answer":
        asked = Asked(self, values)
        found = _ahead().pop(asked.key, None)
        return _answers([asked])[0] if found is None else found

    def of(self, values: Mapping[str, Value]) -> Compiled:
        kinds = tuple((name, type(value)) for name, value in values.items())
        key = this_thread().vendor, kinds
        found = self._compiled.get(key)
        if found is None:
            found = self._compiled[key] = compile_once(self._build, values)
        return found


@dataclass(frozen=True, slots=True)
class Asked:
    query: Prepared
    values: Mapping[str, Value]

    @property
    def key(self) -> Hashable:
        return id(self.query), tuple(sorted(self.values.items()))


@contextmanager
def together(asked: Sequence[Asked]) -> Iterator[None]:
    """Runs all questions as one statement: their answers are of one moment.

    Inside the block each of them is answered once without asking the database again.
    """
    before = _ahead()
    found = {one.key: one for one in asked}
    _LOCAL.ahead = dict(zip(found, _answers(list(found.values())), strict=True))
    try:
        yield
    finally:
        _LOCAL.ahead = before


_LOCAL = threading.local()
_STATEMENTS: dict[tuple[int, ...], Statement] = {}
"""By their queries, which live as long as the process."""


def _ahead() -> dict[Hashable, Answer]:
    """Answers that this thread's `together` has got and nobody has taken yet."""
    found: dict[Hashable, Answer] = getattr(_LOCAL, "ahead", {})
    return found


def _answers(asked: Sequence[Asked]) -> list[Answer]:
    compiled = [one.query.of(one.values) for one in asked]
    told = zip(compiled, asked, strict=True)
    values = [value for made, one in told for value in made.parameters(one.values)]
    return list(zip(compiled, _statement(compiled).run(values)[0], strict=True))


def _statement(compiled: Sequence[Compiled]) -> Statement:
    """The same one for the same queries, so that the database knows it again."""
    key = tuple(map(id, compiled))
    found = _STATEMENTS.get(key)
    if found is None:
        places = [place for one in compiled for place in one.places]
        found = _STATEMENTS[key] = Statement(
            f"SELECT {', '.join(one.sql for one in compiled)}",
            [value for one in compiled for value in one.fixed],
            [number for number, place in enumerate(places) if place is not None],
        )
    return found
