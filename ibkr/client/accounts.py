"""Account values, positions and P&L: what is wanted, how it is asked for, what comes back."""

import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ibkr.client.base import ANSWER_LIMIT, Base, Hooks
from ibkr.convert.contracts import contract
from ibkr.convert.numbers import amount, number, quantity
from ibkr.requests import Subject
from ibkr.types import (
    AccountPnL,
    AccountValue,
    PortfolioItem,
    Position,
    PositionPnL,
    PositionsSnapshot,
)

SUMMARY_TAGS = (
    "AccountType",
    "NetLiquidation",
    "TotalCashValue",
    "SettledCash",
    "AccruedCash",
    "BuyingPower",
    "EquityWithLoanValue",
    "GrossPositionValue",
    "SMA",
    "InitMarginReq",
    "MaintMarginReq",
    "AvailableFunds",
    "ExcessLiquidity",
    "Cushion",
    "FullInitMarginReq",
    "FullMaintMarginReq",
    "FullAvailableFunds",
    "FullExcessLiquidity",
    "LookAheadNextChange",
    "LookAheadInitMarginReq",
    "LookAheadMaintMarginReq",
    "LookAheadAvailableFunds",
    "LookAheadExcessLiquidity",
    "HighestSeverity",
    "DayTradesRemaining",
    "Leverage",
    "$LEDGER:ALL",
)


