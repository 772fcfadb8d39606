"""From an accepted row to bytes on the wire, once: claim, commit, gate again, lease, send."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, IntegrityError, InterfaceError, connection
from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount
from apps.lib.prepared import Prepared, Whole
from apps.marketdata.models import Instrument
from apps.risk.models import GateDecision
from apps.risk.services.gate import decision_keep
from apps.trading import topics
from apps.trading.holders import Holder
from apps.trading.models import Order
from apps.trading.points import reach
from apps.trading.services.at_once import Claim, claimed_at_once
from apps.trading.services.gating import second_look
from apps.trading.services.practice import PRACTICE
from apps.trading.services.steps import move
from apps.trading.services.terms import contract_of, intent_from, request_from
from apps.trading.states import ENDED, OrderState
from ibkr.errors import IbkrError, NotConnected, NotReady, RequestRefused

log = logging.getLogger(__name__)
Now = Callable[[], datetime]

UNCLAIMED = {
    "ib_order_id": None,
    "client_id": None,
    "lease_token": "",
    "claimed_at": None,
}
ORDER = Whole(
    Order,
    lambda order_id: Order.objects.filter(pk=order_id).order_by(),
    account=BrokerAccount,
    instrument=Instrument,
)
STANDING = Prepared(
    lambda order_id: (
        Order.objects.filter(pk=order_id).order_by().values_list("state", "cancel_asked_at")
    )
)
CHILDREN = Prepared(
    lambda parent_id: (
        Order.objects.filter(parent=parent_id, state=OrderState.ACCEPTED)
        .order_by("pk")
        .values_list("pk")
    )
)


def order_submit(*, order_id: int, holder: Holder, now: Now) -> None:
    """Sends an order and, behind it, its children; harmless when it was sent before.

    Whatever is raised on the way, the row says what is known: not claimed, claimed (reconcile
    decides), or ended with a reason.
    """
    # Ids must reach TWS in the order in which they were given out: a lower one is refused (103).
    touched: list[Order] = []
    with holder.port.ordering:
        sent = _send_one(order_id, holder, now, touched)
        for (child_id,) in CHILDREN.rows(parent_id=order_id) if sent else ():
            sent = sent and _send_one(child_id, holder, now, touched)
    for order in touched:
        topics.order_changed(order)


def _send_one(order_id: int, holder: Holder, now: Now, touched: list[Order]) -> bool:
    """Whether the order's bytes went to the socket in this call; `touched` gets what it claimed."""
    reach("before_claim")
    order = _claim(order_id, holder, now())
    if order is None:
        return False
    touched.append(order)
    reach("after_commit")
    try:
        decision = _wire(order, holder, now)
    except RequestRefused as error:
        _end(order, OrderState.NOT_SENT, code=error.code, reason=error.sentence, at=now())
        return False
    except _Ended as ended:
        _end(order, ended.state, code=ended.code, reason=ended.reason, at=now())
        return False
    except (IbkrError, DatabaseError, InterfaceError) as error:
        _give_back(order, error, now())
        return False
    except Exception as error:
        _give_back(order, error, now())
        raise
    reach("after_send")
    _mark_sent(order, decision, now())
    return True


def _claim(order_id: int, holder: Holder, at: datetime) -> Order | None:
    """None when another has it, it is too late for it, or this process may not send."""
    order = _claimed_at_once(order_id, holder, at) or _claimed_in_steps(order_id, holder, at)
    reach("after_claim")
    return order


