"""Questions about instruments: details, symbols, market rules, option chains and bars."""

import time
from datetime import datetime
from typing import Any

from ibkr.client.base import ANSWER_LIMIT, Base, Hooks
from ibkr.convert.contracts import (
    details,
    ib_contract,
    market_rule,
    option_chain,
    routed,
    symbol_match,
)
from ibkr.convert.quotes import bar
from ibkr.convert.times import request_time
from ibkr.errors import RequestTimeout
from ibkr.pacing import HistoryLimits
from ibkr.types import Bar, Contract, ContractDetails, MarketRule, OptionChain, SymbolMatch

SEARCH_LIMIT = 30.0
HISTORY_LIMIT = 60.0
"""Seconds; long bars of small size take TWS this long."""
PACING_LIMIT = 660.0
EPOCH_SECONDS = 2
"""reqHistoricalData's form of dates: epoch seconds for intraday bars, yyyymmdd for daily ones."""


class Contracts(Base):
    def __init__(self, hooks: Hooks) -> None:
        super().__init__(hooks)
        self._history = HistoryLimits()

    def contract_details(self, query: Contract) -> tuple[ContractDetails, ...]:
        found: tuple[ContractDetails, ...] = self._ask(
            f"contract details of {query.symbol or query.con_id}",
            "reqContractDetails",
            ib_contract(query),
            con_id=query.con_id or None,
            limit=SEARCH_LIMIT,
        )
        return found

    def matching_symbols(self, pattern: str) -> tuple[SymbolMatch, ...]:
        found: tuple[SymbolMatch, ...] = self._ask(
            f"symbols like {pattern}", "reqMatchingSymbols", pattern, limit=ANSWER_LIMIT
        )
        return found

    def market_rule(self, rule_id: int) -> MarketRule:
        found: MarketRule = self._ask_alone(("market rule", rule_id), "reqMarketRule", rule_id)
        return found

    def option_chain(self, underlying: Contract) -> tuple[OptionChain, ...]:
        found: tuple[OptionChain, ...] = self._ask(
            f"option chain of {underlying.symbol}",
            "reqSecDefOptParams",
            underlying.symbol,
            "",
            underlying.sec_type,
            underlying.con_id,
            con_id=underlying.con_id or None,
            limit=SEARCH_LIMIT,
        )
        return found

    def bars(
        self,
        contract: Contract,
        *,
        end_at: datetime | None,
        duration: str,
        bar_size: str,
        what: str = "TRADES",
        regular_hours_only: bool = True,
    ) -> tuple[Bar, ...]:
        """Waits for its turn under IB's pacing first, which may take minutes."""
        self._may_wait()
        end = "" if end_at is None else request_time(end_at)
        question = (end, duration, bar_size, what, int(regular_hours_only))
        self._await_history_slot(contract, question)
        with self._requests.open(f"bars of {contract.symbol}", con_id=contract.con_id) as pending:
            arguments: tuple[Any, ...] = (*question, EPOCH_SECONDS, False, [])
            self._send("reqHistoricalData", pending.number, routed(contract), *arguments)
            try:
                found: tuple[Bar, ...] = pending.wait(HISTORY_LIMIT)
            except RequestTimeout:
                self._send("cancelHistoricalData", pending.number)
                raise
        return found

    def _await_history_slot(self, contract: Contract, question: tuple[Any, ...]) -> None:
        deadline = time.monotonic() + PACING_LIMIT
        what = question[3]
        while True:
            with self._guard:
                wait = self._history.take(
                    (contract, question),
                    (contract.con_id or contract, contract.exchange, what),
                    time.monotonic(),
                    weight=2 if what == "BID_ASK" else 1,
                )
            if not wait:
                return
            self._pause(wait, deadline)

    # callbacks

    def contractDetails(self, reqId: int, contractDetails: Any) -> None:
        self._requests.collect(reqId, details(contractDetails))

    def bondContractDetails(self, reqId: int, contractDetails: Any) -> None:
        self._requests.collect(reqId, details(contractDetails))

    def contractDetailsEnd(self, reqId: int) -> None:
        self._requests.finish(reqId)

    def symbolSamples(self, reqId: int, contractDescriptions: Any) -> None:
        self._requests.finish(reqId, tuple(map(symbol_match, contractDescriptions)))

    def marketRule(self, marketRuleId: int, priceIncrements: Any) -> None:
        rule = market_rule(marketRuleId, priceIncrements)
        self._requests.finish(("market rule", marketRuleId), rule)

    def securityDefinitionOptionParameter(self, *fields: Any) -> None:
        self._requests.collect(fields[0], option_chain(*fields[1:]))

    def securityDefinitionOptionParameterEnd(self, reqId: int) -> None:
        self._requests.finish(reqId)

    def historicalData(self, reqId: int, row: Any) -> None:
        self._requests.collect(reqId, bar(row))

    def historicalDataEnd(self, reqId: int, _start: str, _end: str) -> None:
        self._requests.finish(reqId)
