"""Replies about account values, positions and profit and loss."""

from dataclasses import dataclass

from twsim.domain.accounts import AccountPnL, Holding, PositionPnL, ValueRow
from twsim.messages.replies.session import Reply


@dataclass(frozen=True, slots=True)
class AccountValue(Reply):
    row: ValueRow


@dataclass(frozen=True, slots=True)
class PortfolioValue(Reply):
    holding: Holding


@dataclass(frozen=True, slots=True)
class AccountTime(Reply):
    text: str
    """hh:mm in the server's zone."""


@dataclass(frozen=True, slots=True)
class AccountDownloadEnd(Reply):
    account: str


@dataclass(frozen=True, slots=True)
class SummaryRow(Reply):
    req_id: int
    row: ValueRow


@dataclass(frozen=True, slots=True)
class SummaryEnd(Reply):
    req_id: int


@dataclass(frozen=True, slots=True)
class MultiValue(Reply):
    req_id: int
    model: str
    row: ValueRow


@dataclass(frozen=True, slots=True)
class MultiValueEnd(Reply):
    req_id: int


@dataclass(frozen=True, slots=True)
class Position(Reply):
    holding: Holding


@dataclass(frozen=True, slots=True)
class PositionEnd(Reply):
    pass


@dataclass(frozen=True, slots=True)
class PositionMulti(Reply):
    req_id: int
    model: str
    holding: Holding


@dataclass(frozen=True, slots=True)
class PositionMultiEnd(Reply):
    req_id: int


@dataclass(frozen=True, slots=True)
class PnL(Reply):
    req_id: int
    pnl: AccountPnL


@dataclass(frozen=True, slots=True)
class PnLSingle(Reply):
    """pnl None: there is no such position, every value is unset."""

    req_id: int
    pnl: PositionPnL | None
