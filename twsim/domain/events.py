"""What the simulated broker tells every conversation; the conversation decides who hears it."""

from dataclasses import dataclass

from twsim.domain.orders import Commission, Execution, WorkingOrder


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """Send openOrder + orderStatus (`status_only`: orderStatus alone)."""

    order: WorkingOrder
    status_only: bool = False


@dataclass(frozen=True, slots=True)
class Filled:
    execution: Execution


@dataclass(frozen=True, slots=True)
class Commissioned:
    client_id: int
    commission: Commission


@dataclass(frozen=True, slots=True)
class Refused:
    """An error that belongs to one request or order of one client."""

    client_id: int
    request_id: int
    code: int
    text: str
    advanced_reject: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """An error with id -1 for everyone: 1100, 2103 and the like."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class PositionChanged:
    account: str
    con_id: int


SimEvent = OrderChanged | Filled | Commissioned | Refused | Notice | PositionChanged
