"""The simulated broker whole: a scenario's market, accounts and exchange behind one interface."""

from collections.abc import Callable, Iterator
from datetime import datetime, time
from itertools import chain
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from twsim import resume, state
from twsim.bars import Bars
from twsim.blackscholes import computation, computation_at
from twsim.books import Account, Valuer, ledger_rows, value_rows
from twsim.broker import SimError
from twsim.domain.accounts import AccountPnL, Holding, PositionPnL, ValueRow
from twsim.domain.contracts import Contract, Details, OptionChain, PriceIncrement, SymbolMatch
from twsim.domain.events import SimEvent
from twsim.domain.market import Bar, Computation, Quote
from twsim.domain.orders import Commission, Execution, Margin, Order, WorkingOrder
from twsim.exchange import Exchange, Floor
from twsim.exchange.book import Book
from twsim.exchange.clearing import Clearing
from twsim.exchange.reports import Reports
from twsim.ledger import Ledger
from twsim.mishaps import Mishaps
from twsim.prices import Market
from twsim.scenario import Scenario, openings, read

_TWS_ZONE = ZoneInfo("US/Eastern")


class Simulation:
    """Implements twsim.broker.Broker; state is in memory and follows from the ledger on disk."""

    def __init__(
        self, scenario: Scenario, *, seed: int, ledger: Ledger, now: Callable[[], float]
    ) -> None:
        self.scenario = scenario
        past = resume.Past(ledger, scenario, seed)
        self._clock = scenario.clock(now, resumed_at=past.ended_at)
        start = self._clock()
        self.universe = resume.universe(scenario, start, past)
        self.market = Market(self.universe, scenario.market, seed=seed, start=start)
        self._reports = Reports()
        self.floor = self._floor(ledger, past, first=int(start))
        past.replay(self.floor)
        resume.begin(ledger, scenario, self.floor, seed=seed, at=start)
        self._exchange = Exchange(self.floor)
        self._bars = Bars(self.universe, self.market)
        self.mishaps = Mishaps(self._exchange, self._clock)
        self.accounts = tuple(self.floor.accounts)

    @classmethod
    def load(
        cls,
        scenario: str | Path,
        *,
        seed: int,
        ledger_path: Path | None,
        now: Callable[[], float],
    ) -> Self:
        """ValueError when there is no such scenario, or the ledger belongs to another."""
        return cls(read(scenario), seed=seed, ledger=Ledger(ledger_path), now=now)

    def _floor(self, ledger: Ledger, past: resume.Past, first: int) -> Floor:
        accounts = {
            given["code"]: self._account(given, past.accounts.get(given["code"]))
            for given in self.scenario.accounts
        }
        return Floor(
            universe=self.universe,
            market=self.market,
            accounts=accounts,
            valuer=Valuer(self.universe, self.market),
            ledger=ledger,
            reports=self._reports,
            clearing=Clearing(accounts, first),
            book=Book(),
            style=self.scenario.exchange,
        )

    def _account(self, given: dict[str, Any], kept: dict[str, Any] | None) -> Account:
        """As the ledger says that it began; a scenario's own book depends on the day."""
        if kept is not None:
            cash, held = kept["cash"], resume.positions_of(kept)
        else:
            cash = {currency: float(amount) for currency, amount in given["cash"].items()}
            held = openings(given, self.universe, self.market.historical_volatility)
        return Account(
            code=given["code"],
            base=given["base"],
            universe=self.universe,
            since=self.market.opened_at,
            opening_cash=cash,
            openings=held,
        )

    # clock and events

    def now(self) -> float:
        return self._clock()

    def listen(self, listener: Callable[[SimEvent], None]) -> None:
        self._reports.listen(listener)

    def step(self) -> frozenset[int]:
        now = self._clock()
        moved = self.market.step(now)
        with self.floor.ledger.together():
            self._exchange.step(now)
        return moved

    # instruments

    def find(self, query: Contract) -> tuple[Details, ...]:
        return self.universe.details(query, self.now())

    def resolve(self, query: Contract) -> Contract:
        return self.universe.resolve(query).routed(query.exchange)

    def search(self, pattern: str) -> tuple[SymbolMatch, ...]:
        return self.universe.search(pattern)

    def chains(self, symbol: str, exchange: str, con_id: int) -> tuple[OptionChain, ...]:
        return self.universe.chains(symbol, exchange, con_id)

    def market_rule(self, rule_id: int) -> tuple[PriceIncrement, ...]:
        return self.universe.market_rule(rule_id)

    # market

    def quote(self, con_id: int) -> Quote:
        return self.market.quote(con_id)

    def computations(self, con_id: int) -> dict[str, Computation]:
        return self.market.computations(con_id)

    def implied_volatility(self, con_id: int, price: float, underlying: float) -> Computation:
        return computation_at(self.market.terms_with(con_id, underlying), price)

    def option_price(self, con_id: int, volatility: float, underlying: float) -> Computation:
        return computation(self.market.terms_with(con_id, underlying), volatility)

    def bars(
        self, con_id: int, *, end: float, seconds: float, bar_seconds: int, what: str, rth: bool
    ) -> tuple[Bar, ...]:
        slices = self.bar_slices(
            con_id, end=end, seconds=seconds, bar_seconds=bar_seconds, what=what, rth=rth
        )
        return tuple(chain.from_iterable(slices))

    def bar_slices(
        self, con_id: int, *, end: float, seconds: float, bar_seconds: int, what: str, rth: bool
    ) -> Iterator[tuple[Bar, ...]]:
        return self._bars.slices(
            con_id, end=end, seconds=seconds, bar_seconds=bar_seconds, what=what, rth=rth
        )

    def head_timestamp(self, con_id: int, what: str) -> int:
        return self._bars.head(con_id, what)

    def data_permission(self, con_id: int) -> str:
        """By symbol, else by currency, else the scenario's default; options as their underlying."""
        contract, given = self.universe[con_id].contract, self.scenario.data
        by_currency = given.get("currencies", {}).get(contract.currency)
        permission = given.get("symbols", {}).get(contract.symbol, by_currency)
        return str(permission or given.get("default", "live"))

    def set_price(self, name: str | int, price: float) -> None:
        """From now on it trades around this; SimError 200 when unknown, ValueError when bad."""
        con_id, at = self.universe.by_name(name).con_id, self.market.at
        state = {"con_id": con_id, "at": at, "kept": self.market.set_price(con_id, float(price))}
        self.floor.ledger.write("price", self.now(), state=state, con_id=con_id, price=price)

    # accounts

    def values(self, account: str) -> tuple[ValueRow, ...]:
        return value_rows(self._book_of(account), self.floor.valuer)

    def ledger(self, account: str) -> tuple[ValueRow, ...]:
        return ledger_rows(self._book_of(account), self.floor.valuer)

    def holdings(self, account: str) -> tuple[Holding, ...]:
        return self.floor.valuer.holdings(self._book_of(account))

    def pnl(self, account: str) -> AccountPnL:
        return self.floor.valuer.account_pnl(self._book_of(account))

    def position_pnl(self, account: str, con_id: int) -> PositionPnL | None:
        return self.floor.valuer.position_pnl(self._book_of(account), con_id)

    def _book_of(self, account: str) -> Account:
        try:
            return self.floor.accounts[account]
        except KeyError:
            text = f"Error validating request.-'bP' : cause - Invalid account code '{account}'."
            raise SimError(321, text) from None

    # orders

    def next_order_id(self, client_id: int) -> int:
        return self._exchange.next_order_id(client_id)

    def place(self, client_id: int, order_id: int, query: Contract, order: Order) -> None:
        with self.floor.ledger.together():
            self._exchange.place(client_id, order_id, query, order, self.now())

    def what_if(self, client_id: int, order_id: int, query: Contract, order: Order) -> Margin:  # noqa: ARG002
        return self._exchange.what_if(query, order)

    def cancel(self, client_id: int, order_id: int) -> None:
        with self.floor.ledger.together():
            self._exchange.cancel(client_id, order_id, self.now())

    def cancel_all(self) -> None:
        with self.floor.ledger.together():
            self._exchange.cancel_all(self.now())

    def working(self, client_id: int | None = None) -> tuple[WorkingOrder, ...]:
        return self._exchange.working(client_id)

    def completed(self) -> tuple[WorkingOrder, ...]:
        since = self._midnight()
        return tuple(o for o in self._exchange.completed() if o.completed_at >= since)

    def executions(self) -> tuple[Execution, ...]:
        since = self._midnight()
        return tuple(fill for fill in self.floor.clearing.executions if fill.at >= since)

    def commission(self, exec_id: str) -> Commission | None:
        return self.floor.clearing.commissions.get(exec_id)

    def _midnight(self) -> float:
        """TWS forgets completed orders and executions when its day begins, in New York."""
        day = datetime.fromtimestamp(self.now(), _TWS_ZONE).date()
        return datetime.combine(day, time(), _TWS_ZONE).timestamp()

    # looking in from outside

    @property
    def faults(self) -> tuple[dict[str, Any], ...]:
        """The scenario's schedule: {at_seconds, kind, …}, for whoever plays it."""
        return self.scenario.faults

    @property
    def journal(self) -> tuple[dict[str, Any], ...]:
        """Every row of the ledger so far."""
        return self.floor.ledger.rows

    def close(self) -> None:
        """Closes the ledger's file; the simulation is not usable afterwards."""
        self.floor.ledger.close()

    def state(self) -> dict[str, Any]:
        return state.state_of(self.floor, self.working(), frozenset())

    def fault(self, kind: str, **details: Any) -> Any:
        """Plays one of `mishaps.kinds`; ValueError when it is not one of them."""
        play = self.mishaps.kinds.get(kind)
        if play is None:
            raise ValueError(f"the broker knows no fault {kind!r}")
        with self.floor.ledger.together():
            return play(**details)
