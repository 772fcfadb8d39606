"""What goes wrong at the broker's side: corrections, busts, rejects, lost ids, odd reporting."""

from collections.abc import Callable
from typing import Any

from twsim.broker import SimError
from twsim.domain.events import Filled, PositionChanged
from twsim.domain.orders import Order, WorkingOrder
from twsim.exchange import Exchange, placing
from twsim.exchange.entry import Entry
from twsim.instruments import Instrument


class Mishaps:
    """Each kind is a method; `kinds` names those that can be asked for from outside."""

    def __init__(self, exchange: Exchange, now: Callable[[], float]) -> None:
        self._exchange = exchange
        self._floor = exchange.floor
        self._now = now

    @property
    def kinds(self) -> dict[str, Callable[..., Any]]:
        return {
            "correct_last_execution": self.correct_last_execution,
            "bust_last_execution": self.bust_last_execution,
            "reject_next": self.reject_next,
            "lose_order_ids": self.lose_order_ids,
            "duplicate_next_report": self.duplicate_next_report,
            "swap_next_reports": self.swap_next_reports,
            "nightly_reset": self.nightly_reset,
            "halt": self.halt,
            "resume": self.resume,
            "manual_order": self.manual_order,
        }

    def correct_last_execution(self, price: float | None = None) -> str:
        """Reports the newest fill again at another price; returns the new execution id."""
        record = self._floor.clearing.latest()
        if record is None:
            raise ValueError("there is no execution to correct")
        old, now = record.execution, self._now()
        tick = record.entry.instrument.tick(old.price)
        corrected = self._floor.clearing.correct(record, price or round(old.price + tick, 10))
        booked = (corrected.execution, corrected.commission)
        self._floor.record("correction", record.entry, now, replaces=old.exec_id, booked=booked)
        self._floor.reports.send(Filled(corrected.execution))
        self._floor.report(record.entry)
        self._floor.commissioned(corrected, now)
        return corrected.execution.exec_id

    def bust_last_execution(self) -> str:
        """Takes the newest fill back; returns the id of the report that says so."""
        record = self._floor.clearing.latest()
        if record is None:
            raise ValueError("there is no execution to bust")
        busted = self._floor.clearing.bust(record)
        old, booked = record.execution.exec_id, (busted, record.commission)
        self._floor.record("bust", record.entry, self._now(), replaces=old, booked=booked)
        self._floor.reports.send(Filled(busted))
        self._floor.report(record.entry)
        con_id = busted.contract.con_id
        self._floor.reports.send(PositionChanged(busted.account, con_id))
        return busted.exec_id

    def reject_next(self, code: int = 201, text: str = "Order rejected - reason:Simulated") -> None:
        """The next order that would be acknowledged is refused instead."""
        self._floor.rejections.append(SimError(int(code), text))

    def lose_order_ids(self, seconds: float = 1.0) -> int:
        """Orders of the last seconds never happened and their ids come again; how many."""
        now = self._now()
        lost = self._floor.book.lose(now - seconds)
        for entry in lost:
            self._floor.record("lost", entry, now)
        return len(lost)

    def duplicate_next_report(self, count: int = 1) -> None:
        self._floor.reports.duplicate += int(count)

    def swap_next_reports(self, count: int = 1) -> None:
        """The next executions are reported after the status that they cause."""
        self._floor.reports.swap += int(count)

    def nightly_reset(self) -> None:
        """Positions and GTC orders stay, DAY orders are gone."""
        self._exchange.drop_day_orders(self._now())

    def halt(self, symbol: str) -> None:
        self._floor.market.halted.add(self._floor.universe.by_name(symbol).con_id)

    def resume(self, symbol: str) -> None:
        self._floor.market.halted.discard(self._floor.universe.by_name(symbol).con_id)

    def manual_order(
        self,
        symbol: str,
        action: str,
        quantity: float,
        price: float | None = None,
        account: str = "",
    ) -> int:
        """Somebody places an order in TWS itself: order id and client id 0; its permId."""
        instrument = self._floor.universe.by_name(symbol)
        order = Order(
            action=action,
            quantity=float(quantity),
            order_type="MKT" if price is None else "LMT",
            limit_price=price,
            tif="GTC",
            account=account or next(iter(self._floor.accounts)),
        )
        entry = _manual(instrument, order, self._now())
        placing.admit(self._floor, entry, self._now())
        return entry.view.perm_id


def _manual(instrument: Instrument, order: Order, now: float) -> Entry:
    view = WorkingOrder(
        order_id=0,
        client_id=0,
        perm_id=0,
        contract=instrument.contract,
        order=order,
        status="PreSubmitted",
        placed_at=now,
    )
    return Entry(view=view, instrument=instrument, held=True)
