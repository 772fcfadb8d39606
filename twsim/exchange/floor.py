"""What the parts of the exchange share, and the one place where an order's state is reported."""

from dataclasses import dataclass, field, replace
from typing import Any

from twsim.books import Account, Valuer
from twsim.broker import SimError
from twsim.domain.events import Commissioned, Filled, OrderChanged, PositionChanged, Refused
from twsim.domain.orders import Commission, Execution
from twsim.exchange.book import Book
from twsim.exchange.clearing import Clearing, Record
from twsim.exchange.entry import Entry
from twsim.exchange.kept import entry_state, execution_state
from twsim.exchange.reports import Reports
from twsim.instruments import Universe
from twsim.ledger import Ledger
from twsim.prices import Market


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeStyle:
    """`pieces` cuts every order into at least so many fills; `preset_tif` plays code 10349."""

    pieces: int = 1
    preset_tif: bool = False
    margin_checks: bool = True


@dataclass(slots=True, kw_only=True)
class Floor:
    """Shared by placing, cancelling and matching."""

    universe: Universe
    market: Market
    accounts: dict[str, Account]
    valuer: Valuer
    ledger: Ledger
    reports: Reports
    clearing: Clearing
    book: Book
    style: ExchangeStyle
    rejections: list[SimError] = field(default_factory=list)
    """What the next orders are refused with, oldest first."""

    def record(
        self,
        kind: str,
        entry: Entry,
        at: float,
        *,
        booked: tuple[Execution, Commission] | None = None,
        **fields: object,
    ) -> None:
        """A line about one order; `booked` is the execution that it is about."""
        view = entry.view
        if booked is not None:
            fields = execution_fields(booked[0]) | fields
        self.ledger.write(
            kind,
            at,
            client_id=view.client_id,
            order_id=view.order_id,
            perm_id=view.perm_id,
            account=view.order.account,
            con_id=view.contract.con_id,
            order_ref=view.order.order_ref,
            state=self._state(entry, booked) if self.ledger.keeps else None,
            **fields,
        )

    def _state(self, entry: Entry, booked: tuple[Execution, Commission] | None) -> dict[str, Any]:
        kept: dict[str, Any] = {"entry": entry_state(entry)}
        if booked is not None:
            kept["execution"] = execution_state(*booked)
        return kept

    def resize(self, entry: Entry, quantity: float, at: float) -> None:
        """Shrinks an order to what its family leaves it."""
        entry.view.order.quantity = quantity
        self.record("resized", entry, at, quantity=quantity)
        if entry.live:
            self.report(entry)

    def report(self, entry: Entry, *, status_only: bool = False) -> None:
        self.reports.send(OrderChanged(entry.snapshot(), status_only))

    def turn(
        self, entry: Entry, status: str, at: float, *, why_held: str = "", status_only: bool = False
    ) -> None:
        """Gives an order a new status, writes it down and reports it."""
        view = entry.view
        view.status, view.why_held = status, why_held
        if view.done:
            view.completed_at = at
        self.record(
            "status", entry, at, status=status, filled=view.filled, remaining=view.remaining
        )
        self.report(entry, status_only=status_only)

    def fill(self, entry: Entry, quantity: float, price: float, at: float) -> None:
        """Executes and reports in TWS's order: execution, status, status with the fee, fee."""
        charged = entry.view.commission
        record = self.clearing.fill(entry, quantity, price, at)
        view = entry.view
        view.status = "Filled" if view.remaining < 1e-9 else "Submitted"
        if view.done:
            view.completed_at = at
            view.completed_status = f"Filled Size: {view.filled:g}"
        if view.order.order_type == "MTL" and entry.limit is None:
            entry.limit = price
        booked = (record.execution, record.commission)
        self.record("execution", entry, at, booked=booked)
        self.reports.send(Filled(record.execution))
        self.record(
            "status", entry, at, status=view.status, filled=view.filled, remaining=view.remaining
        )
        self.reports.send(OrderChanged(replace(entry.snapshot(), commission=charged)))
        if view.done:
            self.report(entry)
        self.commissioned(record, at)

    def commissioned(self, record: Record, at: float) -> None:
        fee = record.commission
        self.record(
            "commission",
            record.entry,
            at,
            exec_id=fee.exec_id,
            amount=fee.amount,
            currency=fee.currency,
            realized_pnl=fee.realized_pnl,
        )
        execution = record.execution
        self.reports.send(Commissioned(execution.client_id, fee))
        self.reports.send(PositionChanged(execution.account, execution.contract.con_id))

    def refuse(self, client_id: int, request_id: int, error: SimError) -> None:
        self.reports.send(Refused(client_id, request_id, error.code, error.text))


def execution_fields(execution: Execution) -> dict[str, object]:
    """What the ledger keeps of an execution besides its order's ids."""
    return {
        "exec_id": execution.exec_id,
        "symbol": execution.contract.local_symbol,
        "side": execution.side,
        "quantity": execution.quantity,
        "price": execution.price,
        "cumulative": execution.cumulative,
        "average_price": execution.average_price,
    }
