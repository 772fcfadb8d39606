"""Quantity and prices as the broker holds them: confirms changes of ours, or shows another's."""

from django.db.models import Q

from apps.trading.ingest.dossier import Dossier
from apps.trading.models import Order, OrderChange
from apps.trading.wire_terms import WireTerms, has_limit, has_stop, wire_terms
from ibkr.types import OrderRequest

State = OrderChange.State


def hear_terms(dossier: Dossier, request: OrderRequest) -> str:
    """The kind of event this is: "" where nothing is new.

    Messages may show terms of before a change: those are known and count for nothing. What nobody
    here has asked for was changed at the broker's side (by a person in TWS, or as one of a group).
    """
    order = dossier.order
    told = told_terms(order, request)
    changes = dossier.changes
    matching = [change for change in changes if change_terms(change) == told]
    if matching:
        return _confirm(dossier, changes, matching[-1])
    if told == own_terms(order) or told in dossier.evidence.was:
        return ""
    take_over(dossier, request)
    return "amended"


def take_over(dossier: Dossier, request: OrderRequest) -> None:
    """The row shows what the broker holds; for orders of ours the old terms are remembered."""
    order = dossier.order
    if not order.external:
        _remember(dossier, own_terms(order))
    if request.quantity > 0:
        order.quantity = request.quantity
    if has_limit(order.order_type):
        order.limit_price = request.limit_price
    if has_stop(order.order_type):
        order.stop_price = request.stop_price


def refuse_change(dossier: Dossier, code: int, text: str) -> bool | None:
    """True when the code refuses the newest change on the wire, None when it says so again."""
    order = dossier.order
    change = order.changes.filter(state=State.SENT).order_by("-number").first()
    if change is None:
        told = Q(state=State.REFUSED, reason=_reason(code, text))
        return None if order.changes.filter(told).exists() else False
    change.state, change.reason = State.REFUSED, _reason(code, text)
    change.save(update_fields=["state", "reason"])
    dossier.changes_moved()
    return True


def told_terms(order: Order, request: OrderRequest) -> WireTerms:
    return wire_terms(order.order_type, request.quantity, request.limit_price, request.stop_price)


def own_terms(order: Order) -> WireTerms:
    return wire_terms(order.order_type, order.quantity, order.limit_price, order.stop_price)


def change_terms(change: OrderChange) -> WireTerms:
    order = change.order
    limit = order.limit_price if change.limit_price is None else change.limit_price
    stop = order.stop_price if change.stop_price is None else change.stop_price
    return wire_terms(order.order_type, change.quantity, limit, stop)


def _confirm(dossier: Dossier, changes: list[OrderChange], change: OrderChange) -> str:
    fresh = change.state != State.CONFIRMED
    if fresh:
        change.state, change.reason = State.CONFIRMED, ""
        change.save(update_fields=["state", "reason"])
    newest = [row for row in changes if row.state == State.CONFIRMED][-1]
    order, own = dossier.order, own_terms(dossier.order)
    if own not in [change_terms(row) for row in changes]:
        _remember(dossier, own)
    order.quantity = newest.quantity
    order.limit_price = newest.limit_price or order.limit_price
    order.stop_price = newest.stop_price or order.stop_price
    return "change_confirmed" if fresh else ""


def _remember(dossier: Dossier, terms: WireTerms) -> None:
    was = sorted({*dossier.evidence.was, terms})
    dossier.evidence = dossier.evidence.remember(tuple(was))


def _reason(code: int, text: str) -> str:
    return f"{code}: {text}"[:500]
