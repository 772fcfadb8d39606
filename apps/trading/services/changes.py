"""Changes of a working order: another quantity or price, sent under the order's own id."""

from copy import copy
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.accounts.services import audit_append
from apps.lib.errors import Invalid
from apps.risk.models import GateDecision
from apps.risk.services.gate import decision_keep
from apps.trading import topics
from apps.trading.holders import Holder
from apps.trading.models import Order, OrderChange
from apps.trading.permissions import check_may_trade
from apps.trading.services.gating import passed, second_look
from apps.trading.services.margins import asks
from apps.trading.services.sending import Now
from apps.trading.services.steps import note
from apps.trading.services.terms import (
    contract_of,
    intent_from,
    request_from,
    shape_from,
    shape_of,
)
from apps.trading.services.wake import wake
from apps.trading.shapes import Shape
from apps.trading.states import WORKING, OrderState
from ibkr.errors import IbkrError, RequestRefused

CHANGE = "trading.change"
CHANGEABLE = WORKING - {OrderState.PENDING_CANCEL, OrderState.INACTIVE}
State = OrderChange.State


def order_change(
    *,
    user: User | None,
    order: Order,
    quantity: Decimal | None = None,
    limit_price: Decimal | None = None,
    stop_price: Decimal | None = None,
    at: datetime,
) -> OrderChange:
    """What is None stays as it is. Raises Invalid, NotAllowed or GateRefused.

    The order's own row changes when the broker has confirmed.
    """
    if user is not None:
        check_may_trade(user, order.account)
    shape = _changed(order, quantity, limit_price, stop_price, at)
    decision = _passed(order, shape, at)
    with transaction.atomic():
        decision_keep(decision)
        # The row's lock gives each change a number of its own.
        row = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
        row.account, row.connection, order = order.account, order.connection, row
        _refuse_unchangeable(order)
        change = _kept(order, shape, user, decision, at)
        numbers = _numbers(change)
        note(order.pk, kind="change_asked", at=at, data=numbers)
        wake(CHANGE, slug=order.connection.slug, change_id=change.pk)
        topics.order_changed(order)
        audit_append(
            actor=user,
            action="order.change",
            subject=f"order {order.pk}",
            account=order.account,
            data=numbers | {"decision": decision.pk},
            at=at,
        )
    return change


def _numbers(change: OrderChange) -> dict[str, Any]:
    fields = {
        "number": change.number,
        "quantity": change.quantity,
        "limit_price": change.limit_price,
        "stop_price": change.stop_price,
    }
    return {name: None if value is None else str(value) for name, value in fields.items()}


def _changed(
    order: Order,
    quantity: Decimal | None,
    limit_price: Decimal | None,
    stop_price: Decimal | None,
    at: datetime,
) -> Shape:
    """The whole order as it would be, on the market's steps; raises Invalid."""
    _refuse_unchangeable(order)
    terms = {name: getattr(shape_from(order), name) for name in Shape.__dataclass_fields__}
    asked = {"quantity": quantity, "limit_price": limit_price, "stop_price": stop_price}
    newest = order.changes.exclude(state__in=(State.REFUSED, State.CONFIRMED)).last()
    for name, value in asked.items():
        if newest is not None and getattr(newest, name) is not None:
            terms[name] = getattr(newest, name)
        if value is not None:
            terms[name] = value
    shape = shape_of(terms, instrument=order.instrument, at=at)
    if shape.quantity <= order.filled:
        raise Invalid(
            _("The order cannot be changed like this."),
            fields={"quantity": [_("As much has been filled already: cancel the rest instead.")]},
        )
    return shape


def _refuse_unchangeable(order: Order) -> None:
    if order.external:
        raise Invalid(
            _("This order was placed elsewhere; it can be changed only there."),
            fields={"order": [_("Change it in the program that placed it.")]},
        )
    if order.state not in CHANGEABLE or order.cancel_asked_at is not None:
        raise Invalid(
            _("This order cannot be changed now."),
            fields={"order": [_("Only an order that is working can be changed.")]},
        )


def change_send(*, change_id: int, holder: Holder, now: Now) -> None:
    """In the gateway worker. Older changes give way to newer ones; twice is as good as once."""
    change = OrderChange.objects.filter(pk=change_id).first()
    if change is None or change.state not in (State.ACCEPTED, State.SENT):
        return
    order = Order.objects.select_related("account", "instrument", "parent").get(pk=change.order_id)
    reason = _obstacle(order, change)
    if reason:
        _refuse(change, reason)
        return
    with holder.port.ordering:
        _place(order, change, holder, now)


def _kept(
    order: Order, shape: Shape, user: User | None, decision: GateDecision, at: datetime
) -> OrderChange:
    return OrderChange.objects.create(
        order=order,
        number=(order.changes.aggregate(newest=Max("number"))["newest"] or 0) + 1,
        quantity=shape.quantity,
        limit_price=shape.limit_price,
        stop_price=shape.stop_price,
        asked_by=user,
        decision=decision,
        asked_at=at,
    )


def _passed(order: Order, shape: Shape, at: datetime) -> GateDecision:
    """The gate's answer to the order as it would be; raises GateRefused."""
    changed = copy(order)
    changed.quantity, changed.limit_price = shape.quantity, shape.limit_price
    changed.stop_price = shape.stop_price
    return passed(intent_from(changed), at=at, ask_margin=asks(changed))


def _obstacle(order: Order, change: OrderChange) -> str:
    if order.state not in CHANGEABLE or order.cancel_asked_at is not None:
        return _("The order was no longer working.")
    if order.changes.filter(number__gt=change.number).exists():
        return _("A newer change took its place.")
    return ""


def _place(order: Order, change: OrderChange, holder: Holder, now: Now) -> None:
    order.quantity, order.limit_price = change.quantity, change.limit_price
    order.stop_price = change.stop_price
    if change.state == State.ACCEPTED:
        decision = decision_keep(second_look(intent_from(order), at=now()))
        if not decision.passed:
            _refuse(change, " ".join(str(row["message"]) for row in decision.refusals))
            return
    holder.port.check_ready()
    if not holder.lease(order.account.code) or order.ib_order_id is None:
        return
    parent_id = order.parent.ib_order_id or 0 if order.parent is not None else 0
    # A change of an order that was held back until its family was whole transmits nothing new.
    request = replace(request_from(order, parent_id=parent_id), transmit=True)
    # Said before the wire: the broker's answer is only believed of a change that was sent.
    _mark(change, State.ACCEPTED, State.SENT, now())
    try:
        holder.port.place_order(order.ib_order_id, contract_of(order.instrument), request)
    except RequestRefused as error:
        _refuse(change, error.sentence)
    except IbkrError:
        _mark(change, State.SENT, State.ACCEPTED, None)
        raise


def _mark(change: OrderChange, before: State, after: State, sent_at: datetime | None) -> None:
    rows = OrderChange.objects.filter(pk=change.pk, state=before)
    rows.update(state=after, sent_at=sent_at)


def _refuse(change: OrderChange, reason: str) -> None:
    rows = OrderChange.objects.filter(pk=change.pk, state__in=(State.ACCEPTED, State.SENT))
    rows.update(state=State.REFUSED, reason=reason[:500])
    topics.order_changed(change.order)
