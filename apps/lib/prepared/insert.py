"""New rows by a statement that is made once for each model."""

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
    row._prepare_related_fields_for_save(operation_name="insert")  # type: ignore[attr-defined]  # noqa: SLF001  # as the framework's own save
    db = this_thread()
    statement, fields = _prepared(type(row), db.vendor)
    ((row.pk,),) = statement.run([_told(field, row, db) for field in fields])
    row._state.adding = False  # noqa: SLF001  # as the framework's own save
    row._state.db = db.alias  # noqa: SLF001  # likewise


@cache
def _prepared(model: type[Model], _vendor: str) -> "tuple[Statement, list[Field[Any, Any]]]":
    meta, quote = model._meta, this_thread().ops.quote_name
    fields = [field for field in meta.local_concrete_fields if not field.primary_key]
    names = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    (key,) = (quote(str(field.column)) for field in meta.local_concrete_fields if field.primary_key)
    table = quote(meta.db_table)
    sql = f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING {key}"  # noqa: S608  # ours
    return Statement(sql, [None] * len(fields), range(len(fields))), fields


def _told(field: "Field[Any, Any]", row: Model, db: BaseDatabaseWrapper) -> Any:
    value = field.pre_save(row, add=True)
    if isinstance(field, JSONField) and value is not None:
        return orjson.dumps(value).decode()
    return field.get_db_prep_save(value, db)
