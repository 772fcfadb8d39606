"""Replies that are ticks."""

from dataclasses import dataclass

from twsim.domain.market import Computation
from twsim.messages.replies.session import Reply


@dataclass(frozen=True, slots=True)
class TickParameters(Reply):
    req_id: int
    min_tick: float
    bbo_exchange: str
    snapshot_permissions: int


@dataclass(frozen=True, slots=True)
class DataKind(Reply):
    req_id: int
    kind: int


@dataclass(frozen=True, slots=True)
class TickPrice(Reply):
    """price -1 says that there is none; attributes: 1 auto-execute, 2 past limit, 4 pre-open."""

    req_id: int
    tick: int
    price: float
    size: float
    attributes: int = 0


@dataclass(frozen=True, slots=True)
class TickSize(Reply):
    req_id: int
    tick: int
    size: float


@dataclass(frozen=True, slots=True)
class TickGeneric(Reply):
    req_id: int
    tick: int
    value: float


@dataclass(frozen=True, slots=True)
class TickString(Reply):
    req_id: int
    tick: int
    value: str


@dataclass(frozen=True, slots=True)
class TickComputation(Reply):
    """attribute: 0 return-based, 1 price-based."""

    req_id: int
    tick: int
    computation: Computation
    attribute: int = 0


@dataclass(frozen=True, slots=True)
class SnapshotEnd(Reply):
    req_id: int
