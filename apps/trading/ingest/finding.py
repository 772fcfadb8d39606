"""Which row a message is about: permId, else the ids of the wire with a fitting ref, else the ref.

An order id alone is no identity: after a restart of the gateway ids may come again.
"""

from dataclasses import dataclass

from django.db.models import Q

from apps.trading.models import Order, Source
from apps.trading.refs import is_ours

RELATED = ("account", "instrument", "placed_by", "plan_line__plan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a message calls its order; 0 is not told, `ref` None where such messages have none."""

    perm_id: int
    client_id: int
    order_id: int
    ref: str | None = None


def find(connection_id: int, names: Names) -> int | None:
    """Primary key of the order, which the caller then locks."""
    wanted = Q(pk__in=())
    if names.perm_id:
        wanted |= Q(perm_id=names.perm_id)
    if names.order_id > 0:
        wanted |= Q(client_id=names.client_id, ib_order_id=names.order_id)
    if names.ref and is_ours(names.ref):
        wanted |= Q(ref=names.ref)
    rows = Order.objects.filter(wanted, connection_id=connection_id).order_by("-pk")
    found = sorted((rank, -row.pk) for row in rows if (rank := _rank(row, names)) is not None)
    return -found[0][1] if found else None


def _rank(row: Order, names: Names) -> int | None:
    """0 is the surest; None where the row is another order."""
    if names.perm_id and row.perm_id == names.perm_id:
        return 0
    if names.perm_id and row.perm_id is not None:
        return None
    if names.ref is not None and names.ref != row.ref:
        return None
    if (row.client_id, row.ib_order_id) == (names.client_id, names.order_id):
        return 2 if row.external else 1
    return 3 if names.ref is not None and row.source != Source.EXTERNAL else None


def locked(pk: int) -> Order:
    """With a lock on its row until the end of the transaction, and what pages show of it."""
    rows = Order.objects.select_for_update(of=("self",), no_key=True).select_related(*RELATED)
    return rows.get(pk=pk)