def _claimed_at_once(order_id: int, holder: Holder, at: datetime) -> Order | None:
    """What is not simply there to be claimed is left to the steps, which find out why."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        return None
    holder.port.check_ready()
    claim = Claim(
        order_id=order_id,
        connection_id=holder.connection_id,
        ib_order_id=holder.port.next_order_id(),
        client_id=holder.client_id(),
        leases=holder.leases(),
        at=at,
        accepted_since=at - _send_within(),
    )
    try:
        return claimed_at_once(ORDER, claim)
    except IntegrityError:
        # Somebody else's event took the number at the same moment.
        return None


def _claimed_in_steps(order_id: int, holder: Holder, at: datetime) -> Order | None:
    order = ORDER.first(order_id=order_id)
    if order is None or order.state != OrderState.ACCEPTED or _too_late(order, at):
        return None
    holder.port.check_ready()
    lease = holder.lease(order.account.code)
    if not lease:
        raise NotConnected("The lease of this connection is not held; nothing was sent.")
    fields = {
        "ib_order_id": holder.port.next_order_id(),
        "client_id": holder.client_id(),
        "lease_token": lease,
        "claimed_at": at,
    }
    mine = move(
        order.pk,
        before=OrderState.ACCEPTED,
        after=OrderState.CLAIMED,
        kind="claimed",
        at=at,
        data={"ib_order_id": fields["ib_order_id"], "lease": lease},
        only={"connection": holder.connection_id},
        **fields,
    )
    if not mine:
        return None
    for name, value in fields.items():
        setattr(order, name, value)
    order.state = OrderState.CLAIMED
    return order


def _too_late(order: Order, at: datetime) -> bool:
    return at - order.accepted_at > _send_within()


def _send_within() -> timedelta:
    return timedelta(seconds=settings.ORDER_SEND_WITHIN_SECONDS)


class _Ended(Exception):
    """The order must not go on the wire, and why."""

    def __init__(self, state: OrderState, code: str, reason: str) -> None:
        super().__init__(reason)
        self.state, self.code, self.reason = state, code, reason


def _wire(order: Order, holder: Holder, now: Now) -> GateDecision:
    """The second look that let it pass, not stored yet: that would keep the order waiting.

    Every exception of this function means that no byte was written.
    """
    intent = intent_from(order)
    decision = second_look(intent, at=now())
    if not decision.passed:
        decision_keep(decision)
        first = decision.refusals[0]
        said = " ".join(str(row["message"]) for row in decision.refusals)
        raise _Ended(OrderState.REFUSED, str(first["code"]), said)
    state, cancel_asked_at = STANDING.rows(order_id=order.pk)[0]
    if state != OrderState.CLAIMED:
        # This took so long that a reconcile has declared it absent.
        raise NotConnected("The order was settled meanwhile; nothing was sent.")
    if cancel_asked_at is not None:
        raise _Ended(OrderState.NOT_SENT, "withdrawn", _("It was withdrawn before it was sent."))
    if holder.lease(order.account.code) != order.lease_token:
        raise NotConnected("Another worker may hold the lease; nothing was sent.")
    number = order.ib_order_id
    if number is None:
        raise NotConnected("The order was not claimed.")
    request = request_from(order, parent_id=_parent_id(order))
    holder.port.place_order(number, contract_of(order.instrument), request)
    PRACTICE.remember(intent, now())
    return decision


def _parent_id(order: Order) -> int:
    """A child follows its parent in the same breath, or not at all."""
    if order.parent_id is None:
        return 0
    parent = Order.objects.get(pk=order.parent_id)
    if parent.ib_order_id is None or parent.state in ENDED:
        raise _Ended(
            OrderState.NOT_SENT, "parent_not_sent", _("The order it belongs to was not sent.")
        )
    return parent.ib_order_id


def _mark_sent(order: Order, decision: GateDecision, at: datetime) -> None:
    """The answer may have been quicker; a database that is away leaves it claimed."""
    try:
        move(
            order.pk,
            before=OrderState.CLAIMED,
            after=OrderState.SENT,
            kind="sent",
            at=at,
            only={"ib_order_id": order.ib_order_id},
            sent_at=at,
        )
        decision_keep(decision)
    except (DatabaseError, InterfaceError) as error:
        log.warning("order %d was sent, which is not written yet: %s", order.pk, error)


def _give_back(order: Order, error: Exception, at: datetime) -> None:
    """Nothing was written to the socket: the sweep tries again while there is time."""
    log.warning("order %d not sent: %s", order.pk, error)
    quietly = isinstance(error, NotConnected | NotReady)
    move(
        order.pk,
        before=OrderState.CLAIMED,
        after=OrderState.ACCEPTED,
        kind="given_back",
        at=at,
        data={"why": str(error) if quietly else type(error).__name__},
        only={"ib_order_id": order.ib_order_id, "lease_token": order.lease_token},
        **UNCLAIMED,
    )


def _end(order: Order, state: OrderState, *, code: str, reason: str, at: datetime) -> None:
    move(
        order.pk,
        before=OrderState.CLAIMED,
        after=state,
        kind=state.value,
        at=at,
        data={"code": code},
        only={"ib_order_id": order.ib_order_id, "lease_token": order.lease_token},
        reason_code=code[:40],
        reason=reason[:500],
        ended_at=at,
    )
