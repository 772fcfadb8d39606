"""Which row a message is about: permId, else the ids of the wire with a fitting ref, else the ref.

An order id alone is no identity: after a restart of the gateway ids may come again.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User as AuthUser
from django.db.models import Q, QuerySet
from django.db.transaction import TransactionManagementError

from apps.accounts.models import BrokerAccount
from apps.lib.prepared import Prepared, Row, Whole
from apps.lib.statements import Statement, this_thread
from apps.marketdata.models import Instrument
from apps.trading.models import Order, Plan, PlanLine, Source
from apps.trading.refs import is_ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a message calls its order; 0 is not told, `ref` None where such messages have none."""

    perm_id: int
    client_id: int
    order_id: int
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    pk: int
    perm_id: int | None
    client_id: int | None
    ib_order_id: int | None
    ref: str
    source: str


def find(connection_id: int, names: Names) -> int | None:
    """Primary key of the order, which the caller then locks."""
    told: dict[str, int | str] = {}
    if names.perm_id:
        told["perm_id"] = names.perm_id
    if names.order_id > 0:
        told |= {"client_id": names.client_id, "order_id": names.order_id}
    ranked = _ranked(SURE, names, connection_id=connection_id, **told) if told else []
    if not ranked or ranked[0][0] > SURELY:
        if names.ref and is_ours(names.ref):
            told["ref"] = names.ref
        ranked = _ranked(ANY, names, connection_id=connection_id, **told) if told else []
    return -ranked[0][1] if ranked else None


def locked(pk: int) -> Order:
    """With a lock on its row until the end of the transaction, and what pages show of it."""
    lock(pk)
    order = ORDER.first(order_id=pk)
    if order is None:
        raise Order.DoesNotExist
    return order


def lock(pk: int) -> None:
    """What is read in a later statement is then what the one before left; SQLite has one writer
    at a time."""
    db = this_thread()
    if not db.in_atomic_block:
        raise TransactionManagementError("an order is locked within a transaction")
    if db.vendor == "postgresql":
        LOCK.run([pk])


def _sure(connection_id: int, **told: Any) -> QuerySet[Order, Row]:
    wanted = Q()
    if "perm_id" in told:
        wanted |= Q(perm_id=told["perm_id"])
    if "order_id" in told:
        ids = Q(client_id=told["client_id"], ib_order_id=told["order_id"])
        wanted |= ids & ~Q(source=Source.EXTERNAL)
    return _rows(connection_id, wanted)


def _any(connection_id: int, **told: Any) -> QuerySet[Order, Row]:
    wanted = Q()
    if "perm_id" in told:
        wanted |= Q(perm_id=told["perm_id"])
    if "order_id" in told:
        wanted |= Q(client_id=told["client_id"], ib_order_id=told["order_id"])
    if "ref" in told:
        wanted |= Q(ref=told["ref"])
    return _rows(connection_id, wanted)


def _rows(connection_id: int, wanted: Q) -> QuerySet[Order, Row]:
    rows = Order.objects.filter(wanted, connection_id=connection_id).order_by()
    return rows.values_list("pk", "perm_id", "client_id", "ib_order_id", "ref", "source")


SURE, ANY = Prepared(_sure), Prepared(_any)
"""By unique keys alone; by all that may tell."""
SURELY = 1
"""Ranks up to this one are found by unique keys: nothing else can come before them."""
ORDER = Whole(
    Order,
    lambda order_id: Order.objects.filter(pk=order_id).order_by(),
    account=BrokerAccount,
    instrument=Instrument,
    placed_by=AuthUser,
    plan_line=PlanLine,
    plan_line__plan=Plan,
)
LOCK = Statement(
    f"SELECT 1 FROM {Order._meta.db_table} WHERE id = %s FOR NO KEY UPDATE",  # noqa: S608  # ours
    [None],
    [0],
)


def _ranked(query: Prepared, names: Names, **told: Any) -> list[tuple[int, int]]:
    rows = [Candidate(*row) for row in query.rows(**told)]
    return sorted((rank, -row.pk) for row in rows if (rank := _rank(row, names)) is not None)


def _rank(row: Candidate, names: Names) -> int | None:
    """0 is the surest; None where the row is another order."""
    if names.perm_id and row.perm_id == names.perm_id:
        return 0
    if names.perm_id and row.perm_id is not None:
        return None
    if names.ref is not None and names.ref != row.ref:
        return None
    if (row.client_id, row.ib_order_id) == (names.client_id, names.order_id):
        return 2 if row.source == Source.EXTERNAL else 1
    return 3 if names.ref is not None and row.source != Source.EXTERNAL else None
