"""A simulated broker on a clock that only tests move, with everything it reported."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from twsim.domain.contracts import Contract
from twsim.domain.events import Commissioned, Filled, OrderChanged, Refused, SimEvent
from twsim.domain.orders import Order
from twsim.simulation import Simulation

NOON = 1_775_491_200.0  # Monday 2026-04-06, 12:00 in New York
ACCOUNT = "DU1234567"
AAPL = Contract(con_id=265598, exchange="SMART")
MES = Contract(symbol="MES", sec_type="FUT", exchange="CME", currency="USD")
EURUSD = Contract(con_id=12087792, exchange="IDEALPRO")
Event = TypeVar("Event", bound=SimEvent)


@dataclass
class Clock:
    at: float = NOON

    def __call__(self) -> float:
        return self.at


@dataclass
class Desk:
    """One client, number 7, that places orders and reads what comes back."""

    sim: Simulation
    clock: Clock
    events: list[SimEvent] = field(default_factory=list)

    def order(self, action: str, quantity: float, kind: str = "MKT", **fields: Any) -> Order:
        fields = {"tif": "DAY", "account": ACCOUNT, **fields}
        return Order(action=action, quantity=quantity, order_type=kind, **fields)

    def place(
        self, action: str, quantity: float, kind: str = "MKT", on: Contract = AAPL, **fields: Any
    ) -> int:
        order_id = self.sim.next_order_id(7)
        self.sim.place(7, order_id, on, self.order(action, quantity, kind, **fields))
        return order_id

    def steps(self, count: int = 1, seconds: float = 0.25) -> None:
        for _ in range(count):
            self.clock.at += seconds
            self.sim.step()

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def statuses(self, order_id: int) -> list[str]:
        """As reported, with repetitions left out."""
        reported = [e.order.status for e in self.of(OrderChanged) if e.order.order_id == order_id]
        return [
            now for before, now in zip(["", *reported], reported, strict=False) if now != before
        ]

    def status(self, order_id: int) -> str:
        return self.statuses(order_id)[-1]

    def filled(self, order_id: int) -> float:
        fills = [event.execution for event in self.of(Filled)]
        return sum(fill.quantity for fill in fills if fill.order_id == order_id)

    def codes(self, order_id: int | None = None) -> list[int]:
        wanted = self.of(Refused)
        return [event.code for event in wanted if order_id in (None, event.request_id)]

    def kinds(self) -> list[str]:
        interesting = (OrderChanged, Filled, Commissioned, Refused)
        return [type(event).__name__ for event in self.events if isinstance(event, interesting)]

    def held(self, con_id: int, account: str = ACCOUNT) -> float:
        rows = self.sim.holdings(account)
        return sum(row.quantity for row in rows if row.contract.con_id == con_id)

    def value(self, tag: str, currency: str = "USD", account: str = ACCOUNT) -> float:
        rows = self.sim.values(account)
        return next(float(row.value) for row in rows if (row.tag, row.currency) == (tag, currency))

    def equity(self) -> float:
        """Unrounded."""
        floor = self.sim.floor
        return floor.valuer.in_base(floor.accounts[ACCOUNT]).equity


def open_desk(
    scenario: str | Path = "quiet", *, seed: int = 1, ledger: Path | None = None, at: float = NOON
) -> Desk:
    clock = Clock(at)
    sim = Simulation.load(scenario, seed=seed, ledger_path=ledger, now=clock)
    desk = Desk(sim, clock)
    sim.listen(desk.events.append)
    return desk
