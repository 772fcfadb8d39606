"""Profit and loss of accounts and single positions: at once, then each second it changes."""

from dataclasses import dataclass

from twsim.conversation.context import Beat, Context, Handler, Theme
from twsim.domain.accounts import AccountPnL, PositionPnL
from twsim.messages import Request
from twsim.messages import replies as say
from twsim.messages import requests as ask


@dataclass(slots=True)
class _Subscription:
    """con_id None: the whole account."""

    account: str
    con_id: int | None = None
    due: float = 0.0
    sent: AccountPnL | PositionPnL | None = None


class ProfitAndLoss(Theme):
    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._open: dict[int, _Subscription] = {}

    def handlers(self) -> dict[type[Request], Handler]:
        return {
            ask.PnLAsked: self._subscribe,
            ask.PnLCancelled: self._cancel,
            ask.PnLSingleAsked: self._subscribe_single,
            ask.PnLSingleCancelled: self._cancel,
        }

    def on_step(self, beat: Beat) -> None:
        for req_id, subscription in self._open.items():
            if beat.now >= subscription.due:
                subscription.due = beat.now + self.context.settings.pnl_every
                self._say(req_id, subscription)

    def _subscribe(self, request: ask.PnLAsked) -> None:
        self._start(request.req_id, _Subscription(request.account))

    def _subscribe_single(self, request: ask.PnLSingleAsked) -> None:
        self._start(request.req_id, _Subscription(request.account, request.con_id))

    def _start(self, req_id: int, subscription: _Subscription) -> None:
        if subscription.account not in self.broker.accounts:
            self.context.invalid(req_id, f"Invalid account code '{subscription.account}'")
            return
        if req_id in self._open:
            self.error(req_id, 102, "Duplicate ticker ID.")
            return
        self._open[req_id] = subscription
        subscription.due = self.broker.now() + self.context.settings.pnl_every
        self._say(req_id, subscription)
        if subscription.con_id is not None and subscription.sent is None:
            self.error(req_id, 2150, "Invalid position trade derived value")
            self.send(say.PnLSingle(req_id, None))

    def _say(self, req_id: int, subscription: _Subscription) -> None:
        now = self._value(subscription)
        if now is None or now == subscription.sent:
            return
        subscription.sent = now
        if isinstance(now, AccountPnL):
            self.send(say.PnL(req_id, now))
        else:
            self.send(say.PnLSingle(req_id, now))

    def _value(self, subscription: _Subscription) -> AccountPnL | PositionPnL | None:
        if subscription.con_id is None:
            return self.broker.pnl(subscription.account)
        return self.broker.position_pnl(subscription.account, subscription.con_id)

    def _cancel(self, request: ask.PnLCancelled | ask.PnLSingleCancelled) -> None:
        if self._open.pop(request.req_id, None) is None:
            self.error(request.req_id, 300, f"Can't find EId with tickerId:{request.req_id}")
