"""Replies about contracts, rules and chains."""

from dataclasses import dataclass

from twsim.domain.contracts import Details, OptionChain, PriceIncrement, SymbolMatch
from twsim.messages.replies.session import Reply


@dataclass(frozen=True, slots=True)
class ContractDetails(Reply):
    req_id: int
    details: Details


@dataclass(frozen=True, slots=True)
class ContractDetailsEnd(Reply):
    req_id: int


@dataclass(frozen=True, slots=True)
class SymbolSamples(Reply):
    req_id: int
    matches: tuple[SymbolMatch, ...]


@dataclass(frozen=True, slots=True)
class MarketRule(Reply):
    rule_id: int
    increments: tuple[PriceIncrement, ...]


@dataclass(frozen=True, slots=True)
class Chain(Reply):
    req_id: int
    chain: OptionChain


@dataclass(frozen=True, slots=True)
class ChainEnd(Reply):
    req_id: int
