"""A change of an order's state with its event as one statement of PostgreSQL, planned once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from django.db import connection
from django.db.models import Field

from apps.lib.prepared import Whole
from apps.lib.statements import Statement
from apps.trading.models import Order, OrderEvent
from apps.trading.states import OrderState

PORTAL = "portal"

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

CLAIM = """
trading_order AS (
    UPDATE trading_order SET state = %s, ib_order_id = %s, client_id = %s, claimed_at = %s,
        lease_token = %s::jsonb ->> account.code
    FROM accounts_brokeraccount AS account
    WHERE trading_order.id = %s AND trading_order.state = %s
        AND trading_order.connection_id = %s AND trading_order.accepted_at >= %s
        AND account.id = trading_order.account_id AND %s::jsonb ->> account.code <> ''
    RETURNING trading_order.*
),
event AS (
    INSERT INTO trading_orderevent (order_id, number, kind, before, after, origin, data, at)
    SELECT id,
        1 + coalesce(
            (SELECT max(number) FROM trading_orderevent WHERE order_id = trading_order.id), 0
        ),
        'claimed', %s::varchar, state, %s::varchar,
        jsonb_build_object('ib_order_id', ib_order_id, 'lease', lease_token), claimed_at
    FROM trading_order
)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """`leases` are tokens by account code: an order of another account is not claimed."""

    order_id: int
    connection_id: int
    ib_order_id: int
    client_id: int
    leases: Mapping[str, str]
    at: datetime
    accepted_since: datetime


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


def claimed_at_once(orders: Whole[Order], claim: Claim) -> Order | None:
    """The accepted order as the claim leaves it, with its event; None where nothing was claimed.

    `orders` takes an `order_id`. As `moved_at_once`: not in a transaction, IntegrityError.
    """
    leases = orjson.dumps(dict(claim.leases)).decode()
    values = [
        OrderState.CLAIMED.value,
        claim.ib_order_id,
        claim.client_id,
        claim.at,
        leases,
        claim.order_id,
        OrderState.ACCEPTED.value,
        claim.connection_id,
        claim.accepted_since,
        leases,
        OrderState.ACCEPTED.value,
        PORTAL,
    ]
    return orders.first_left_by(CLAIM, values, order_id=claim.order_id)


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
