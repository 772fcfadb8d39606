"""The gateway's care for orders: the broker's whole picture of them, and when one is due."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Max

from apps.accounts.models import Connection
from apps.trading.models import Order
from apps.trading.reconcile import BrokerPicture
from apps.trading.states import OrderState
from ibkr.errors import RequestTimeout
from ibkr.port import BrokerPort

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
"""TWS tells of other programs' and manual orders only when it is asked."""
UNANSWERED = timedelta(seconds=5)
"""What a picture did not settle it may settle later: each look waits twice as long as the last."""
WRITTEN_WITHIN = 30.0
WAITING = (OrderState.CLAIMED, OrderState.SENT, OrderState.UNKNOWN)


class OrderCare:
    """Asks for pictures on any thread but the reader's; they are written in order with events."""

    def __init__(self, put: Callable[[BrokerPicture], None], now: Callable[[], datetime]) -> None:
        self._put = put
        self._now = now
        self._due = threading.Event()
        self._written = threading.Condition()
        self._written_at: datetime | None = None
        self._waiting: frozenset[int] = frozenset()
        self._patience = UNANSWERED

    def look_soon(self) -> None:
        """Something about an order could not be written, or does not fit: a picture tells."""
        self._due.set()

    def written(self, picture: BrokerPicture, look_again: bool) -> None:  # noqa: FBT001  # a callback
        """On the inbox's thread, when what a picture tells is in the database.

        `look_again`: some orders were too much on the move to be judged by this one.
        """
        if look_again:
            self._due.set()
        with self._written:
            self._written_at = picture.asked_at
            self._written.notify_all()

    def bring_up(self, port: BrokerPort, row: Connection) -> None:
        """Before the link is called ready: no id is used again, and every order is accounted for.

        Raises RequestTimeout when the picture is not in the database in time.
        """
        port.order_ids_from(highest_id(row) + 1)
        picture = self._take(port, row)
        with self._written:
            done = self._written.wait_for(
                lambda: self._written_at is not None and self._written_at >= picture.asked_at,
                WRITTEN_WITHIN,
            )
        if not done:
            raise RequestTimeout("The orders could not be reconciled in time.")

    def care(self, port: BrokerPort, row: Connection) -> None:
        """Every few seconds while the link is ready; raises IbkrError or DatabaseError."""
        if self._due.is_set() or self._is_time(row, self._now()):
            self._due.clear()
            try:
                self._take(port, row)
            except Exception:
                self._due.set()
                raise

    def _is_time(self, row: Connection, now: datetime) -> bool:
        if self._written_at is None or now - self._written_at > EVERY:
            return True
        waiting = _unanswered(row, now)
        if waiting - self._waiting:
            self._patience = UNANSWERED
        self._waiting = waiting
        if not waiting or now - self._written_at < self._patience:
            return False
        self._patience = min(2 * self._patience, EVERY)
        return True

    def _take(self, port: BrokerPort, row: Connection) -> BrokerPicture:
        asked_at = self._now()
        open_orders = port.open_orders()
        completed = port.completed_orders()
        executions = port.executions()
        picture = BrokerPicture(
            open_orders=open_orders,
            completed=completed,
            executions=executions,
            client_id=row.client_id,
            next_order_id=port.next_order_id(),
            taken_at=self._now(),
            asked_at=asked_at,
        )
        self._put(picture)
        return picture


def highest_id(row: Connection) -> int:
    """Ids are never used again, whatever TWS has forgotten in a crash."""
    rows = Order.objects.filter(connection=row, client_id=row.client_id)
    return rows.aggregate(highest=Max("ib_order_id"))["highest"] or 0


def _unanswered(row: Connection, now: datetime) -> frozenset[int]:
    waiting = Order.objects.filter(
        connection=row, state__in=WAITING, claimed_at__lt=now - UNANSWERED
    )
    return frozenset(waiting.values_list("pk", flat=True))
