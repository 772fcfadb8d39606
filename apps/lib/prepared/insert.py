"""New rows by a statement that is made once for each model."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import orjson
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, JSONField, Model

from apps.lib.statements import Statement, this_thread


def insert(row: Model) -> None:
    """Stores a row that has no key yet, and gives it one, as `save(force_insert=True)` does.

    For models without parents and with a key that the database counts. Signals are not sent: ours
    have no receivers.
    """
    check_related(row)
    db = this_thread()
    statement, fields = _prepared(type(row), db.vendor)
    ((key,),) = statement.run([column_value(field, row, db, add=True) for field in fields])
    stored(row, key, db)


def insert_all(rows: Sequence[Model]) -> None:
    """Stores new rows of one model in one statement; they do not learn their keys."""
    if not rows:
        return
    for row in rows:
        check_related(row)
    db = this_thread()
    statement, fields = _many(type(rows[0]), db.vendor, len(rows))
    statement.run([column_value(field, row, db, add=True) for row in rows for field in fields])


def check_related(row: Model) -> None:
    """Takes over the keys of rows that were stored since; raises ValueError where one is not."""
    row._prepare_related_fields_for_save(operation_name="insert")  # type: ignore[attr-defined]  # noqa: SLF001  # as the framework's own save


def insertion(model: type[Model], count: int = 1) -> "tuple[str, list[Field[Any, Any]]]":
    """SQL up to the values of so many rows, and the fields whose values each takes."""
    quote = this_thread().ops.quote_name
    fields = [field for field in model._meta.local_concrete_fields if not field.primary_key]
    names = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * count)
    into = f"INSERT INTO {quote(model._meta.db_table)} ({names})"
    return f"{into} VALUES {places}", fields


def returning(model: type[Model]) -> str:
    (key,) = (field for field in model._meta.local_concrete_fields if field.primary_key)
    return f" RETURNING {this_thread().ops.quote_name(str(key.column))}"


def column_value(
    field: "Field[Any, Any]", row: Model, db: BaseDatabaseWrapper, *, add: bool
) -> Any:
    value = field.pre_save(row, add)
    if isinstance(field, JSONField) and value is not None:
        return orjson.dumps(value).decode()
    return field.get_db_prep_save(value, db)


def stored(row: Model, key: Any, db: BaseDatabaseWrapper) -> None:
    """The row knows that it has this key from now on."""
    row.pk = key
    row._state.adding = False  # noqa: SLF001  # as the framework's own save
    row._state.db = db.alias  # noqa: SLF001  # likewise


@cache
def _prepared(model: type[Model], _vendor: str) -> "tuple[Statement, list[Field[Any, Any]]]":
    sql, fields = insertion(model)
    return Statement(sql + returning(model), [None] * len(fields), range(len(fields))), fields


@cache
def _many(model: type[Model], _vendor: str, n: int) -> "tuple[Statement, list[Field[Any, Any]]]":
    sql, fields = insertion(model, n)
    count = n * len(fields)
    return Statement(sql, [None] * count, range(count)), fields
