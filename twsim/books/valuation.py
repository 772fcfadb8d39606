"""Values accounts at the market: holdings, P&L, margin, equity."""

from collections.abc import Iterator
from dataclasses import dataclass

from twsim.books.account import Account
from twsim.books.position import Position
from twsim.domain.accounts import AccountPnL, Holding, PositionPnL
from twsim.instruments import Instrument, Universe
from twsim.prices import Market

STOCK_INITIAL, STOCK_MAINTENANCE = 0.30, 0.25
FUTURE_MAINTENANCE = 0.9
SHORT_OPTION_RISK, SHORT_OPTION_LEAST = 0.20, 0.10


@dataclass(slots=True)
class Sums:
    """An account's totals; all in one currency."""

    cash: float = 0.0
    stock_value: float = 0.0
    option_value: float = 0.0
    future_profit: float = 0.0
    gross: float = 0.0
    daily: float = 0.0
    unrealized: float = 0.0
    realized: float = 0.0
    initial: float = 0.0
    maintenance: float = 0.0

    @property
    def equity(self) -> float:
        return self.cash + self.stock_value + self.option_value + self.future_profit

    def add(self, other: "Sums", rate: float) -> None:
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name) * rate)


class Valuer:
    """Answers in the instrument's currency where not said otherwise."""

    def __init__(self, universe: Universe, market: Market) -> None:
        self._universe = universe
        self._market = market

    def holdings(self, account: Account) -> tuple[Holding, ...]:
        """Positions, also those closed today."""
        return tuple(
            self._holding(account, con_id, position)
            for con_id, position in account.positions()
            if position.quantity or self._traded_today(position)
        )

    def account_pnl(self, account: Account) -> AccountPnL:
        total = self.in_base(account)
        return AccountPnL(total.daily, total.unrealized, total.realized)

    def position_pnl(self, account: Account, con_id: int) -> PositionPnL | None:
        """In the base currency; None when nothing is held and nothing was closed today."""
        position = account.position(con_id) if con_id in self._universe.by_id else Position()
        if not position.quantity and not self._traded_today(position):
            return None
        instrument = self._universe[con_id]
        rate = self._market.rate(instrument.currency, account.base)
        value = position.quantity * self._unit(instrument)
        return PositionPnL(
            position.quantity,
            self._daily(instrument, position) * rate,
            (value - position.quantity * position.average_cost) * rate,
            position.realized * rate,
            value * rate,
        )

    def by_currency(self, account: Account) -> dict[str, Sums]:
        """Totals of everything in each currency, cash first."""
        sums = {currency: Sums(cash=amount) for currency, amount in account.cash().items()}
        for con_id, position in account.positions():
            instrument = self._universe[con_id]
            part = sums.setdefault(instrument.currency, Sums())
            part.add(self._part(instrument, position), 1.0)
        return sums

    def in_base(self, account: Account) -> Sums:
        total = Sums()
        for currency, part in self.by_currency(account).items():
            total.add(part, self.rate(currency, account.base))
        return total

    def rate(self, currency: str, base: str) -> float:
        return self._market.rate(currency, base)

    def margin(self, instrument: Instrument, quantity: float) -> tuple[float, float]:
        """Initial and maintenance for holding this much, in the instrument's currency."""
        if instrument.kind == "FUT":
            initial = abs(quantity) * instrument.initial_margin
            return initial, initial * FUTURE_MAINTENANCE
        if instrument.kind == "OPT":
            needed = self._option_margin(instrument, quantity)
            return needed, needed
        if instrument.kind == "STK":
            value = abs(quantity) * self._unit(instrument)
            return value * STOCK_INITIAL, value * STOCK_MAINTENANCE
        return 0.0, 0.0

    def _option_margin(self, instrument: Instrument, quantity: float) -> float:
        """Long options are paid for in full, short ones carry a part of the underlying's risk."""
        premium = self._unit(instrument)
        if quantity >= 0:
            return quantity * premium
        under = self._market.last(instrument.under_con_id)
        strike, call = instrument.contract.strike, instrument.contract.right == "C"
        away = max(strike - under if call else under - strike, 0.0)
        risk = max(SHORT_OPTION_RISK * under - away, SHORT_OPTION_LEAST * under)
        return -quantity * (premium + risk * instrument.multiplier)

    def _holding(self, account: Account, con_id: int, position: Position) -> Holding:
        instrument = self._universe[con_id]
        value = position.quantity * self._unit(instrument)
        return Holding(
            account=account.code,
            contract=instrument.held,
            quantity=position.quantity,
            average_cost=position.average_cost,
            market_price=self._market.last(con_id),
            market_value=value,
            unrealized=value - position.quantity * position.average_cost,
            realized=position.realized,
        )

    def _part(self, instrument: Instrument, position: Position) -> Sums:
        value = position.quantity * self._unit(instrument)
        initial, maintenance = self.margin(instrument, position.quantity)
        part = Sums(
            daily=self._daily(instrument, position),
            unrealized=value - position.quantity * position.average_cost,
            realized=position.realized,
            initial=initial,
            maintenance=maintenance,
        )
        if instrument.kind == "STK":
            part.stock_value, part.gross = value, abs(value)
        elif instrument.kind == "OPT":
            part.option_value, part.gross = value, abs(value)
        elif instrument.kind == "FUT":
            part.future_profit = value - position.quantity * position.average_price
        return part

    def _daily(self, instrument: Instrument, position: Position) -> float:
        """Today's change: since the close for what was held then, since the trade for the rest."""
        if not position.quantity and not position.opened_with and not position.day_cost:
            return 0.0
        close = self._market.close(instrument.con_id) * instrument.multiplier
        now = position.quantity * self._unit(instrument)
        return now - position.opened_with * close - position.day_cost

    def _traded_today(self, position: Position) -> bool:
        return bool(position.opened_with or position.day_cost or position.realized)

    def _unit(self, instrument: Instrument) -> float:
        return self._market.last(instrument.con_id) * instrument.multiplier


def instruments_held(account: Account) -> Iterator[int]:
    return (con_id for con_id, position in account.positions() if position.quantity)
