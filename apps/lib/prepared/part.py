"""A new row as a part of one statement of PostgreSQL that writes other rows too."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import orjson
from django.db.models import CharField, Field, JSONField, Model, TextField

from apps.lib.statements import this_thread

Convert = Callable[[Any], Any]


def insertion_from(model: type[Model], source: str, named: Mapping[str, str] | None = None) -> str:
    """`INSERT INTO … SELECT … FROM source` with %s for the values that `values_of` gives.

    `named` has SQL instead of a value, by attribute name, for what another part has written.
    """
    told, quote = named or {}, this_thread().ops.quote_name
    fields = _fields(model, frozenset(told))
    columns = [*fields, *(_field(model, name) for name in told)]
    names = ", ".join(quote(str(field.column)) for field in columns)
    places = ", ".join([*(f"%s::{_bare(field)}" for field in fields), *told.values()])
    table = quote(model._meta.db_table)
    return f"INSERT INTO {table} ({names}) SELECT {places} FROM {source}"  # noqa: S608  # ours


def values_of(row: Model, *named: str) -> list[Any]:
    """With its key where it has one already; without the attributes that are `named`."""
    return [
        getattr(row, name) if convert is None else convert(getattr(row, name))
        for name, convert in _readers(type(row), frozenset(named))
    ]


def stored(*rows: Model) -> None:
    """They know from now on that the database has them."""
    for row in rows:
        row._state.adding = False  # noqa: SLF001  # as the framework's own save
        row._state.db = this_thread().alias  # noqa: SLF001  # likewise


def next_key(model: type[Model]) -> str:
    """SQL that takes the model's next key, so that a row may be named before it is stored."""
    (key,) = (f for f in model._meta.local_concrete_fields if f.primary_key)
    return f"nextval(pg_get_serial_sequence('{model._meta.db_table}', '{key.column}'))"


@cache
def _fields(model: type[Model], named: frozenset[str]) -> "list[Field[Any, Any]]":
    return [field for field in model._meta.local_concrete_fields if field.attname not in named]


def _field(model: type[Model], attname: str) -> "Field[Any, Any]":
    (found,) = (f for f in model._meta.local_concrete_fields if f.attname == attname)
    return found


def _bare(field: "Field[Any, Any]") -> str:
    """Without a length: the column itself refuses what is too long, a cast would cut it."""
    return str(field.rel_db_type(this_thread())).partition("(")[0]


@cache
def _readers(model: type[Model], named: frozenset[str]) -> list[tuple[str, Convert | None]]:
    return [(field.attname, _convert(field)) for field in _fields(model, named)]


def _convert(field: "Field[Any, Any]") -> Convert | None:
    """None where the driver takes the attribute as it is.

    Raises TypeError for fields that make their values when a row is stored.
    """
    if type(field).pre_save is not Field.pre_save and getattr(field, "auto_now", True):
        raise TypeError(f"{field} is made anew when it is stored")
    if isinstance(field, JSONField):
        return _json
    return _text if isinstance(field, CharField | TextField) else None


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _text(value: Any) -> str | None:
    """Members of an enumeration are texts to us, and something else to the driver."""
    return value if value is None or type(value) is str else str(value)
