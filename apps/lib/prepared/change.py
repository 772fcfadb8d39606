"""Changes of rows that are there, and rows that are wanted once, by statements made once."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import orjson
from django.db.models import Field, Model

from apps.lib.prepared.insert import (
    check_related,
    column_value,
    insertion,
    returning,
    stored,
)
from apps.lib.statements import Statement, this_thread


def update(row: Model, names: Iterable[str]) -> None:
    """Stores these fields (attribute names) of a row, as `save(update_fields=…)` does.

    Signals are not sent: ours have no receivers.
    """
    db = this_thread()
    statement, fields = _update(type(row), tuple(sorted(names)), db.vendor)
    statement.run([*(column_value(field, row, db, add=False) for field in fields), row.pk])


def update_all(rows: Sequence[Model], names: Iterable[str]) -> None:
    """The same fields of several rows of one model, in one statement."""
    if not rows:
        return
    if len(rows) == 1:
        update(rows[0], names)
        return
    db = this_thread()
    statement, fields = _update_all(type(rows[0]), tuple(sorted(names)), db.vendor)
    told = [[column_value(field, row, db, add=False) for row in rows] for field in fields]
    columns = [*told, [row.pk for row in rows]]
    if db.vendor == "postgresql":
        statement.run(columns)
    else:
        statement.run([orjson.dumps(list(zip(*columns, strict=True)), default=str).decode()])


def insert_once(row: Model) -> bool:
    """As `insert`, where no unique key forbids it: whether the row was stored."""
    check_related(row)
    db = this_thread()
    statement, fields = _insert_once(type(row), db.vendor)
    found = statement.run([column_value(field, row, db, add=True) for field in fields])
    if not found:
        return False
    stored(row, found[0][0], db)
    return True


Prepared = tuple[Statement, "list[Field[Any, Any]]"]


@cache
def _update(model: type[Model], names: tuple[str, ...], _vendor: str) -> Prepared:
    fields = _fields(model, names)
    told = ", ".join(f"{_quoted(field.column)} = %s" for field in fields)
    sql = f"UPDATE {_table(model)} SET {told} WHERE {_key(model)} = %s"  # noqa: S608  # ours
    return Statement(sql, [None] * (len(fields) + 1), range(len(fields) + 1)), fields


@cache
def _update_all(model: type[Model], names: tuple[str, ...], vendor: str) -> Prepared:
    fields = _fields(model, names)
    told = ", ".join(f"{_quoted(field.column)} = v.c{n}" for n, field in enumerate(fields))
    rows, places = _arrays(fields) if vendor == "postgresql" else _json(len(fields))
    table = _table(model)
    sql = f"UPDATE {table} SET {told} FROM {rows} WHERE {table}.{_key(model)} = v.key"  # noqa: S608  # ours
    return Statement(sql, [None] * places, range(places)), fields


def _arrays(fields: "Sequence[Field[Any, Any]]") -> tuple[str, int]:
    """Of the bare types: the columns themselves refuse what is too long for them."""
    arrays = [f"%s::{_bare(field)}[]" for field in fields]
    columns = ", ".join(f"c{n}" for n in range(len(fields)))
    return f"unnest({', '.join(arrays)}, %s::bigint[]) AS v({columns}, key)", len(fields) + 1


def _json(count: int) -> tuple[str, int]:
    names = [*(f"c{n}" for n in range(count)), "key"]
    columns = [f"json_extract(value, '$[{n}]') AS {name}" for n, name in enumerate(names)]
    return f"(SELECT {', '.join(columns)} FROM json_each(%s)) AS v", 1  # noqa: S608  # ours


@cache
def _insert_once(model: type[Model], _vendor: str) -> Prepared:
    sql, fields = insertion(model)
    sql += " ON CONFLICT DO NOTHING" + returning(model)
    return Statement(sql, [None] * len(fields), range(len(fields))), fields


def _fields(model: type[Model], names: Sequence[str]) -> "list[Field[Any, Any]]":
    known = {field.attname: field for field in model._meta.local_concrete_fields}
    return [known[name] for name in names]


def _bare(field: "Field[Any, Any]") -> str:
    return str(field.db_type(this_thread())).partition("(")[0]


def _table(model: type[Model]) -> str:
    return _quoted(model._meta.db_table)


def _key(model: type[Model]) -> str:
    (key,) = (field for field in model._meta.local_concrete_fields if field.primary_key)
    return _quoted(key.column)


def _quoted(name: Any) -> str:
    return str(this_thread().ops.quote_name(str(name)))
