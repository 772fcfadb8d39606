"""One round of chaos: orders and cancels while something dies, then quiet, then the comparison."""

import contextlib
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from apps.trading.points import NAMES
from tests.chaos.compare import Difference, compare
from tests.chaos.world import World

ACCOUNT = "DU7654321"
HELD = {"VTI": 12340041, "BRK B": 72063691, "IBM": 8314}
WANTED = {12340041: 105, 72063691: 30, 8314: 40}
"""Where positions are led back to: a long walk would end at a limit of risk."""
"""What the smaller account of the demo holds: risk lets it trade both ways."""
QUIET_WITHIN = 120.0
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
        before = self.world.deaths()
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
        """Market orders fill; limits rest far away, some are changed and some cancelled at once."""
        self._count += 1
        con_id = self.dice.choice(list(HELD.values()))
        body: dict[str, Any] = {
            "account": self.world.account_id(ACCOUNT),
            "con_id": con_id,
            "side": self._side(con_id),
            "quantity": str(self.dice.randint(1, 4)),
            "order_type": "MKT",
        }
        if self._count > 1:
            extra: list[Callable[[dict[str, Any]], dict[str, Any]]]
            extra = [self._resting, self._bracket, dict]
            body |= self.dice.choice(extra)(body)
        key = f"chaos-{self.name}-{self._count}"
        status, told = self.world.insist("/orders/", body, key=key)
        if status != 201:
            self.outcome.refused.append(f"{status} {str(told)[:200]}")
            return
        members = [told, *told["children"]]
        self.outcome.accepted += len(members)
        self._placed += [member["id"] for member in members]
        if body["order_type"] == "LMT":
            self._touch(told["id"])

    def _side(self, con_id: int) -> str:
        account = self.world.portal.simulator("/state")["accounts"][ACCOUNT]
        held = account["positions"].get(str(con_id), {"quantity": 0})["quantity"]
        return "SELL" if held > WANTED[con_id] else "BUY"

    def _resting(self, body: dict[str, Any]) -> dict[str, Any]:
        away = Decimal("0.96") if body["side"] == "BUY" else Decimal("1.04")
        return {"order_type": "LMT", "tif": "GTC", "limit_price": self._price(body, away)}

    def _bracket(self, body: dict[str, Any]) -> dict[str, Any]:
        up = body["side"] == "BUY"
        profit, loss = Decimal("1.04"), Decimal("0.96")
        return {
            "take_profit": self._price(body, profit if up else loss),
            "stop_loss": self._price(body, loss if up else profit),
        }

    def _price(self, body: dict[str, Any], share: Decimal) -> str:
        told = self.world.portal.simulator("/state")["prices"][str(body["con_id"])]["last"]
        return format((Decimal(str(told)) * share).quantize(Decimal("0.01")), "f")

    def _touch(self, pk: int) -> None:
        what = self.dice.random()
        if what < 0.4:
            self.world.insist(f"/orders/{pk}/cancel/", {}, within=10)
        elif what < 0.7:
            # Refused while it is not working yet: that is an answer too.
            self.world.call(f"/orders/{pk}/", {"quantity": "5"}, method="PATCH")

    def _until_death(self, before: int) -> None:
        """The point is passed by more orders until somebody died there."""
        for _ in range(10):
            until = time.monotonic() + 5.0
            while time.monotonic() < until:
                if self.world.deaths() > before:
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
