"""Cancels: one order, all of ours, or everything the login has working; never refused by risk."""

import logging
from datetime import datetime
from typing import Any

import orjson
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount, Connection
from apps.accounts.selectors import accounts_visible
from apps.accounts.services import audit_append
from apps.accounts.services.audit import audit_event
from apps.accounts.services.chaining import head_seen
from apps.lib.errors import Invalid, NotAllowed, Unavailable
from apps.lib.prepared import Prepared, Whole
from apps.trading import topics
from apps.trading.holders import Holder
from apps.trading.models import Order, Source
from apps.trading.permissions import check_may_trade, may_trade
from apps.trading.services.asked_at_once import cancel_asked_at_once, possible
from apps.trading.services.commands import command_answer, command_send
from apps.trading.services.steps import move, note
from apps.trading.services.wake import Errand, wake
from apps.trading.states import OPEN, OrderState

log = logging.getLogger(__name__)

CANCEL = "trading.cancel"
AT_BROKER = sorted(OPEN - {OrderState.ACCEPTED})
ALONE = Whole(Order, lambda order_id: Order.objects.filter(pk=order_id).order_by())
AT_THE_BROKER = Prepared(
    lambda order_id: (
        Order.objects.filter(pk=order_id, state__in=AT_BROKER, ib_order_id__isnull=False)
        .order_by()
        .values_list("state", "ib_order_id")
    )
)


def order_cancel(*, user: User | None, order: Order, at: datetime, source: str) -> Order:
    """Before it is claimed the order ends at once; afterwards the broker is asked.

    Harmless when repeated and on orders that have ended. Raises NotAllowed, and Invalid for an
    order that only the program that placed it can cancel.
    """
    if user is not None:
        check_may_trade(user, order.account)
    _refuse_foreign(order)
    audited: dict[str, Any] = {
        "actor": user,
        "action": "order.cancel",
        "subject": f"order {order.pk}",
        "account": order.account,
        "data": {"ref": order.ref, "source": source},
        "at": at,
    }
    if not _ask_at_once(order, at, source, audited):
        with transaction.atomic():
            if _withdraw(order, at) or _ask(order, at, source):
                audit_append(**audited)
    _refresh(order)
    return order


def _ask_at_once(order: Order, at: datetime, source: str, audited: dict[str, Any]) -> bool:
    """False where it takes several statements; then nothing is stored."""
    if order.state not in AT_BROKER or order.cancel_asked_at is not None or not possible():
        return False
    head = head_seen()
    if head is None:
        return False
    told = orjson.dumps({"source": source}).decode()
    audit = audit_event(head=head, **audited)
    if not cancel_asked_at_once(order.pk, of=AT_BROKER, at=at, data=told, audit=audit):
        return False
    _wake(order)
    topics.order_changed(order)
    return True


def _refresh(order: Order) -> None:
    """As it stands in the database now, by a prepared query."""
    found = ALONE.first(order_id=order.pk)
    if found is None:
        raise Order.DoesNotExist
    for field in Order._meta.concrete_fields:
        setattr(order, field.attname, getattr(found, field.attname))


def _refuse_foreign(order: Order) -> None:
    """TWS lets a client cancel by id only what that client placed (10147 otherwise)."""
    if order.external and (not order.ib_order_id or order.client_id != order.connection.client_id):
        raise Invalid(
            _("This order was placed elsewhere; TWS lets only that program cancel it."),
            fields={"order": [_("Cancel it where it was placed, or use the global cancel.")]},
        )


def _withdraw(order: Order, at: datetime) -> bool:
    """Ends an order that no worker has claimed, and with it its whole family: none of a bracket's
    members goes without the others."""
    if order.state != OrderState.ACCEPTED:
        return False
    root = order.parent_id or order.pk
    rows = Order.objects.filter(Q(pk=root) | Q(parent=root)).order_by("pk")
    family = list(rows.values_list("pk", flat=True))
    ended = [
        move(
            pk,
            before=OrderState.ACCEPTED,
            after=OrderState.NOT_SENT,
            kind="withdrawn",
            at=at,
            cancel_asked_at=at,
            ended_at=at,
            reason_code="withdrawn",
            reason=_("It was withdrawn before it was sent."),
        )
        for pk in family
    ]
    if any(ended):
        for row in rows.select_related("plan_line__plan"):
            topics.order_changed(row)
    return ended[family.index(order.pk)]


