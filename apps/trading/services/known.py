"""Our side of a reconcile: every open row, and every row that the broker's picture names."""

from collections.abc import Mapping
from decimal import Decimal

from django.db.models import Q

from apps.accounts.models import BrokerAccount, Position
from apps.trading import evidence
from apps.trading.evidence import Terms
from apps.trading.ingest.terms import own_terms
from apps.trading.ledger import is_kept, ledger
from apps.trading.models import Execution, Order
from apps.trading.reconcile import BrokerPicture, Known
from apps.trading.states import OPEN, OrderState
from ibkr.types import CompletedOrder, OpenOrder

NOT_KEPT = ("CASH",)
"""Currency balances move with every trade: no ledger of executions has them."""


def known_orders(connection_id: int, picture: BrokerPicture) -> list[Known]:
    told: list[OpenOrder | CompletedOrder] = [*picture.open_orders, *picture.completed]
    named = Q(perm_id__in={row.perm_id for row in told if row.perm_id})
    named |= Q(ref__in={row.request.order_ref for row in told if row.request.order_ref})
    rows = Order.objects.filter(Q(state__in=sorted(OPEN)) | named, connection_id=connection_id)
    unexplained = _unexplained(connection_id)
    return [_known(row, unexplained) for row in rows.order_by("pk")]


def stored_executions(connection_id: int, picture: BrokerPicture) -> frozenset[str]:
    """Of the picture's executions, those that are stored with their order or have none."""
    told = [row.exec_id for row in picture.executions]
    rows = Execution.objects.filter(connection_id=connection_id, exec_id__in=told)
    return frozenset(rows.values_list("exec_id", flat=True))


def differences(account: BrokerAccount) -> Mapping[int, tuple[Decimal, Decimal]] | None:
    """(broker, ledger) by conId where they differ; None while no balance has been adopted."""
    if not is_kept(account.pk):
        return None
    kept = ledger(account.pk)
    positions = Position.objects.filter(account=account)
    cash = set(positions.filter(sec_type__in=NOT_KEPT).values_list("con_id", flat=True))
    held = dict(positions.values_list("con_id", "quantity"))
    zero = Decimal(0)
    pairs = {
        con_id: (held.get(con_id, zero), kept.get(con_id, zero))
        for con_id in (held.keys() | kept.keys()) - cash
    }
    return {con_id: pair for con_id, pair in sorted(pairs.items()) if pair[0] != pair[1]}


def _unexplained(connection_id: int) -> dict[int, frozenset[int] | None]:
    """By account: the conIds whose position our executions do not add up to; None for all."""
    found: dict[int, frozenset[int] | None] = {}
    for account in BrokerAccount.objects.filter(connection_id=connection_id):
        wrong = differences(account)
        found[account.pk] = None if wrong is None else frozenset(wrong)
    return found


def _known(row: Order, unexplained: Mapping[int, frozenset[int] | None]) -> Known:
    wrong = unexplained.get(row.account_id)
    cash = row.instrument.sec_type in NOT_KEPT
    return Known(
        pk=row.pk,
        state=OrderState(row.state),
        ref=row.ref,
        perm_id=row.perm_id,
        client_id=row.client_id,
        ib_order_id=row.ib_order_id,
        transmit=row.transmit,
        terms=Terms(row.tif, row.quantity, row.filled),
        order_type=row.order_type,
        held=own_terms(row),
        evidence=evidence.load(row.evidence),
        wired_at=row.sent_at or row.claimed_at,
        explained=not cash and wrong is not None and row.instrument_id not in wrong,
    )