class Accounts(Base):
    """Values of all accounts come from one summary subscription (TWS allows two).

    The first account also gets account updates, which carry portfolio valuations but exist for
    one account at a time; each further one gets account updates multi, without valuations.
    """

    def __init__(self, hooks: Hooks) -> None:
        super().__init__(hooks)
        self._wanted_accounts: list[str] = []
        self._wanted_positions = False
        self._wanted_pnl: dict[str, tuple[int, ...]] = {}
        self._summary: int | None = None
        self._updates: dict[str, int] = {}
        self._pnl: dict[str, int] = {}
        self._position_pnl: dict[tuple[str, int], int] = {}
        self._asked_positions_at: float | None = None
        self._rows: dict[tuple[str, int], Position] = {}

    def subscribe_account(self, account: str) -> None:
        with self._guard:
            self._connected()
            if account not in self._wanted_accounts:
                self._wanted_accounts.append(account)
            self._start_account(account)

    def refresh_accounts(self) -> None:
        with self._guard:
            self._connected()
            if self._summary is not None:
                # TWS sends a whole summary at the start of a subscription, then every 3 minutes.
                self._send("cancelAccountSummary", self._summary)
                self._summary = None
            for account in self._wanted_accounts:
                self._start_account(account)
            for account in self._wanted_accounts[:1]:
                self._send("reqAccountUpdates", True, account)  # noqa: FBT003  # ibapi's positional

    def subscribe_positions(self) -> None:
        with self._guard:
            self._connected()
            if self._snapshot_under_way():
                return
            if self._wanted_positions:
                # A second request alone is not answered by every version of TWS.
                self._send("cancelPositions")
            self._wanted_positions = True
            self._start_positions()

    def subscribe_position_pnl(self, account: str, con_ids: Sequence[int]) -> None:
        with self._guard:
            self._connected()
            self._wanted_pnl[account] = tuple(dict.fromkeys(con_ids))
            wanted = {(account, con_id) for con_id in con_ids}
            for key in [k for k in self._position_pnl if k[0] == account and k not in wanted]:
                self._send("cancelPnLSingle", self._position_pnl.pop(key))
            for con_id in self._wanted_pnl[account]:
                self._start_position_pnl(account, con_id)

    def _start_account(self, account: str) -> None:
        if self._summary is None:
            request_id = self._requests.allocate(Subject("account summary"))
            self._send("reqAccountSummary", request_id, "All", ",".join(SUMMARY_TAGS))
            self._summary = request_id
        if account not in self._updates:
            first = account == self._wanted_accounts[0]
            self._updates[account] = self._start_updates(account, with_portfolio=first)
        if account not in self._pnl:
            request_id = self._requests.allocate(Subject("account P&L", account=account))
            self._send("reqPnL", request_id, account, "")
            self._pnl[account] = request_id

    def _start_updates(self, account: str, *, with_portfolio: bool) -> int:
        request_id = self._requests.allocate(Subject("account updates", account=account))
        if with_portfolio:
            self._send("reqAccountUpdates", True, account)  # noqa: FBT003  # ibapi's positional
        else:
            self._send("reqAccountUpdatesMulti", request_id, account, "", False)  # noqa: FBT003
        return request_id

    def _start_positions(self) -> None:
        self._rows = {}
        self._asked_positions_at = time.monotonic()
        self._send("reqPositions")

    def _snapshot_under_way(self) -> bool:
        asked = self._asked_positions_at
        return asked is not None and time.monotonic() - asked < ANSWER_LIMIT

    def _start_position_pnl(self, account: str, con_id: int) -> None:
        if (account, con_id) in self._position_pnl:
            return
        subject = Subject("position P&L", con_id=con_id, account=account)
        request_id = self._requests.allocate(subject)
        self._send("reqPnLSingle", request_id, account, "", con_id)
        self._position_pnl[account, con_id] = request_id

    def _forget_accounts(self) -> None:
        """The connection is gone, and every subscription on it."""
        self._summary = None
        self._updates, self._pnl, self._position_pnl = {}, {}, {}
        self._asked_positions_at, self._rows = None, {}

    def _cancel_accounts(self) -> None:
        """TWS says that data was lost: what it may still keep is cancelled before asking anew."""
        if self._summary is not None:
            self._send("cancelAccountSummary", self._summary)
        for account, request_id in self._updates.items():
            if account == self._wanted_accounts[0]:
                self._send("reqAccountUpdates", False, account)  # noqa: FBT003
            else:
                self._send("cancelAccountUpdatesMulti", request_id)
        for request_id in self._pnl.values():
            self._send("cancelPnL", request_id)
        for request_id in self._position_pnl.values():
            self._send("cancelPnLSingle", request_id)
        if self._wanted_positions:
            self._send("cancelPositions")

    def _account_refused(self, request_id: int) -> None:
        """TWS refused a subscription: asking for the account again will ask for it again."""
        with self._guard:
            if request_id == self._summary:
                self._summary = None
            for book in (self._updates, self._pnl):
                for account in [name for name, number_ in book.items() if number_ == request_id]:
                    del book[account]
            for key in [k for k, n in self._position_pnl.items() if n == request_id]:
                del self._position_pnl[key]

    def _resend_accounts(self) -> None:
        for account in self._wanted_accounts:
            self._start_account(account)
        if self._wanted_positions:
            self._start_positions()
        for account, con_ids in self._wanted_pnl.items():
            for con_id in con_ids:
                self._start_position_pnl(account, con_id)

    # callbacks

    def accountSummary(self, _id: int, account: str, tag: str, value: str, currency: str) -> None:
        self._emit(AccountValue(account, tag, value, currency or ""))

    def updateAccountValue(self, key: str, val: str, currency: str, accountName: str) -> None:
        self._emit(AccountValue(accountName, key, val, currency or ""))

    def accountUpdateMulti(self, *fields: Any) -> None:
        _, account, _, key, value, currency = fields
        self._emit(AccountValue(account, key, value, currency or ""))

    def updatePortfolio(self, *fields: Any) -> None:
        instrument, held, price, value, cost, unrealized, realized, account = fields
        self._emit(
            PortfolioItem(
                account=account,
                contract=contract(instrument),
                quantity=amount(held),
                average_cost=amount(cost),
                market_price=number(price),
                market_value=number(value),
                unrealized_pnl=number(unrealized),
                realized_pnl=number(realized),
            )
        )

    def position(self, account: str, instrument: Any, held: Any, cost: float) -> None:
        row = Position(account, contract(instrument), amount(held), amount(cost))
        with self._guard:
            collecting = self._asked_positions_at is not None
            if collecting:
                self._rows[account, row.contract.con_id] = row
        if not collecting:
            self._emit(row)

    def positionEnd(self) -> None:
        with self._guard:
            rows, self._rows = tuple(self._rows.values()), {}
            self._asked_positions_at = None
        self._emit(PositionsSnapshot(self._accounts, rows, self._hooks.now()))

    def pnl(self, reqId: int, dailyPnL: float, unrealizedPnL: float, realizedPnL: float) -> None:
        account = self._requests.subject(reqId).account
        if account:
            self._emit(
                AccountPnL(account, number(dailyPnL), number(unrealizedPnL), number(realizedPnL))
            )

    def pnlSingle(self, *fields: Any) -> None:
        request_id, held, daily, unrealized, realized, value = fields
        subject = self._requests.subject(request_id)
        if subject.con_id is None:
            return
        self._emit(
            PositionPnL(
                subject.account,
                subject.con_id,
                quantity(held) or Decimal(0),
                number(daily),
                number(unrealized),
                number(realized),
                number(value),
            )
        )