def _ask(order: Order, at: datetime, source: str) -> bool:
    """Wakes the gateway worker also when somebody has asked before, and before browsers hear."""
    first = _mark(order, at, source=source)
    if Order.objects.filter(pk=order.pk, state__in=AT_BROKER).exists():
        _wake(order)
    if first:
        topics.order_changed(order)
    return first


def _wake(order: Order) -> None:
    wake(CANCEL, slug=order.connection.slug, errand=Errand.CANCEL, order_id=order.pk)


def _mark(order: Order, at: datetime, *, source: str) -> bool:
    rows = Order.objects.filter(pk=order.pk, state__in=AT_BROKER, cancel_asked_at=None)
    if not rows.update(cancel_asked_at=at):
        return False
    note(order.pk, kind="cancel_asked", at=at, data={"source": source})
    return True


def cancel_send(*, order_id: int, holder: Holder) -> None:
    """In the gateway worker; sending it twice draws a notice from TWS (161, 10148) and no more."""
    found = AT_THE_BROKER.first(order_id=order_id)
    if found is not None and found[0] == OrderState.CLAIMED:
        # It may be on its way in another thread: a cancel must not overtake it.
        with holder.port.ordering:
            found = AT_THE_BROKER.first(order_id=order_id)
    if found is not None:
        holder.port.cancel_order(found[1])


def orders_cancel_all(
    *,
    user: User | None,
    account: BrokerAccount | None,
    connection: Connection,
    at: datetime,
    own_only: bool = True,
) -> int:
    """Every working order of ours, of one account or of all, past the task queue; how many.

    `own_only` False includes orders of this client id that the portal did not place. What the
    worker cannot reach now it cancels as soon as the socket allows.
    """
    _check_all(user, account, connection)
    code = None if account is None else account.code
    try:
        command_send(
            slug=connection.slug,
            command="cancel_all",
            account=code,
            own_only=own_only,
            by=_name(user),
            at=at,
        )
    except Unavailable as error:
        log.warning("cancel all goes by the sweep: %s", error)
    rows = orders_cancellable(connection_id=connection.pk, account=code, own_only=own_only)
    return _ask_all(rows, user=user, account=account, connection=connection, at=at)


def global_cancel(*, user: User | None, connection: Connection, at: datetime) -> None:
    """Everything the login has working, other programs' and manual orders too.

    The door asks for a typed confirmation. Raises Unavailable or NoAnswer when nobody heard it.
    """
    _check_all(user, None, connection)
    number = command_send(
        slug=connection.slug, command="global_cancel", own_only=False, by=_name(user), at=at
    )
    rows = orders_cancellable(connection_id=connection.pk, account=None, own_only=True)
    _ask_all(rows, user=user, account=None, connection=connection, at=at, action="global_cancel")
    answer = command_answer(number)
    if "error" in answer:
        raise Unavailable(str(answer["error"]))


def orders_cancellable(
    *, connection_id: int, account: str | None, own_only: bool
) -> QuerySet[Order]:
    """What a cancel from this connection can reach by id."""
    rows = Order.objects.filter(connection=connection_id, state__in=sorted(OPEN))
    rows = rows.filter(Q(client_id=None) | Q(client_id=F("connection__client_id")))
    if account is not None:
        rows = rows.filter(account__code=account)
    return rows.exclude(source=Source.EXTERNAL) if own_only else rows


def _ask_all(
    rows: QuerySet[Order],
    *,
    user: User | None,
    account: BrokerAccount | None,
    connection: Connection,
    at: datetime,
    action: str = "cancel_all",
) -> int:
    with transaction.atomic():
        asked = list(rows.select_related("plan_line__plan"))
        for order in asked:
            if not _withdraw(order, at) and _mark(order, at, source=action):
                topics.order_changed(order)
        audit_append(
            actor=user,
            action=f"orders.{action}",
            subject=f"connection {connection.slug}",
            account=account,
            data={"orders": len(asked)},
            at=at,
        )
    return len(asked)


def _check_all(user: User | None, account: BrokerAccount | None, connection: Connection) -> None:
    if user is None:
        return
    if account is not None:
        check_may_trade(user, account)
        return
    seen = accounts_visible(user).filter(connection=connection).count()
    if not may_trade(user) or seen < connection.accounts.count() or not seen:
        raise NotAllowed(
            _("You may not cancel the orders of all accounts of this connection."),
            remedy=_("Cancel the orders of one account, or ask for a grant on the others."),
        )


def _name(user: User | None) -> str:
    return "portal" if user is None else user.get_username()
