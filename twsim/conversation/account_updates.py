"""Account updates: every value and holding of one account, again when a position changes."""

from dataclasses import dataclass, field

from twsim.conversation.context import Beat, Context, Handler, Theme
from twsim.domain.accounts import Holding, ValueRow
from twsim.domain.events import PositionChanged, SimEvent
from twsim.messages import Request
from twsim.messages import replies as say
from twsim.messages import requests as ask

Key = tuple[str, str]


@dataclass(slots=True)
class _Subscription:
    account: str
    due: float = 0.0
    moved: bool = False
    values: dict[Key, str] = field(default_factory=dict)
    holdings: dict[int, Holding] = field(default_factory=dict)


@dataclass(slots=True)
class _Multi:
    account: str
    model: str
    ledger_only: bool
    due: float = 0.0
    values: dict[Key, str] = field(default_factory=dict)


class Updates(Theme):
    """One account at a time for the plain subscription, any number by request id."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._plain: _Subscription | None = None
        self._multi: dict[int, _Multi] = {}

    def handlers(self) -> dict[type[Request], Handler]:
        return {
            ask.UpdatesAsked: self._subscribe,
            ask.UpdatesMultiAsked: self._subscribe_multi,
            ask.UpdatesMultiCancelled: self._cancel_multi,
        }

    def on_event(self, event: SimEvent) -> None:
        plain = self._plain
        if isinstance(event, PositionChanged) and plain and event.account == plain.account:
            plain.moved = True

    def on_step(self, beat: Beat) -> None:
        plain = self._plain
        if plain is not None and (plain.moved or beat.now >= plain.due):
            self._refresh(plain, beat.now)
        for req_id, multi in self._multi.items():
            if beat.now >= multi.due:
                self._refresh_multi(req_id, multi, beat.now)

    def _subscribe(self, request: ask.UpdatesAsked) -> None:
        if not request.subscribe:
            self._plain = None
            return
        account = request.account or self.broker.accounts[0]
        if account not in self.broker.accounts:
            self.context.invalid(-1, f"Invalid account code '{account}'")
            return
        self._plain = _Subscription(account)
        self._refresh(self._plain, self.broker.now())
        self.send(say.AccountDownloadEnd(account))

    def _refresh(self, plain: _Subscription, now: float) -> None:
        """What changed since it was last said, holdings after values, then the time."""
        plain.due, plain.moved = now + self.context.settings.updates_every, False
        for row in _news(self.broker.values(plain.account), plain.values):
            self.send(say.AccountValue(row))
        for holding in self.broker.holdings(plain.account):
            if plain.holdings.get(holding.contract.con_id) != holding:
                plain.holdings[holding.contract.con_id] = holding
                self.send(say.PortfolioValue(holding))
        clock = self.context.moment(now).split(" ")[1]
        self.send(say.AccountTime(clock[:5]))

    def _subscribe_multi(self, request: ask.UpdatesMultiAsked) -> None:
        account = request.account or self.broker.accounts[0]
        if account not in self.broker.accounts:
            self.context.invalid(request.req_id, f"Invalid account code '{account}'")
            return
        multi = _Multi(account, request.model, request.ledger_only)
        self._multi[request.req_id] = multi
        self._refresh_multi(request.req_id, multi, self.broker.now())
        self.send(say.MultiValueEnd(request.req_id))

    def _refresh_multi(self, req_id: int, multi: _Multi, now: float) -> None:
        multi.due = now + self.context.settings.updates_every
        rows = self.broker.values(multi.account)
        if multi.ledger_only:
            net = tuple(row for row in rows if row.tag == "NetLiquidation")
            rows = (*self.broker.ledger(multi.account), *net)
        for row in _news(rows, multi.values):
            self.send(say.MultiValue(req_id, multi.model, row))

    def _cancel_multi(self, request: ask.UpdatesMultiCancelled) -> None:
        self._multi.pop(request.req_id, None)


def _news(rows: tuple[ValueRow, ...], sent: dict[Key, str]) -> list[ValueRow]:
    """The rows whose value was not said yet; remembers them as said."""
    fresh = [row for row in rows if sent.get((row.tag, row.currency)) != row.value]
    sent.update({(row.tag, row.currency): row.value for row in fresh})
    return fresh
