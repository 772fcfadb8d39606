"""One round of chaos: orders and cancels while something dies, then quiet, then the comparison."""

import contextlib
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from apps.trading.points import NAMES
from tests.chaos.compare import Difference, compare
from tests.chaos.world import World

SYMBOLS = {"AAPL": 265598, "MSFT": 272093, "KO": 8894, "JPM": 1520593}
QUIET_WITHIN = 90.0
HURTS = ("none", "gateway", "worker", "socket", "redis", "database")


@dataclass(slots=True)
class Outcome:
    """What a round did, and what it left."""

    point: str
    hurt: str
    died: bool
    accepted: int = 0
    refused: list[str] = field(default_factory=list)
    seconds: float = 0.0
    difference: Difference = field(default_factory=Difference)


class Round:
    def __init__(self, world: World, seed: int, number: int) -> None:
        self.world = world
        self.name = f"{seed}-{number}"
        self.dice = random.Random(self.name)
        self.point = self.dice.choice(NAMES)
        self.hurt = self.dice.choice(HURTS)
        self.outcome = Outcome(self.point, self.hurt, died=False)
        self._placed: list[int] = []
        self._count = 0

    def play(self) -> Outcome:
        began = time.monotonic()
        before = set(self.world.gateway_pids())
        self.world.arm(self.point, self.dice.randint(1, 2))
        hurting = threading.Timer(self.dice.uniform(0.0, 0.6), self._hurt)
        hurting.start()
        for _ in range(self.dice.randint(2, 3)):
            self._order()
        self._until_death(before)
        hurting.join()
        self.world.disarm()
        self._cancel_rest()
        self._quiet()
        self.outcome.seconds = time.monotonic() - began
        return self.outcome

    def _hurt(self) -> None:
        action = self.world.hurts.get(self.hurt)
        if action is not None:
            with contextlib.suppress(OSError):
                action()

    def _order(self) -> None:
        self._count += 1
        con_id = self.dice.choice(list(SYMBOLS.values()))
        body: dict[str, Any] = {
            "account": 1,
            "con_id": con_id,
            "side": self.dice.choice(["BUY", "SELL"]),
            "quantity": str(self.dice.randint(1, 9)),
            "order_type": "MKT",
        }
        if self.dice.random() < 0.4 and self._count > 1:
            body |= {"order_type": "LMT", "tif": "GTC", **self._far(con_id, body["side"])}
        key = f"chaos-{self.name}-{self._count}"
        status, told = self.world.insist("/orders/", body, key=key)
        if status == 201:
            self.outcome.accepted += 1
            self._placed.append(told["id"])
            if body["order_type"] == "LMT" and self.dice.random() < 0.5:
                self.world.insist(f"/orders/{told['id']}/cancel/", {})
        else:
            self.outcome.refused.append(f"{status} {str(told)[:200]}")

    def _far(self, con_id: int, side: str) -> dict[str, str]:
        """A limit that rests: six percent away from the market."""
        price = float(self.world.portal.simulator("/state")["prices"][str(con_id)]["last"])
        return {"limit_price": f"{price * (0.94 if side == 'BUY' else 1.06):.2f}"}

    def _until_death(self, before: set[int]) -> None:
        """The point is passed by more orders until somebody died there."""
        for _ in range(4):
            until = time.monotonic() + 6.0
            while time.monotonic() < until:
                now = set(self.world.gateway_pids())
                if before - now:
                    self.outcome.died = True
                    self.world.free_leases()
                    return
                threading.Event().wait(0.1)
            self._order()

    def _cancel_rest(self) -> None:
        for pk in self._placed:
            self.world.insist(f"/orders/{pk}/cancel/", {})

    def _quiet(self) -> None:
        """Until nothing is under way any more; then what differs, differs for good."""
        until = time.monotonic() + QUIET_WITHIN
        while True:
            with contextlib.suppress(OSError):
                self.outcome.difference = self._compared()
                if self.outcome.difference.numbers == (0, 0, 0, 0) and self.world.ready():
                    return
            if time.monotonic() > until:
                return
            threading.Event().wait(0.3)

    def _compared(self) -> Difference:
        state = self.world.portal.simulator("/state")
        ledger = self.world.portal.simulator("/ledger")
        rows = ledger["rows"] if isinstance(ledger, dict) else ledger
        return compare(rows, state, self.world.book())
