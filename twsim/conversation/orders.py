"""Orders: placing, changing and cancelling them, and what becomes of them."""

from twsim.broker import SimError
from twsim.conversation.context import Handler, Theme
from twsim.conversation.executions import matches
from twsim.domain.events import Commissioned, Filled, OrderChanged, Refused, SimEvent
from twsim.domain.orders import Execution, WorkingOrder
from twsim.messages import Request
from twsim.messages import replies as say
from twsim.messages import requests as ask

MASTER = 0
"""Client 0 also hears of orders entered in TWS itself."""


class Orders(Theme):
    def handlers(self) -> dict[type[Request], Handler]:
        return {
            ask.OrderPlaced: self._place,
            ask.OrderCancelled: self._cancel,
            ask.AllCancelled: self._cancel_all,
            ask.OpenOrdersAsked: self._open,
            ask.AllOpenOrdersAsked: self._all_open,
            ask.AutoOpenOrdersAsked: self._auto_open,
            ask.CompletedOrdersAsked: self._completed,
            ask.ExecutionsAsked: self._executions,
        }

    def on_event(self, event: SimEvent) -> None:
        if isinstance(event, OrderChanged):
            if self.context.client_id in (event.order.client_id, event.order.status_client_id):
                self._changed(event)
        elif isinstance(event, Filled):
            if event.execution.client_id == self.context.client_id:
                self._report(-1, event.execution)
        elif isinstance(event, Commissioned):
            if event.client_id == self.context.client_id:
                self.send(say.CommissionReport(event.commission))
        elif isinstance(event, Refused) and event.client_id == self.context.client_id:
            self.error(event.request_id, event.code, event.text, event.advanced_reject)

    def restore(self) -> None:
        """A returning client hears of its open orders before anything else."""
        own = self.broker.working(self.context.client_id)
        if own:
            self._pairs(own)
            self.send(say.OpenOrderEnd())

    def _changed(self, event: OrderChanged) -> None:
        if event.status_only:
            self.send(say.OrderStatus(event.order))
            return
        least, most = self.context.settings.repeats
        for _ in range(self.context.desk.rng.randint(least, most)):
            self.send(say.OpenOrder(event.order), say.OrderStatus(event.order))

    def _place(self, request: ask.OrderPlaced) -> None:
        try:
            if request.order.what_if:
                self._what_if(request)
            else:
                self.broker.place(
                    self.context.client_id, request.order_id, request.contract, request.order
                )
                self._say_10349(request)
        except SimError as error:
            self.context.refuse(request.order_id, error)

    def _what_if(self, request: ask.OrderPlaced) -> None:
        client_id, order_id = self.context.client_id, request.order_id
        margin = self.broker.what_if(client_id, order_id, request.contract, request.order)
        order = WorkingOrder(
            order_id=order_id,
            client_id=client_id,
            perm_id=0,
            contract=self.broker.resolve(request.contract),
            order=request.order,
            status="PreSubmitted",
        )
        self.send(say.OpenOrder(order, margin))

    def _say_10349(self, request: ask.OrderPlaced) -> None:
        """The one message that lies: the order is said to be cancelled and lives on."""
        desk = self.context.desk
        own = self.broker.working(self.context.client_id)
        placed = next((order for order in own if order.order_id == request.order_id), None)
        if desk.alive_10349 <= 0 or placed is None:
            return
        desk.alive_10349 -= 1
        self.send(say.OrderStatus(placed, "Cancelled"))
        self.error(request.order_id, 10349, "Order TIF was set to DAY based on order preset.")

    def _cancel(self, request: ask.OrderCancelled) -> None:
        try:
            self.broker.cancel(self.context.client_id, request.order_id)
        except SimError as error:
            self.context.refuse(request.order_id, error)

    def _cancel_all(self, _: ask.AllCancelled) -> None:
        self.broker.cancel_all()

    def _open(self, _: ask.OpenOrdersAsked) -> None:
        self._pairs(self.broker.working(self.context.client_id))
        self.send(say.OpenOrderEnd())

    def _all_open(self, _: ask.AllOpenOrdersAsked) -> None:
        self._pairs(self.broker.working())
        self.send(say.OpenOrderEnd())

    def _pairs(self, orders: tuple[WorkingOrder, ...]) -> None:
        for order in orders:
            self.send(say.OpenOrder(order), say.OrderStatus(order))

    def _auto_open(self, _: ask.AutoOpenOrdersAsked) -> None:
        """Orders entered in TWS reach client 0 here in any case; none other may ask."""
        if self.context.client_id != MASTER:
            self.context.invalid(-1, "Only the default client (i.e 0) can auto bind orders.")

    def _completed(self, request: ask.CompletedOrdersAsked) -> None:
        for order in self.broker.completed():
            if request.api_only and not order.order_id:
                continue
            self.send(say.CompletedOrder(order, self.context.moment(order.completed_at)))
        self.send(say.CompletedOrdersEnd())

    def _executions(self, request: ask.ExecutionsAsked) -> None:
        zone, now = self.context.settings.zone, self.broker.now()
        try:
            chosen = [
                execution
                for execution in self.broker.executions()
                if matches(execution, request.filter, zone, now)
            ]
        except ValueError as error:
            self.context.invalid(request.req_id, str(error))
            return
        for execution in chosen:
            self._report(request.req_id, execution)
            commission = self.broker.commission(execution.exec_id)
            if commission is not None:
                self.send(say.CommissionReport(commission))
        self.send(say.ExecutionsEnd(request.req_id))

    def _report(self, req_id: int, execution: Execution) -> None:
        self.send(say.ExecutionReport(req_id, execution, self.context.moment(execution.at)))
