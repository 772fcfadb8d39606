"""A change of an order's state with its event as one statement of PostgreSQL, planned once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Field

from apps.lib.statements import Statement
from apps.trading.models import Order, OrderEvent

SQL = """
WITH moved AS (
    UPDATE trading_order SET state = %s{fields} WHERE id = %s AND state = %s{only} RETURNING id
)
INSERT INTO trading_orderevent (order_id, number, kind, before, after, origin, data, at)
SELECT id,
    1 + coalesce((SELECT max(number) FROM trading_orderevent WHERE order_id = moved.id), 0),
    %s::varchar, %s::varchar, %s::varchar, %s::varchar, %s::jsonb, %s::timestamptz
FROM moved
RETURNING number
"""


@dataclass(frozen=True, slots=True)
class Step:
    order_id: int
    before: str
    after: str
    kind: str
    origin: str
    at: datetime
    data: Mapping[str, Any]


def moved_at_once(step: Step, *, only: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    """False where the order is not as `before` and `only` say; `fields` are written with it.

    Not in a transaction: the statement is one. Raises IntegrityError, with nothing written, when
    an event of this order was written at the same moment.
    """
    values = [
        str(step.after),
        *(_prepared(name, value) for name, value in fields.items()),
        step.order_id,
        str(step.before),
        *(_prepared(name, value) for name, value in only.items()),
        step.kind,
        str(step.before),
        str(step.after),
        step.origin,
        OrderEvent._meta.get_field("data").get_db_prep_save(dict(step.data), connection),
        step.at,
    ]
    return bool(_statement(tuple(fields), tuple(only)).run(values))


def _prepared(name: str, value: Any) -> Any:
    return _field(name).get_db_prep_save(value, connection)


@cache
def _statement(fields: tuple[str, ...], only: tuple[str, ...]) -> Statement:
    sql = SQL.format(
        fields="".join(f", {_field(name).column} = %s" for name in fields),
        only="".join(f" AND {_field(name).column} IS NOT DISTINCT FROM %s" for name in only),
    )
    count = sql.count("%s")
    return Statement(sql, [None] * count, range(count))


def _field(name: str) -> "Field[Any, Any]":
    field = Order._meta.get_field(name)
    assert isinstance(field, Field)  # noqa: S101  # only columns are written
    return field
