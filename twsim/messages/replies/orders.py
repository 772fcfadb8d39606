"""Replies about orders, executions and commissions."""

from dataclasses import dataclass

from twsim.domain.orders import Commission, Execution, Margin, WorkingOrder
from twsim.messages.replies.session import Reply


@dataclass(frozen=True, slots=True)
class OpenOrder(Reply):
    """margin is there for a what-if and nothing else."""

    order: WorkingOrder
    margin: Margin | None = None


@dataclass(frozen=True, slots=True)
class OrderStatus(Reply):
    order: WorkingOrder
    status: str = ""
    """Said instead of the order's own status when given."""


@dataclass(frozen=True, slots=True)
class OpenOrderEnd(Reply):
    pass


@dataclass(frozen=True, slots=True)
class ExecutionReport(Reply):
    """req_id -1 when nobody asked; `when` is local time with its zone."""

    req_id: int
    execution: Execution
    when: str


@dataclass(frozen=True, slots=True)
class ExecutionsEnd(Reply):
    req_id: int


@dataclass(frozen=True, slots=True)
class CommissionReport(Reply):
    commission: Commission


@dataclass(frozen=True, slots=True)
class CompletedOrder(Reply):
    order: WorkingOrder
    when: str


@dataclass(frozen=True, slots=True)
class CompletedOrdersEnd(Reply):
    pass
