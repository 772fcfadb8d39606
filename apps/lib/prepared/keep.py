"""Rows that are made into objects: kept while they are the same, or whole instances of models."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from operator import getitem
from typing import Any, Generic, TypeVar

from django.db.models import Model

from apps.lib.prepared.compiled import Compiled, Row, Value
from apps.lib.prepared.queries import Asked, Build, Prepared
from apps.lib.prepared.same import Same
from apps.lib.statements import Statement, this_thread

T = TypeVar("T")
M = TypeVar("M", bound=Model)
K = TypeVar("K", bound=Model)

Raw = Sequence[Any]
Pick = Callable[[Raw, int], Any]
REMEMBERED = 64
"""Calls with other values whose rows `Kept` keeps."""


class Kept(Generic[T]):
    """What was made of each row, kept until the row is another one.

    Every call reads all rows: nothing is ever older than the database. Only what has changed
    since the last call is converted and made again. The first column is the row's key. Where no
    row has changed, the very same tuple comes back.
    """

    def __init__(self, query: Prepared, make: Callable[[Row], T]) -> None:
        self._query, self._make = query, make
        self._known: OrderedDict[Hashable, _Known[T]] = OrderedDict()

    def asked(self, **values: Value) -> Asked:
        return self._query.asked(**values)

    def __call__(self, **values: Value) -> tuple[T, ...]:
        whose = this_thread().vendor, tuple(values.values())
        before = self._known.pop(whose, None)
        compiled, text = self._query.answer(values)
        if before is None or before.text != text:
            before = self._again({} if before is None else before.rows, compiled, text)
        self._known[whose] = before
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return before.made

    def _again(
        self, before: Mapping[Any, tuple[list[Any], T]], compiled: Compiled, text: str | None
    ) -> "_Known[T]":
        rows: dict[Any, tuple[list[Any], T]] = {}
        for row in compiled.raw(text):
            held = before.get(row[0])
            if held is None or held[0] != row:
                held = row, self._one(compiled, row)
            rows[row[0]] = held
        return _Known(text, rows, tuple(made for _, made in rows.values()))

    def _one(self, compiled: Compiled, row: list[Any]) -> T:
        return self._make(compiled.made(row))


class Picked(Kept[T]):
    """As `Kept`, for rows of which seldom all values are wanted: `make` gets the row as the
    database wrote it and what converts the value at a place of it."""

    def __init__(self, query: Prepared, make: Callable[[Raw, Pick], T]) -> None:
        super().__init__(query, lambda row: make(row, getitem))
        self._pick = make

    def _one(self, compiled: Compiled, row: list[Any]) -> T:
        return self._pick(row, compiled.value)


@dataclass(frozen=True, slots=True)
class _Known(Generic[T]):
    text: str | None
    rows: Mapping[Any, tuple[list[Any], T]]
    made: tuple[T, ...]


def _attach(row: Model, name: str, other: Model | None) -> None:
    """As the foreign key of that name; `a__b` is the key b of the row at a, if there is one."""
    *path, last = name.split("__")
    holder: Any = row
    for part in path:
        holder = None if holder is None else getattr(holder, part)
    if holder is not None:
        setattr(holder, last, other)


def _after(writes: str, count: int, compiled: Compiled) -> Statement:
    places = [count + n for n, place in enumerate(compiled.places) if place is not None]
    return Statement(
        f"WITH {writes} SELECT {compiled.sql}",
        [None] * count + list(compiled.fixed),
        [*range(count), *places],
    )


class Whole(Generic[M]):
    """Rows of a model with the rows its foreign keys name, as instances, by a prepared query.

    `related` names what `select_related` would, each after what it hangs on.
    """

    def __init__(self, model: type[M], build: Build, **related: type[Model]) -> None:
        self._model, self._related = model, related
        kinds: dict[str, type[Model]] = {"": model, **related}
        self._names = {
            name: [field.attname for field in kind._meta.concrete_fields]
            for name, kind in kinds.items()
        }
        columns = [
            f"{name}__{column}" if name else column
            for name, columns in self._names.items()
            for column in columns
        ]
        self._query = Prepared(lambda **values: build(**values).values_list(*columns))
        self._same = Same(self._query, lambda rows: self._made(rows[0]) if rows else None)
        self._writing: dict[tuple[int, str], Statement] = {}

    def asked(self, **values: Value) -> Asked:
        return self._query.asked(**values)

    def first(self, **values: Value) -> M | None:
        row = self._query.first(**values)
        return None if row is None else self._made(row)

    def same(self, **values: Value) -> M | None:
        """As `first`, but the very same instance as long as its row is the same: shared by all
        threads, so nobody may change it."""
        return self._same(**values)

    def rows(self, **values: Value) -> list[M]:
        """In the order of the query."""
        return [self._made(row) for row in self._query.rows(**values)]

    def first_left_by(self, writes: str, values: Sequence[Any], **asked: Value) -> M | None:
        """As a change leaves it, in the statement that makes the change; PostgreSQL only.

        `writes` are common table expressions with %s for each of `values`. One of them has the
        name of the model's table and returns the rows that it wrote, whole.
        """
        compiled = self._query.of(asked)
        key = id(compiled), writes
        statement = self._writing.get(key)
        if statement is None:
            statement = self._writing[key] = _after(writes, len(values), compiled)
        ((text,),) = statement.run([*values, *compiled.parameters(asked)])
        rows = compiled.raw(text)
        return self._made(compiled.made(rows[0])) if rows else None

    def _made(self, row: Row) -> M:
        made, place = self._instance("", self._model, row, 0)
        for name, kind in self._related.items():
            other, place = self._instance(name, kind, row, place)
            _attach(made, name, other if other.pk is not None else None)
        return made

    def _instance(self, name: str, kind: type[K], row: Row, start: int) -> tuple[K, int]:
        names = self._names[name]
        end = start + len(names)
        return kind.from_db(this_thread().alias, names, row[start:end]), end
