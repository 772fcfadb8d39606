"""Orders: placing, cancelling, margin questions, and everything TWS reports about them."""

import threading
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ibapi.execution import ExecutionFilter
from ibapi.order_cancel import OrderCancel

from ibkr.client.base import ANSWER_LIMIT, Base, Hooks
from ibkr.convert import orders as convert
from ibkr.convert.contracts import routed
from ibkr.errors import RequestRefused
from ibkr.requests import Subject
from ibkr.types import (
    CompletedOrder,
    Contract,
    Execution,
    MarginImpact,
    OpenOrder,
    OrderRequest,
)

OPEN_ORDERS = "open orders"
COMPLETED_ORDERS = "completed orders"
WHAT_IF_LIMIT = timedelta(seconds=10)


class Orders(Base):
    def __init__(self, hooks: Hooks) -> None:
        super().__init__(hooks)
        self._next_id = 0
        self._ordering = threading.RLock()
        self._without_pnl = ""

    @property
    def ordering(self) -> AbstractContextManager[object]:
        return self._ordering

    def check_ready(self) -> None:
        self._connected()
        self._hooks.gate()

    def order_ids_from(self, number: int) -> None:
        self._raise_next_id(number)

    def next_order_id(self) -> int:
        with self._guard:
            self._connected()
            number, self._next_id = self._next_id, self._next_id + 1
            return number

    def place_order(self, order_id: int, contract: Contract, request: OrderRequest) -> None:
        """Sends an order, or the change of one; NotReady while the link is not open for orders."""
        self.check_ready()
        self._raise_next_id(order_id + 1)
        self._requests.remember(order_id, Subject("order", contract.con_id, order_id))
        order = convert.ib_order(request)
        self._send("placeOrder", order_id, routed(contract), order, key=order_id)

    def cancel_order(self, order_id: int) -> None:
        self._send("cancelOrder", order_id, OrderCancel(), key=order_id)

    def cancel_all(self) -> None:
        self._send("reqGlobalCancel", OrderCancel())

    def what_if(
        self, contract: Contract, request: OrderRequest, timeout: timedelta = WHAT_IF_LIMIT
    ) -> MarginImpact:
        """Margin and commission if the order were sent; TWS may leave any of it out."""
        self._may_wait()
        order = convert.ib_order(request, what_if=True)
        with ExitStack() as stack:
            with self._ordering:
                order_id = self.next_order_id()
                self._requests.remember(order_id, Subject("what-if", contract.con_id, order_id))
                what = f"margin for {request.action} {contract.symbol}"
                pending = stack.enter_context(self._requests.open(what, key=("what if", order_id)))
                self._send("placeOrder", order_id, routed(contract), order, key=order_id)
            impact: MarginImpact = pending.wait(timeout.total_seconds())
        return impact

    def open_orders(self) -> tuple[OpenOrder, ...]:
        rows: tuple[OpenOrder, ...] = self._ask_alone(OPEN_ORDERS, "reqAllOpenOrders")
        # TWS repeats an order that changes meanwhile: the last word counts.
        return tuple({(row.perm_id, row.client_id, row.order_id): row for row in rows}.values())

    def completed_orders(self) -> tuple[CompletedOrder, ...]:
        rows: tuple[CompletedOrder, ...] = self._ask_alone(
            COMPLETED_ORDERS,
            "reqCompletedOrders",
            False,  # noqa: FBT003  # ibapi's positional: those placed by hand too
        )
        return rows

    def executions(self) -> tuple[Execution, ...]:
        rows: tuple[Execution, ...] = self._ask(
            "executions", "reqExecutions", ExecutionFilter(), limit=ANSWER_LIMIT
        )
        return rows

    def _raise_next_id(self, number: int) -> None:
        with self._guard:
            self._next_id = max(self._next_id, number)

    # callbacks

    def openOrder(self, orderId: int, contract: Any, order: Any, orderState: Any) -> None:
        found = convert.open_order(orderId, contract, order, orderState)
        if order.whatIf or self._requests.subject(orderId).what == "what-if":
            self._answer_what_if(orderId, found)
            return
        self._requests.collect(OPEN_ORDERS, found)
        self._emit(found)

    def _answer_what_if(self, order_id: int, found: OpenOrder) -> None:
        if found.margin is None:
            refused = RequestRefused(0, f"TWS computed no margin; it says {found.status!r}")
            self._fail(("what if", order_id), refused)
        else:
            self._requests.finish(("what if", order_id), found.margin)

    def openOrderEnd(self) -> None:
        self._requests.finish(OPEN_ORDERS)

    def orderStatus(self, *fields: Any) -> None:
        self._emit(convert.order_status(fields))

    def completedOrder(self, contract: Any, order: Any, orderState: Any) -> None:
        found = convert.completed_order(contract, order, orderState)
        self._requests.collect(COMPLETED_ORDERS, found)

    def completedOrdersEnd(self) -> None:
        self._requests.finish(COMPLETED_ORDERS)

    def execDetails(self, reqId: int, contract: Any, execution: Any) -> None:
        """A fill that was asked for is an answer; one that just happened is an event."""
        found = convert.execution(contract, execution, self._hooks.now())
        if not self._requests.collect(reqId, found):
            self._emit(found)

    def execDetailsEnd(self, reqId: int) -> None:
        self._requests.finish(reqId)

    def commissionAndFeesReportProtoBuf(self, proto: Any) -> None:
        """Comes just before the ordinary callback, which says 0 where the broker said nothing."""
        self._without_pnl = "" if proto.HasField("realizedPNL") else proto.execId

    def commissionAndFeesReport(self, commissionAndFeesReport: Any) -> None:
        found = convert.commission(commissionAndFeesReport)
        if found.exec_id and found.exec_id == self._without_pnl:
            found = replace(found, realized_pnl=None)
        self._emit(found)
