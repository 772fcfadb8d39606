"""Sends the closing orders that risk asks for, and tells how they stand."""

from datetime import datetime
from decimal import Decimal

from django.db.models import Max
from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount, Connection
from apps.lib.errors import NotFound, PortalError
from apps.lib.queue import enqueue, gateway_queue
from apps.marketdata.models import Instrument
from apps.risk.flatten import Closing
from apps.trading.errors import OddLot
from apps.trading.models import Execution, Order, Source
from apps.trading.services.cancels import order_cancel
from apps.trading.services.orders import order_place
from apps.trading.states import OPEN, OrderState


class TradingCloser:
    """The Closer of apps.risk.flatten."""

    def cancel(self, account_id: int, *, at: datetime) -> int:
        """Each by itself: one that cannot be cancelled does not hold up the others."""
        rows = Order.objects.filter(account=account_id, state__in=sorted(OPEN))
        rows = rows.exclude(source__in=[Source.EXTERNAL, Source.FLATTEN])
        asked = 0
        for order in rows.select_related("account", "connection", "plan_line__plan"):
            try:
                order_cancel(user=None, order=order, at=at, source=Source.FLATTEN)
            except PortalError:
                continue
            asked += 1
        return asked

    def close(
        self, account_id: int, con_id: int, quantity: Decimal, *, key: str, at: datetime
    ) -> int:
        account = BrokerAccount.objects.select_related("connection").get(pk=account_id)
        instrument = Instrument.objects.filter(pk=con_id).first()
        if instrument is None:
            raise NotFound(
                _("The instrument's details are not known yet, so no order can be sent for it."),
                remedy=_("They are asked for while the link is up; close it in TWS otherwise."),
            )
        whole = abs(quantity) // instrument.lot * instrument.lot
        if not whole:
            raise OddLot(
                _("Less than a lot is held, and the market takes whole lots of %(lot)s only.")
                % {"lot": f"{instrument.lot:f}"},
                remedy=_("Close the odd lot in TWS or by telephone with the broker."),
            )
        order = order_place(
            user=None,
            account=account,
            instrument=instrument,
            source=Source.FLATTEN,
            at=at,
            side="SELL" if quantity > 0 else "BUY",
            quantity=whole,
            order_type="MKT",
            tif="DAY",
            idempotency_key=key,
        )
        return order.pk

    def closing(self, order_id: int) -> Closing:
        order = Order.objects.get(pk=order_id)
        filled_at = order.executions.aggregate(newest=Max("recorded_at"))["newest"]
        moments = [moment for moment in (filled_at, order.ended_at) if moment is not None]
        return Closing(
            order_id=order_id,
            open=order.is_open,
            unknown=order.state == OrderState.UNKNOWN,
            filled=order.filled,
            reason=order.reason,
            moved_at=max(moments, default=None),
        )

    def settled_at(self, account_id: int) -> datetime | None:
        rows = Execution.objects.filter(account=account_id)
        newest: datetime | None = rows.aggregate(newest=Max("recorded_at"))["newest"]
        return newest

    def pictured_at(self, account_id: int) -> datetime | None:
        rows = Connection.objects.filter(accounts=account_id)
        return rows.values_list("orders_at", flat=True).first()

    def ask_broker(self, account_id: int) -> None:
        """The link may be down: the start path brings positions and orders too."""
        account = BrokerAccount.objects.select_related("connection").get(pk=account_id)
        enqueue("gateway.refresh", queue=gateway_queue(account.connection.slug), expires=30)
