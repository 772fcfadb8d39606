"""What a round with single orders does: market orders, resting ones, brackets, changes, cancels."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.chaos.compare import Difference, Row
from tests.chaos.world import ACCOUNT, World

WANTED = {12340041: 105, 72063691: 30, 8314: 40}
"""VTI, BRK B and IBM, and where they are led back to: a long walk would end at a limit of risk."""


@dataclass
class Orders:
    world: World
    dice: random.Random
    name: str
    accepted: int = 0
    refused: list[str] = field(default_factory=list)
    _placed: list[int] = field(default_factory=list)
    _count: int = 0

    def begin(self) -> None:
        for _ in range(self.dice.randint(2, 3)):
            self.more()

    def more(self) -> None:
        """Market orders fill; limits rest far away, some are changed and some cancelled at once."""
        self._count += 1
        con_id = self.dice.choice(list(WANTED))
        body: dict[str, Any] = {
            "account": self.world.account,
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
            self.refused.append(f"{status} {str(told)[:200]}")
            return
        members = [told, *told["children"]]
        self.accepted += len(members)
        self._placed += [member["id"] for member in members]
        if body["order_type"] == "LMT":
            self._touch(told["id"])

    def end(self) -> None:
        for pk in self._placed:
            self.world.insist(f"/orders/{pk}/cancel/", {})

    def compare(self, ledger: list[Row], found: Difference) -> None:
        """Nothing beyond what every order is compared by."""

    def told(self) -> str:
        return "orders"

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
