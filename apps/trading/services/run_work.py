"""How far a run has come, read from its lines, orders and events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from apps.risk.checks.base import MISSING
from apps.risk.models import GateDecision
from apps.trading.models import Order, PlanLine, RunEvent, TradeRun
from apps.trading.states import OPEN, WORKING, OrderState

ATTEMPTS = 5
"""The gate allows as many for one line of a plan."""
TRANSIENT = frozenset({"link", "stale_price", "data_kind", "message_rate", "guard_silent"})
"""What the gate may say today and not a moment later."""
ACKNOWLEDGED = WORKING | {OrderState.FILLED, OrderState.CANCELLED}
ZERO = Decimal(0)


@dataclass(slots=True)
class Task:
    """One line that trades and what was done about it."""

    line: PlanLine
    orders: list[Order] = field(default_factory=list)
    over: str = ""
    """Code of why nothing (more) is placed, from an event."""
    sized: Decimal | None = None
    """Quantity of a buy once it was sized from real funds."""
    passing: bool = False
    """The newest order was refused right before the wire, for the moment only."""

    @property
    def side(self) -> str:
        return "BUY" if self.line.quantity > 0 else "SELL"

    @property
    def filled(self) -> Decimal:
        return sum((order.filled for order in self.orders), ZERO)

    @property
    def wanted(self) -> Decimal:
        """What the next order of the line is for."""
        planned = abs(self.line.quantity) if self.sized is None else self.sized
        return max(planned - self.filled, ZERO)

    @property
    def newest(self) -> Order | None:
        return self.orders[-1] if self.orders else None

    @property
    def working(self) -> bool:
        return self.newest is not None and self.newest.state in OPEN

    @property
    def to_place(self) -> bool:
        """Nothing of it was sent, or what was is proven never to have reached the broker."""
        if self.over or not self.wanted:
            return False
        return self.newest is None or self._again(self.newest)

    def _again(self, order: Order) -> bool:
        never_sent = order.state == OrderState.NOT_SENT and order.cancel_asked_at is None
        return (never_sent or self.passing) and len(self.orders) < ATTEMPTS


@dataclass(slots=True)
class Work:
    tasks: list[Task]
    events: list[RunEvent]
    """Since execution began or was resumed."""

    @property
    def sells(self) -> list[Task]:
        return [task for task in self.tasks if task.side == "SELL"]

    @property
    def buys(self) -> list[Task]:
        return [task for task in self.tasks if task.side == "BUY"]

    @property
    def orders(self) -> list[Order]:
        return [order for task in self.tasks for order in task.orders]

    @property
    def unknown(self) -> list[Order]:
        return [order for order in self.orders if order.state == OrderState.UNKNOWN]

    @property
    def acknowledged(self) -> bool:
        """Whether the broker has taken an order of this run."""
        return any(order.state in ACKNOWLEDGED for order in self.orders)

    def event(self, kind: str) -> RunEvent | None:
        """The first of its kind."""
        return next((event for event in self.events if event.kind == kind), None)

    def newest(self, *kinds: str) -> RunEvent | None:
        return next((event for event in reversed(self.events) if event.kind in kinds), None)

    def of_line(self, kind: str, task: Task) -> list[RunEvent]:
        number = task.line.number
        return [e for e in self.events if e.kind == kind and e.data.get("line") == number]


def work_of(run: TradeRun) -> Work:
    """Three queries."""
    lines = run.plan.lines.exclude(quantity=0).select_related("instrument")
    tasks = {line.pk: Task(line) for line in lines}
    orders = Order.objects.filter(plan_line__in=tasks).select_related("instrument")
    for order in orders.order_by("pk"):
        tasks[order.plan_line_id or 0].orders.append(order)
    events = list(RunEvent.objects.filter(run=run).order_by("number"))
    begun = max((i for i, event in enumerate(events) if event.kind == "executing"), default=0)
    work = Work(list(tasks.values()), events[begun:])
    _apply(work, events)
    _look_back(work)
    return work


def passing(decision: GateDecision) -> bool:
    """Whether the gate may say otherwise soon: a queue that is full, a figure not told yet."""
    return all(_passes(verdict) for verdict in decision.refusals)


def _passes(verdict: Mapping[str, Any]) -> bool:
    """The guard looks again in a moment: after a lost link it is strict until figures are back."""
    if verdict["code"] in TRANSIENT or verdict.get("template") == MISSING:
        return True
    why = verdict.get("facts", {}).get("why")
    return bool(verdict["code"] == "reduce_only" and why == "guard")


def _look_back(work: Work) -> None:
    """Why orders were refused before the wire, where that is so."""
    for task in work.tasks:
        order = task.newest
        if order is None or order.state != OrderState.REFUSED:
            continue
        said = GateDecision.objects.filter(
            account=order.account_id, before_wire=True, intent__order_id=order.pk
        )
        newest = said.order_by("-pk").first()
        task.passing = newest is not None and passing(newest)


def _apply(work: Work, events: Iterable[RunEvent]) -> None:
    """What events have settled: lines that are over, in any attempt; sizes, since the last."""
    tasks = {task.line.number: task for task in work.tasks}
    for event in events:
        if event.kind == "line_over":
            tasks[event.data["line"]].over = event.data["code"]
    sized = work.newest("buys_sized")
    for number, quantity in (sized.data["quantities"] if sized else {}).items():
        tasks[int(number)].sized = Decimal(quantity)
