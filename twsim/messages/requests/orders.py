"""Requests to place, change and cancel orders, and to hear of them."""

from dataclasses import dataclass, field

from twsim.domain.contracts import Contract
from twsim.domain.orders import Order
from twsim.messages.requests.session import Numbered, Request


@dataclass(frozen=True, slots=True)
class OrderPlaced(Request):
    order_id: int
    contract: Contract
    order: Order


@dataclass(frozen=True, slots=True)
class OrderCancelled(Request):
    order_id: int


@dataclass(frozen=True, slots=True)
class AllCancelled(Request):
    pass


@dataclass(frozen=True, slots=True)
class OpenOrdersAsked(Request):
    pass


@dataclass(frozen=True, slots=True)
class AllOpenOrdersAsked(Request):
    pass


@dataclass(frozen=True, slots=True)
class AutoOpenOrdersAsked(Request):
    bind: bool


@dataclass(frozen=True, slots=True)
class CompletedOrdersAsked(Request):
    api_only: bool


@dataclass(frozen=True, slots=True)
class ExecutionFilter:
    """Empty and zero mean any; `days` None likewise; `dates` are yyyymmdd."""

    client_id: int = 0
    account: str = ""
    since: str = ""
    symbol: str = ""
    sec_type: str = ""
    exchange: str = ""
    side: str = ""
    days: int | None = None
    dates: tuple[int, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class ExecutionsAsked(Numbered):
    filter: ExecutionFilter
