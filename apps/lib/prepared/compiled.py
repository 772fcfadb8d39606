"""How a queryset becomes SQL whose whole answer is one JSON text, and that text rows; no query."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import orjson
from django.db import connection
from django.db.models import QuerySet

from apps.lib.statements import this_thread

Row = tuple[Any, ...]
Value = int | str | datetime
Convert = Callable[[Any], Any]

STAND_IN = 1_986_543_210
"""Numbers, texts and moments from here on stand in for the values of a later call. It fits the
smallest column that a number is compared with."""
WIDTH = 50
"""Columns of one JSON array: functions of PostgreSQL take a hundred arguments."""
AS_TEXT: Mapping[str, Convert] = {
    "DecimalField": Decimal,
    "DateTimeField": datetime.fromisoformat,
    "DateField": date.fromisoformat,
    "TimeField": time.fromisoformat,
    "JSONField": str,
}
"""Types that JSON lacks or would change travel as texts from PostgreSQL; by the field's name.
What SQLite has of them is what the framework makes values of anyway."""
AS_THEY_ARE = frozenset(
    {
        "AutoField",
        "BigAutoField",
        "BigIntegerField",
        "BooleanField",
        "CharField",
        "ForeignKey",
        "IntegerField",
        "PositiveIntegerField",
        "PositiveSmallIntegerField",
        "SlugField",
        "SmallIntegerField",
        "TextField",
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """`places` has a parameter's name where the SQL wants its value; `fixed` the other values.

    `open_` are the names alone; `adapts` says whether a value changes on its way to the driver.
    """

    sql: str
    places: tuple[str | None, ...]
    open_: tuple[str, ...]
    adapts: bool
    fixed: Row
    converters: tuple[tuple[int, tuple[Convert, ...]], ...]
    by_place: Mapping[int, tuple[Convert, ...]]
    wide: bool

    def parameters(self, values: Mapping[str, Value]) -> list[Any]:
        """For the places that are not fixed, in their order."""
        if self.adapts:
            values = {name: _adapted(value) for name, value in values.items()}
        return [values[name] for name in self.open_]

    def rows(self, text: str | None) -> list[Row]:
        """Of the whole answer, as the queryset itself would give them."""
        return [self.made(row) for row in self.raw(text)] if text else []

    def raw(self, text: str | None) -> list[list[Any]]:
        """Rows as the database wrote them."""
        found: list[list[Any]] = orjson.loads(text) if text else []
        return [[value for part in row for value in part] for row in found] if self.wide else found

    def value(self, row: Sequence[Any], place: int) -> Any:
        """One of what `made` gives."""
        found = row[place]
        if found is not None:
            for function in self.by_place.get(place, ()):
                found = function(found)
        return found

    def made(self, row: Sequence[Any]) -> Row:
        """Python values, as the queryset itself would give them."""
        told = list(row)
        for place, functions in self.converters:
            if (value := told[place]) is not None:
                for function in functions:
                    value = function(value)  # each takes what the last gave
                told[place] = value
        return tuple(told)


def compile_once(
    build: Callable[..., "QuerySet[Any, Any]"], values: Mapping[str, Value]
) -> Compiled:
    """Raises ValueError for arguments that do not reach the SQL as they are."""
    stands = {name: _stand_in(value, n) for n, (name, value) in enumerate(values.items())}
    compiler = build(**stands).query.get_compiler(using=connection.alias)
    sql, parameters = compiler.as_sql()
    adapted = {name: _adapted(stand) for name, stand in stands.items()}
    names = {stand: name for name, stand in adapted.items()}
    places = tuple(names.get(p) if isinstance(p, Value) else None for p in parameters)
    if set(places) - {None} != set(values):
        raise ValueError(f"not in the query as they are: {set(values) - set(places)}")
    columns = [column[0] for column in compiler.select[: compiler.col_count]]
    kinds = [column.output_field.get_internal_type() for column in columns]
    converters = compiler.get_converters(columns)
    told = [(n, (*_loader(kind), *_bound(converters.get(n)))) for n, kind in enumerate(kinds)]
    return Compiled(
        _as_text(sql, kinds),
        places,
        tuple(place for place in places if place is not None),
        adapted != stands,
        tuple(parameters),
        tuple((n, functions) for n, functions in told if functions),
        dict(told),
        len(kinds) > WIDTH,
    )


def _as_text(sql: str, kinds: Sequence[str]) -> str:
    """The whole answer of a query as one JSON text: an array of rows."""
    postgresql = connection.vendor == "postgresql"
    names = [f"c{number}" for number in range(len(kinds))]
    cells = [
        f"{name}::text" if postgresql and kind in AS_TEXT else name
        for name, kind in zip(names, kinds, strict=True)
    ]
    array = "json_build_array" if postgresql else "json_array"
    parts = [cells[start : start + WIDTH] for start in range(0, len(cells), WIDTH)]
    arrays = [f"{array}({', '.join(part)})" for part in parts]
    row = arrays[0] if len(arrays) == 1 else f"{array}({', '.join(arrays)})"
    whole = f"json_agg({row})::text" if postgresql else f"json_group_array({row})"
    return f"(WITH q({', '.join(names)}) AS ({sql}) SELECT {whole} FROM q)"  # noqa: S608  # nothing from outside


def _loader(kind: str) -> tuple[Convert, ...]:
    if kind not in AS_TEXT and kind not in AS_THEY_ARE:
        raise TypeError(f"how a {kind} travels as JSON is not known: add it to AS_TEXT")
    if connection.vendor != "postgresql" or kind not in AS_TEXT or AS_TEXT[kind] is str:
        return ()
    return (AS_TEXT[kind],)


def _bound(found: tuple[Sequence[Callable[..., Any]], Any] | None) -> tuple[Convert, ...]:
    """The framework's own converters, each with its expression."""
    functions, expression = found or ((), None)
    return tuple(
        lambda value, convert=convert: convert(value, expression, connection)
        for convert in functions
    )


def _adapted(value: Value) -> Any:
    if isinstance(value, datetime):
        return this_thread().ops.adapt_datetimefield_value(value)
    return value


def _stand_in(value: Value, number: int) -> Value:
    if isinstance(value, datetime):
        return datetime(1907, 3, 11, 5, 17, 23, tzinfo=UTC) + timedelta(days=number)
    if isinstance(value, str):
        return f"{STAND_IN + number}"
    return STAND_IN + number
