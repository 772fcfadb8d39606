"""Requests for account values, positions and profit and loss."""

from dataclasses import dataclass

from twsim.messages.requests.session import Numbered, Request


@dataclass(frozen=True, slots=True)
class SummaryAsked(Numbered):
    group: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SummaryCancelled(Numbered):
    pass


@dataclass(frozen=True, slots=True)
class UpdatesAsked(Request):
    subscribe: bool
    account: str


@dataclass(frozen=True, slots=True)
class UpdatesMultiAsked(Numbered):
    account: str
    model: str
    ledger_only: bool
    """Currency rows and NetLiquidation instead of everything."""


@dataclass(frozen=True, slots=True)
class UpdatesMultiCancelled(Numbered):
    pass


@dataclass(frozen=True, slots=True)
class PositionsAsked(Request):
    pass


@dataclass(frozen=True, slots=True)
class PositionsCancelled(Request):
    pass


@dataclass(frozen=True, slots=True)
class PositionsMultiAsked(Numbered):
    account: str
    model: str


@dataclass(frozen=True, slots=True)
class PositionsMultiCancelled(Numbered):
    pass


@dataclass(frozen=True, slots=True)
class PnLAsked(Numbered):
    account: str
    model: str


@dataclass(frozen=True, slots=True)
class PnLCancelled(Numbered):
    pass


@dataclass(frozen=True, slots=True)
class PnLSingleAsked(Numbered):
    account: str
    model: str
    con_id: int


@dataclass(frozen=True, slots=True)
class PnLSingleCancelled(Numbered):
    pass
