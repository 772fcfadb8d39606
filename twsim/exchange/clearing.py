"""Books fills into accounts: executions, commissions, corrections and busts."""

from dataclasses import dataclass, replace

from twsim.books import Account, Trade
from twsim.books.fees import commission
from twsim.domain.orders import Commission, Execution
from twsim.exchange.entry import Entry

_VENUE = 0xE0D5


@dataclass(slots=True)
class Record:
    """An execution as it stands now, with the order it belongs to."""

    entry: Entry
    execution: Execution
    commission: Commission


class Clearing:
    """Execution ids end in a revision: a correction raises it, the rest stays."""

    def __init__(self, accounts: dict[str, Account], first: int) -> None:
        self._accounts = accounts
        self._number = first
        self.executions: list[Execution] = []
        self.records: dict[str, Record] = {}
        self.commissions: dict[str, Commission] = {}

    def fill(self, entry: Entry, quantity: float, price: float, at: float) -> Record:
        """Takes one fill into the order and its account."""
        view = entry.view
        fee = self._fee(entry, quantity, price)
        self._take(entry, quantity, price, fee)
        self._number += 1
        exec_id = f"{_VENUE:08x}.{self._number & 0xFFFFFFFF:08x}.01.01"
        execution = self._execution(entry, exec_id, quantity, price, at)
        account = self._accounts[view.order.account]
        position = account.book(_trade(execution, fee))
        realized = position.realized_by.get(exec_id)
        charged = Commission(exec_id, fee, entry.instrument.currency, realized)
        return self._keep(Record(entry, execution, charged))

    def resume(self, kind: str, record: Record, *, replaces: str) -> None:
        """Takes over what an earlier process booked: an execution, a correction or a bust."""
        execution, fee = record.execution, record.commission.amount
        self._number = max(self._number, int(execution.exec_id.split(".")[1], 16))
        trade = None if kind == "bust" else _trade(execution, fee)
        self._accounts[execution.account].take(execution.contract.con_id, trade, replaces=replaces)
        if replaces:
            del self.records[replaces]
        if kind == "bust":
            self.executions.append(execution)
        else:
            self._keep(record)

    def latest(self) -> Record | None:
        return next(reversed(self.records.values()), None)

    def correct(self, record: Record, price: float) -> Record:
        """The same fill at another price, under the next revision of its id."""
        old, entry = record.execution, record.entry
        entry.value += old.quantity * (price - old.price)
        self._average(entry)
        corrected = replace(
            old,
            exec_id=revised(old.exec_id),
            price=price,
            average_price=entry.view.average_price,
        )
        account = self._accounts[old.account]
        fee = record.commission.amount
        con_id = old.contract.con_id
        position = account.rebook(old.exec_id, con_id, _trade(corrected, fee))
        realized = position.realized_by.get(corrected.exec_id)
        charged = Commission(corrected.exec_id, fee, record.commission.currency, realized)
        del self.records[old.exec_id]
        return self._keep(Record(entry, corrected, charged))

    def bust(self, record: Record) -> Execution:
        """Takes a fill back; reported as a revision with quantity 0."""
        old, entry = record.execution, record.entry
        entry.view.filled -= old.quantity
        entry.value -= old.quantity * old.price
        self._average(entry)
        self._charge(entry, -record.commission.amount)
        self._accounts[old.account].rebook(old.exec_id, old.contract.con_id, None)
        del self.records[old.exec_id]
        busted = replace(
            old,
            exec_id=revised(old.exec_id),
            quantity=0.0,
            cumulative=entry.view.filled,
            average_price=entry.view.average_price,
        )
        self.executions.append(busted)
        return busted

    def _fee(self, entry: Entry, quantity: float, price: float) -> float:
        """What the whole order costs now, less what was charged for its earlier fills."""
        done, multiplier = entry.view.filled, entry.instrument.multiplier
        total = (entry.value + quantity * price) * multiplier
        due = commission(entry.instrument, done + quantity, total)
        return max(round(due - (entry.view.commission or 0.0), 4), 0.0)

    def _take(self, entry: Entry, quantity: float, price: float, fee: float) -> None:
        entry.view.filled += quantity
        entry.value += quantity * price
        entry.view.last_fill_price = price
        self._average(entry)
        self._charge(entry, fee)

    def _average(self, entry: Entry) -> None:
        filled = entry.view.filled
        entry.view.average_price = round(entry.value / filled, 8) if filled > 1e-9 else 0.0

    def _charge(self, entry: Entry, fee: float) -> None:
        entry.view.commission = round((entry.view.commission or 0.0) + fee, 4)
        entry.view.commission_currency = entry.instrument.currency

    def _execution(
        self, entry: Entry, exec_id: str, quantity: float, price: float, at: float
    ) -> Execution:
        view = entry.view
        exchange = view.contract.exchange
        return Execution(
            exec_id=exec_id,
            order_id=view.order_id,
            client_id=view.client_id,
            perm_id=view.perm_id,
            account=view.order.account,
            contract=view.contract,
            exchange=entry.instrument.home if exchange in ("SMART", "") else exchange,
            side="BOT" if entry.buys else "SLD",
            quantity=quantity,
            price=price,
            cumulative=view.filled,
            average_price=view.average_price,
            at=at,
            order_ref=view.order.order_ref,
            last_liquidity=1 if entry.seen and entry.limit is not None else 2,
        )

    def _keep(self, record: Record) -> Record:
        exec_id = record.execution.exec_id
        self.executions.append(record.execution)
        self.records[exec_id] = record
        self.commissions[exec_id] = record.commission
        return record


def revised(exec_id: str) -> str:
    """xxxx.yyyy.01.01 becomes xxxx.yyyy.01.02."""
    head, _, revision = exec_id.rpartition(".")
    return f"{head}.{int(revision) + 1:02d}"


def _trade(execution: Execution, fee: float) -> Trade:
    side = 1.0 if execution.side == "BOT" else -1.0
    return Trade(
        exec_id=execution.exec_id,
        con_id=execution.contract.con_id,
        quantity=side * execution.quantity,
        price=execution.price,
        fee=fee,
        at=execution.at,
    )
