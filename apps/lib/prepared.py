"""Queries that are compiled once: making their SQL costs several times what running it does."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

Row = tuple[Any, ...]
Value = int | str | datetime
Build = Callable[..., "QuerySet[Any, Any]"]
T = TypeVar("T")
M = TypeVar("M", bound=Model)
K = TypeVar("K", bound=Model)

STAND_IN = 1_986_543_210
"""Numbers, texts and moments from here on stand in for the values of a later call. It fits the
smallest column that a number is compared with."""


@dataclass(frozen=True, slots=True)
class _Compiled:
    """`places` has a parameter's name where the SQL wants its value; `fixed` the other values."""

    sql: str
    places: tuple[str | None, ...]
    fixed: Row
    converters: tuple[tuple[int, Sequence[Callable[..., Any]], Any], ...]


class Prepared:
    """A query made by `build` of its keyword arguments, which gives a `values_list`.

    Each argument must reach the SQL as it is: `build` may not branch on one, and None, patterns
    and lists are no arguments. A query that is still asked with other values than at first by its
    own shape (another database, another type) is compiled anew.
    """

    def __init__(self, build: Build) -> None:
        self._build = build
        self._compiled: dict[Hashable, _Compiled] = {}

    def rows(self, **values: Value) -> list[Row]:
        """Python values, as the queryset itself would give them."""
        compiled, found = self._run(values)
        return [_converted(compiled, row) for row in found] if compiled.converters else found

    def first(self, **values: Value) -> Row | None:
        """For queries of at most one row."""
        return next(iter(self.rows(**values)), None)

    def raw(self, **values: Value) -> tuple[list[Row], Callable[[Row], Row]]:
        """Values as the database's driver has them, and what makes Python values of a row."""
        compiled, found = self._run(values)
        return found, lambda row: _converted(compiled, row)

    def _run(self, values: Mapping[str, Value]) -> tuple[_Compiled, list[Row]]:
        compiled = self._of(values)
        told = {name: _adapted(value) for name, value in values.items()}
        parameters = [
            told[name] if name is not None else fixed
            for name, fixed in zip(compiled.places, compiled.fixed, strict=True)
        ]
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, parameters)
            return compiled, cursor.fetchall()

    def _of(self, values: Mapping[str, Value]) -> _Compiled:
        kinds = tuple((name, type(value)) for name, value in values.items())
        key = connection.vendor, kinds
        found = self._compiled.get(key)
        if found is None:
            found = self._compiled[key] = self._compile(values)
        return found

    def _compile(self, values: Mapping[str, Value]) -> _Compiled:
        stands = {name: _stand_in(value, n) for n, (name, value) in enumerate(values.items())}
        compiler = self._build(**stands).query.get_compiler(using=connection.alias)
        sql, parameters = compiler.as_sql()
        names = {_adapted(stand): name for name, stand in stands.items()}
        places = tuple(names.get(p) if isinstance(p, Value) else None for p in parameters)
        if set(places) - {None} != set(values):
            raise ValueError(f"not in the query as they are: {set(values) - set(places)}")
        columns = [column[0] for column in compiler.select[: compiler.col_count]]
        converters = compiler.get_converters(columns)
        return _Compiled(
            sql, places, tuple(parameters), tuple((n, *told) for n, told in converters.items())
        )


class Kept(Generic[T]):
    """What was made of each row, kept until the row is another one.

    Every call reads all rows: nothing is ever older than the database. Only what has changed
    since the last call is converted and made again. The first column is the row's key.
    """

    def __init__(self, query: Prepared, make: Callable[[Row], T]) -> None:
        self._query, self._make = query, make
        self._known: dict[Hashable, dict[Any, tuple[Row, T]]] = {}

    def __call__(self, **values: Value) -> list[T]:
        whose = connection.vendor, tuple(values.values())
        before = self._known.get(whose, {})
        rows, converted = self._query.raw(**values)
        found: dict[Any, tuple[Row, T]] = {}
        for row in rows:
            held = before.get(row[0])
            if held is None or held[0] != row:
                held = row, self._make(converted(row))
            found[row[0]] = held
        self._known[whose] = found
        return [made for _, made in found.values()]


class Whole(Generic[M]):
    """Rows of a model with the rows its foreign keys name, as instances, by a prepared query."""

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

    def first(self, **values: Value) -> M | None:
        row = self._query.first(**values)
        if row is None:
            return None
        made, place = self._instance("", self._model, row, 0)
        for name, kind in self._related.items():
            other, place = self._instance(name, kind, row, place)
            setattr(made, name, other if other.pk is not None else None)
        return made

    def _instance(self, name: str, kind: type[K], row: Row, start: int) -> tuple[K, int]:
        names = self._names[name]
        end = start + len(names)
        return kind.from_db(connection.alias, names, row[start:end]), end


def _converted(compiled: _Compiled, row: Row) -> Row:
    told = list(row)
    for place, functions, expression in compiled.converters:
        value = told[place]
        for function in functions:
            value = function(value, expression, connection)
        told[place] = value
    return tuple(told)


def _adapted(value: Value) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value


def _stand_in(value: Value, number: int) -> Value:
    if isinstance(value, datetime):
        return datetime(1907, 3, 11, 5, 17, 23, tzinfo=UTC) + timedelta(days=number)
    if isinstance(value, str):
        return f"{STAND_IN + number}"
    return STAND_IN + number
