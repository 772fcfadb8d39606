"""Requests for contracts, rules and chains."""

from dataclasses import dataclass

from twsim.domain.contracts import Contract
from twsim.messages.requests.session import Numbered, Request


@dataclass(frozen=True, slots=True)
class DetailsAsked(Numbered):
    contract: Contract


@dataclass(frozen=True, slots=True)
class DetailsCancelled(Numbered):
    pass


@dataclass(frozen=True, slots=True)
class SymbolsAsked(Numbered):
    pattern: str


@dataclass(frozen=True, slots=True)
class MarketRuleAsked(Request):
    rule_id: int


@dataclass(frozen=True, slots=True)
class ChainsAsked(Numbered):
    symbol: str
    exchange: str
    sec_type: str
    con_id: int
