"""What a lost message left lying: orders, cancels and changes are enqueued again, or given up."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import Connection
from apps.accounts.selectors import connections_enabled, links_effective
from apps.lib.queue import enqueue, gateway_queue
from apps.trading import topics
from apps.trading.models import Order, OrderChange
from apps.trading.services.cancels import AT_BROKER, CANCEL, order_cancel
from apps.trading.services.changes import CHANGE
from apps.trading.services.disconnects import disconnects_follow
from apps.trading.services.orders import SUBMIT
from apps.trading.services.steps import move
from apps.trading.states import ENDED, OrderState
from ibkr.types import LinkState

LOST_AFTER = timedelta(seconds=3)
TOGETHER_WITHIN = timedelta(seconds=10)
HEARD_AGAIN_AFTER = timedelta(seconds=30)
"""A cancel that the broker says it has is repeated more rarely."""
MESSAGE_LIVES = 10
"""Seconds after which a repeated message is worthless: the next sweep sends another."""


def orders_sweep(*, at: datetime) -> None:
    """Every five seconds, on beat; harmless at any time and any number of times."""
    give_up(at)
    disconnects_follow(at=at)
    connections = connections_enabled()
    links = links_effective(connections)
    for connection in connections:
        link = links[connection.slug]
        if link.worker and link.state is LinkState.READY:
            _submit_again(connection, at)
            _change_again(connection, at)
        if link.alive or (link.worker and link.state is LinkState.RECONCILING):
            _cancel_again(connection, at)


def give_up(at: datetime) -> None:
    """An order must not go out surprisingly late; nor a child whose parent never went."""
    limit = at - timedelta(seconds=settings.ORDER_SEND_WITHIN_SECONDS)
    waiting = Order.objects.filter(state=OrderState.ACCEPTED).select_related("plan_line__plan")
    for order in waiting.filter(accepted_at__lt=limit):
        _not_sent(order, "not_in_time", _("It could not be sent in time."), at)
    _give_up_families(waiting, at)


def _give_up_families(waiting: QuerySet[Order], at: datetime) -> None:
    """Children go right behind their parent, or not at all: what was cut in two is taken back."""
    orphans = waiting.filter(parent__isnull=False, accepted_at__lt=at - TOGETHER_WITHIN)
    for order in orphans.exclude(parent__state=OrderState.ACCEPTED).select_related("parent"):
        _not_sent(order, "parent_not_sent", _("The orders it belongs to were not sent whole."), at)
        parent = order.parent
        if parent is not None and parent.state not in ENDED and not parent.filled:
            order_cancel(user=None, order=parent, at=at, source="portal")


def _not_sent(order: Order, code: str, reason: str, at: datetime) -> None:
    if move(
        order.pk,
        before=OrderState.ACCEPTED,
        after=OrderState.NOT_SENT,
        kind="given_up",
        at=at,
        data={"code": code},
        reason_code=code,
        reason=reason,
        ended_at=at,
    ):
        topics.order_changed(order)


def _submit_again(connection: Connection, at: datetime) -> None:
    rows = Order.objects.filter(
        connection=connection,
        state=OrderState.ACCEPTED,
        parent=None,
        accepted_at__lt=at - LOST_AFTER,
    )
    for pk in rows.order_by("pk").values_list("pk", flat=True):
        _again(SUBMIT, connection, order_id=pk)


def _cancel_again(connection: Connection, at: datetime) -> None:
    heard = Q(state=OrderState.PENDING_CANCEL)
    due = Q(cancel_asked_at__lt=at - LOST_AFTER) & ~heard
    rows = Order.objects.filter(
        due | heard & Q(cancel_asked_at__lt=at - HEARD_AGAIN_AFTER),
        connection=connection,
        state__in=AT_BROKER,
        ib_order_id__isnull=False,
    )
    for pk in rows.values_list("pk", flat=True):
        _again(CANCEL, connection, order_id=pk)


def _change_again(connection: Connection, at: datetime) -> None:
    rows = OrderChange.objects.filter(
        order__connection=connection,
        state__in=(OrderChange.State.ACCEPTED, OrderChange.State.SENT),
        asked_at__lt=at - LOST_AFTER,
    )
    for pk in rows.values_list("pk", flat=True):
        _again(CHANGE, connection, change_id=pk)


def _again(name: str, connection: Connection, **kwargs: int) -> None:
    enqueue(name, queue=gateway_queue(connection.slug), expires=MESSAGE_LIVES, **kwargs)
