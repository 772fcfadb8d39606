"""Contract details, symbol search, market rules and option chains."""

from twsim.broker import SimError
from twsim.conversation.context import Handler, Theme
from twsim.messages import Request
from twsim.messages import replies as say
from twsim.messages import requests as ask


class Contracts(Theme):
    def handlers(self) -> dict[type[Request], Handler]:
        return {
            ask.DetailsAsked: self._details,
            ask.DetailsCancelled: self._ignore,
            ask.SymbolsAsked: self._symbols,
            ask.MarketRuleAsked: self._rule,
            ask.ChainsAsked: self._chains,
        }

    def _details(self, request: ask.DetailsAsked) -> None:
        try:
            found = self.broker.find(request.contract)
        except SimError as error:
            self.context.refuse(request.req_id, error)
            return
        for details in found:
            self.send(say.ContractDetails(request.req_id, details))
        self.send(say.ContractDetailsEnd(request.req_id))

    def _ignore(self, _: ask.DetailsCancelled) -> None:
        """The answer has gone already."""

    def _symbols(self, request: ask.SymbolsAsked) -> None:
        self.send(say.SymbolSamples(request.req_id, self.broker.search(request.pattern)))

    def _rule(self, request: ask.MarketRuleAsked) -> None:
        try:
            increments = self.broker.market_rule(request.rule_id)
        except SimError as error:
            self.context.refuse(-1, error)
            return
        self.send(say.MarketRule(request.rule_id, increments))

    def _chains(self, request: ask.ChainsAsked) -> None:
        try:
            chains = self.broker.chains(request.symbol, request.exchange, request.con_id)
        except SimError as error:
            self.context.refuse(request.req_id, error)
            return
        for chain in chains:
            self.send(say.Chain(request.req_id, chain))
        self.send(say.ChainEnd(request.req_id))
