"""Account summary: chosen tags of every account, again every three minutes where they changed."""

from dataclasses import dataclass, field

from twsim.conversation.context import Beat, Context, Handler, Theme
from twsim.domain.accounts import ValueRow
from twsim.messages import Request
from twsim.messages import replies as say
from twsim.messages import requests as ask

TAGS = frozenset(
    [
        "AccountType",
        "AccruedCash",
        "AvailableFunds",
        "BuyingPower",
        "Cushion",
        "DayTradesRemaining",
        "DayTradesRemainingT+1",
        "DayTradesRemainingT+2",
        "DayTradesRemainingT+3",
        "DayTradesRemainingT+4",
        "EquityWithLoanValue",
        "ExcessLiquidity",
        "FullAvailableFunds",
        "FullExcessLiquidity",
        "FullInitMarginReq",
        "FullMaintMarginReq",
        "GrossPositionValue",
        "HighestSeverity",
        "InitMarginReq",
        "Leverage",
        "LookAheadAvailableFunds",
        "LookAheadExcessLiquidity",
        "LookAheadInitMarginReq",
        "LookAheadMaintMarginReq",
        "LookAheadNextChange",
        "MaintMarginReq",
        "NetLiquidation",
        "PreviousDayEquityWithLoanValue",
        "RegTEquity",
        "RegTMargin",
        "SMA",
        "SettledCash",
        "TotalCashValue",
    ]
)
MOST = 2


@dataclass(slots=True)
class _Subscription:
    accounts: tuple[str, ...]
    tags: frozenset[str]
    ledger: str | None
    """None, a currency, ALL, or "" for the base currency alone."""
    due: float = 0.0
    sent: dict[tuple[str, str, str], str] = field(default_factory=dict)


class Summaries(Theme):
    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._open: dict[int, _Subscription] = {}

    def handlers(self) -> dict[type[Request], Handler]:
        return {ask.SummaryAsked: self._subscribe, ask.SummaryCancelled: self._cancel}

    def on_step(self, beat: Beat) -> None:
        for req_id, subscription in self._open.items():
            if beat.now >= subscription.due:
                self._refresh(req_id, subscription, beat.now)

    def _subscribe(self, request: ask.SummaryAsked) -> None:
        accounts = self._accounts(request.group)
        if accounts is None:
            self.context.invalid(request.req_id, f"Invalid group name: {request.group}")
            return
        if request.req_id not in self._open and len(self._open) >= MOST:
            cause = "Maximum number of account summary requests exceeded"
            self.error(request.req_id, 322, f"Error processing request.-'bW' : cause - {cause}")
            return
        ledgers = [tag for tag in request.tags if tag.startswith("$LEDGER")]
        tags = frozenset(request.tags) - frozenset(ledgers)
        if not tags <= TAGS:
            unknown = ", ".join(sorted(tags - TAGS))
            self.context.invalid(request.req_id, f"Invalid account summary tag: {unknown}")
            return
        ledger = ledgers[0].partition(":")[2] if ledgers else None
        subscription = _Subscription(accounts, tags, ledger)
        self._open[request.req_id] = subscription
        self._refresh(request.req_id, subscription, self.broker.now())
        self.send(say.SummaryEnd(request.req_id))

    def _accounts(self, group: str) -> tuple[str, ...] | None:
        if group in ("All", ""):
            return self.broker.accounts
        return (group,) if group in self.broker.accounts else None

    def _refresh(self, req_id: int, subscription: _Subscription, now: float) -> None:
        subscription.due = now + self.context.settings.summary_every
        for account in subscription.accounts:
            for row in self._rows(account, subscription):
                key = (row.account, row.tag, row.currency)
                if subscription.sent.get(key) != row.value:
                    subscription.sent[key] = row.value
                    self.send(say.SummaryRow(req_id, row))

    def _rows(self, account: str, subscription: _Subscription) -> list[ValueRow]:
        """Tags in alphabetical order, then the ledger's blocks as they come."""
        chosen = [row for row in self.broker.values(account) if row.tag in subscription.tags]
        rows = sorted(chosen, key=lambda row: row.tag)
        wanted = subscription.ledger
        if wanted is None:
            return rows
        blocks = self.broker.ledger(account)
        if wanted == "ALL":
            return [*rows, *blocks]
        return [*rows, *(row for row in blocks if row.currency == (wanted or "BASE"))]

    def _cancel(self, request: ask.SummaryCancelled) -> None:
        self._open.pop(request.req_id, None)
