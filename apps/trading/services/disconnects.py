"""The policy for lost links, carried out when the broker's orders are seen again, and followed."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

from django.db import transaction

from apps.accounts.models import BrokerAccount, Connection
from apps.accounts.services import audit_append
from apps.lib.errors import PortalError
from apps.risk.alerts.said import Said
from apps.risk.policy import Limits, Subject
from apps.risk.selectors.limits import limits_for
from apps.risk.services.alerts import alert_raise, alert_recover
from apps.trading.models import DisconnectCancel, Order, Source
from apps.trading.services.cancels import AT_BROKER, order_cancel
from apps.trading.states import OPEN

log = logging.getLogger(__name__)

POLICY = "disconnect_policy"
CANCELLED, OVERDUE = "disconnect_cancel", "disconnect_overdue"
CONFIRMED_WITHIN = timedelta(seconds=60)


def gettext_noop(text: str) -> str:
    """Marks what each reader gets in their own language."""
    return text


TOLD = gettext_noop(
    "The link to %(connection)s was lost for %(seconds)s s. By the policy for lost links "
    "%(n)s working order(s) are being cancelled at the broker."
)
NOT_CONFIRMED = gettext_noop(
    "The broker has not confirmed the end of %(n)s order(s) that the policy for lost links "
    "cancels. Look at them in TWS; the cancels are repeated."
)


def disconnect_cancel(*, connection: Connection, lost_at: datetime, at: datetime) -> list[Order]:
    """Asks for the end of our working orders whose policy says so, after a loss of this length.

    Orders that close an account stay: flattening needs them. Harmless when repeated.
    """
    rows = Order.objects.filter(
        connection=connection, state__in=AT_BROKER, cancel_asked_at=None, ib_order_id__isnull=False
    ).exclude(source__in=[Source.EXTERNAL, Source.FLATTEN])
    rows = rows.select_related("account", "instrument", "connection", "plan_line__plan")
    ending = [order for order in rows.order_by("account", "pk") if _ends(order, at - lost_at)]
    if not ending:
        return []
    with transaction.atomic():
        loss, _new = DisconnectCancel.objects.get_or_create(
            connection=connection, lost_at=lost_at, defaults={"back_at": at}
        )
        loss.orders.add(*ending)
        for account, orders in groupby(ending, lambda order: order.account):
            _cancel(loss, account, list(orders), at)
    return ending


def disconnects_follow(*, at: datetime) -> None:
    """On beat: notes what the broker has confirmed, and says what it has not."""
    for loss in DisconnectCancel.objects.filter(confirmed_at=None).select_related("connection"):
        left = list(loss.orders.filter(state__in=sorted(OPEN)).select_related("account"))
        with transaction.atomic():
            if not left:
                _confirmed(loss, at)
            elif at - loss.back_at > CONFIRMED_WITHIN and loss.overdue_at is None:
                _overdue(loss, left, at)


def _ends(order: Order, away: timedelta) -> bool:
    """By the limits that hold for it now; without a length set no loss is long enough."""
    limits = _limits(order)
    seconds = limits.number(POLICY, "seconds")
    if limits.word(POLICY, "policy") != "cancel" or seconds is None:
        return False
    return Decimal(str(away.total_seconds())) >= seconds


def _limits(order: Order) -> Limits:
    return limits_for(
        Subject(
            connection_id=order.connection_id,
            account_id=order.account_id,
            kind=order.instrument.kind,
            sec_type=order.instrument.sec_type,
            strategy=order.strategy,
            con_id=order.instrument_id,
        )
    )


def _cancel(
    loss: DisconnectCancel, account: BrokerAccount, orders: list[Order], at: datetime
) -> None:
    for order in orders:
        try:
            order_cancel(user=None, order=order, at=at, source="disconnect")
        except PortalError as error:
            # The others go on; this one stays in the list, and is told when it does not end.
            log.warning("order %d is not ended after the lost link: %s", order.pk, error)
    seconds = round((at - loss.lost_at).total_seconds())
    alert_raise(
        code=CANCELLED,
        severity="warning",
        account=account,
        sentence=Said(
            TOLD, {"connection": loss.connection.label, "seconds": seconds, "n": len(orders)}
        ),
        key=str(loss.pk),
        at=at,
    )
    audit_append(
        actor=None,
        action="orders.disconnect_cancel",
        subject=f"connection {loss.connection.slug}",
        account=account,
        data={"lost_at": loss.lost_at.isoformat(), "orders": [order.pk for order in orders]},
        at=at,
    )


def _confirmed(loss: DisconnectCancel, at: datetime) -> None:
    loss.confirmed_at = at
    loss.save(update_fields=["confirmed_at"])
    for account in _accounts(loss.orders.select_related("account")):
        for code in (CANCELLED, OVERDUE):
            alert_recover(code=code, account=account, key=str(loss.pk), at=at)


def _overdue(loss: DisconnectCancel, left: list[Order], at: datetime) -> None:
    loss.overdue_at = at
    loss.save(update_fields=["overdue_at"])
    for account in _accounts(left):
        mine = sum(order.account_id == account.pk for order in left)
        alert_raise(
            code=OVERDUE,
            severity="critical",
            account=account,
            sentence=Said(NOT_CONFIRMED, {"n": mine}),
            key=str(loss.pk),
            at=at,
        )


def _accounts(orders: Iterable[Order]) -> list[BrokerAccount]:
    return list({order.account_id: order.account for order in orders}.values())
