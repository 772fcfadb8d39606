"""Positions of all accounts, or of one by request id, and every change after that."""

from twsim.conversation.context import Context, Handler, Theme
from twsim.domain.accounts import Holding
from twsim.domain.events import PositionChanged, SimEvent
from twsim.messages import Request
from twsim.messages import replies as say
from twsim.messages import requests as ask


class Positions(Theme):
    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._all = False
        self._multi: dict[int, tuple[str, str]] = {}

    def handlers(self) -> dict[type[Request], Handler]:
        return {
            ask.PositionsAsked: self._subscribe,
            ask.PositionsCancelled: self._cancel,
            ask.PositionsMultiAsked: self._subscribe_multi,
            ask.PositionsMultiCancelled: self._cancel_multi,
        }

    def on_event(self, event: SimEvent) -> None:
        """A closed position is said once more, with quantity 0."""
        if not isinstance(event, PositionChanged):
            return
        for holding in self.broker.holdings(event.account):
            if holding.contract.con_id == event.con_id:
                self._push(holding)

    def _push(self, holding: Holding) -> None:
        if self._all:
            self.send(say.Position(holding))
        for req_id, (account, model) in self._multi.items():
            if account == holding.account:
                self.send(say.PositionMulti(req_id, model, holding))

    def _held(self, account: str) -> list[Holding]:
        return [holding for holding in self.broker.holdings(account) if holding.quantity]

    def _subscribe(self, _: ask.PositionsAsked) -> None:
        self._all = True
        for account in self.broker.accounts:
            self.send(*(say.Position(holding) for holding in self._held(account)))
        self.send(say.PositionEnd())

    def _cancel(self, _: ask.PositionsCancelled) -> None:
        self._all = False

    def _subscribe_multi(self, request: ask.PositionsMultiAsked) -> None:
        account = request.account or self.broker.accounts[0]
        if account not in self.broker.accounts:
            self.context.invalid(request.req_id, f"Invalid account code '{account}'")
            return
        self._multi[request.req_id] = (account, request.model)
        for holding in self._held(account):
            self.send(say.PositionMulti(request.req_id, request.model, holding))
        self.send(say.PositionMultiEnd(request.req_id))

    def _cancel_multi(self, request: ask.PositionsMultiCancelled) -> None:
        self._multi.pop(request.req_id, None)
