"""Requests for bars of the past and of every five seconds."""

from dataclasses import dataclass

from twsim.domain.contracts import Contract
from twsim.messages.requests.session import Numbered


@dataclass(frozen=True, slots=True)
class HistoryAsked(Numbered):
    contract: Contract
    end: str
    bar_size: str
    duration: str
    rth: bool
    what: str
    format_date: int
    keep_up_to_date: bool


@dataclass(frozen=True, slots=True)
class HistoryCancelled(Numbered):
    pass


@dataclass(frozen=True, slots=True)
class HeadAsked(Numbered):
    contract: Contract
    rth: bool
    what: str
    format_date: int


@dataclass(frozen=True, slots=True)
class HeadCancelled(Numbered):
    pass


@dataclass(frozen=True, slots=True)
class RealTimeBarsAsked(Numbered):
    contract: Contract
    bar_size: int
    what: str
    rth: bool


@dataclass(frozen=True, slots=True)
class RealTimeBarsCancelled(Numbered):
    pass
