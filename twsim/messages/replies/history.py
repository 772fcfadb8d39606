"""Replies that are bars, sessions and head timestamps."""

from dataclasses import dataclass

from twsim.domain.market import Bar
from twsim.messages.replies.session import Reply


@dataclass(frozen=True, slots=True)
class DatedBar:
    """A bar with its time as the client asked to have it written."""

    when: str
    bar: Bar


@dataclass(frozen=True, slots=True)
class HistoricalBars(Reply):
    req_id: int
    bars: tuple[DatedBar, ...]
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class HistoricalUpdate(Reply):
    req_id: int
    bar: DatedBar


@dataclass(frozen=True, slots=True)
class HeadTimestamp(Reply):
    req_id: int
    when: str


@dataclass(frozen=True, slots=True)
class TradingSession:
    start: str
    end: str
    date: str


@dataclass(frozen=True, slots=True)
class HistoricalSchedule(Reply):
    req_id: int
    zone: str
    sessions: tuple[TradingSession, ...]


@dataclass(frozen=True, slots=True)
class RealTimeBar(Reply):
    req_id: int
    bar: Bar
