"""What a person asks for, with its event and its place in the audit: one statement of PostgreSQL.

A statement is a transaction: all of it is stored, or nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from django.db import DataError, IntegrityError, connection

from apps.accounts.models import AuditEvent
from apps.accounts.services.chaining import OR_NOTHING, appended_after, values_appended
from apps.lib.prepared.part import insertion_from, next_key, stored, values_of
from apps.lib.statements import Statement
from apps.risk.models import GateDecision
from apps.trading.models import Order, OrderEvent
from apps.trading.services.at_once import PORTAL
from apps.trading.states import OrderState

KEYS = """
SELECT {order}, {decision}, sequence, hash FROM accounts_audithead WHERE id = 1
"""
PLACE = """
WITH decided AS ({decision}), placed AS ({order} RETURNING id), noted AS ({event}), {audit}
SELECT {or_nothing} FROM placed
"""
CANCEL = """
WITH marked AS (
    UPDATE trading_order SET cancel_asked_at = %s
    WHERE id = %s AND state = ANY(%s::varchar[]) AND cancel_asked_at IS NULL
    RETURNING id, state
),
noted AS (
    INSERT INTO trading_orderevent (order_id, number, kind, before, after, origin, data, at)
    SELECT id,
        1 + coalesce((SELECT max(number) FROM trading_orderevent WHERE order_id = marked.id), 0),
        'cancel_asked', state, state, %s::varchar, %s::jsonb, %s::timestamptz
    FROM marked
),
{audit}
SELECT {or_nothing} FROM marked
"""
ONE = "(VALUES (1)) AS one"


def possible() -> bool:
    """Outside of a transaction, where the database can."""
    return connection.vendor == "postgresql" and not connection.in_atomic_block


def keys_taken() -> tuple[int, int, tuple[int, str]] | None:
    """Keys of an order and of a decision, for rows that are not stored yet, and the audit's head.
    None before the audit's first event."""
    found = _keys().run([])
    return (found[0][0], found[0][1], (found[0][2], found[0][3])) if found else None


def placed_at_once(
    order: Order, decision: GateDecision, event: OrderEvent, audit: AuditEvent
) -> bool:
    """False, with nothing stored, when the audit has another head by now.

    Order and decision have keys of `keys_taken`. Raises IntegrityError as their inserts would.
    """
    values = [
        *values_of(decision),
        *values_of(order),
        *values_of(event, "id"),
        *values_appended(audit),
    ]
    try:
        _place().run(values)
    except DataError:
        return False
    stored(order, decision)
    return True


def cancel_asked_at_once(
    order_id: int, *, of: Sequence[OrderState], at: datetime, data: str, audit: AuditEvent
) -> bool:
    """Notes that a cancel is wanted of an order that is in one of these states.

    False, with nothing stored, when it is not, when somebody has asked before, or when another
    wrote an event of this order or of the audit at the same moment. `data` is the event's JSON.
    """
    told = [at, order_id, [state.value for state in of], PORTAL, data, at]
    try:
        return bool(_cancel().run([*told, *values_appended(audit)]))
    except (DataError, IntegrityError):
        return False


@cache
def _keys() -> Statement:
    return Statement(KEYS.format(order=next_key(Order), decision=next_key(GateDecision)))


@cache
def _place() -> Statement:
    named = {"id": next_key(OrderEvent)}
    return _statement(
        PLACE.format(
            decision=insertion_from(GateDecision, ONE),
            order=insertion_from(Order, ONE),
            event=insertion_from(OrderEvent, "placed", named),
            audit=appended_after("placed"),
            or_nothing=OR_NOTHING,
        )
    )


@cache
def _cancel() -> Statement:
    return _statement(CANCEL.format(audit=appended_after("marked"), or_nothing=OR_NOTHING))


def _statement(sql: str) -> Statement:
    count = sql.count("%s")
    return Statement(sql, [None] * count, range(count))
