"""What a round with a trade run does: weights, plan, approval, and the way to its report."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.book import TROUBLE
from tests.chaos.compare import Difference, Row
from tests.chaos.orders import Orders
from tests.chaos.reports import compare_report
from tests.chaos.world import ACCOUNT, World

TILTED = (8894, 1520593, 8719)  # KO, JPM, JNJ
OTHERS = (13824, 11031, 6459)  # WMT, PFE, DIS
LITTLE, MUCH = "0.02", "0.05"
BETWEEN = 60
"""Shares of KO: a little of it is about 35, much about 85."""
POLICY = {
    "drift_absolute": "0.002",
    "drift_relative": "0.02",
    "not_targeted": "keep",
    "leftover_after_seconds": 5,
    "reprices": 1,
}
STYLES = ("adaptive", "market") * 4 + ("midpoint",)
LEFTOVERS = ("cancel", "reprice", "cross")
LIMITS = {
    # Hundreds of rebalances in an hour rightly meet these; they are not what is tried here.
    ("turnover", "week"): "1000",
    ("loss_streak", "exits"): "100000",
    ("daily_count", "orders"): "100000",
    ("daily_count", "orders_instrument"): "100000",
    ("daily_count", "cancels"): "100000",
    ("daily_count", "cancels_instrument"): "100000",
    ("daily_loss", "reduce"): "0.5",
    ("daily_loss", "halt"): "0.6",
    # Right after a reconnect options have no greeks yet and count with all they stand for.
    ("concentration", "share"): "0.8",
}
EXECUTES_WITHIN = 150.0
ENDS_WITHIN = 330.0
"""A run stops by itself earlier: unknown orders and silence get two minutes, prices less."""
ENDED = ("done", "halted")
AT_WORK = ("approved", "executing", *ENDED)


@dataclass(frozen=True, slots=True)
class Desk:
    """A strategy of the smaller demo account with two target books, to go to and fro: the first
    holds much of the tilted names, the second little."""

    strategy: int
    snapshots: tuple[int, int]


def desk(world: World) -> Desk:
    account = world.account
    for (code, name), value in LIMITS.items():
        body = {"code": code, "name": name, "value": value, "account": account}
        _made(world, "/risk/limits/", body | {"reason": "many rounds a day"})
    body = {"account": account, "name": "chaos", "policy": POLICY}
    strategy = _made(world, "/strategies/", body)
    much = _weights(world, strategy, OTHERS, TILTED)
    return Desk(strategy, (much, _weights(world, strategy, TILTED, OTHERS)))


def _weights(world: World, strategy: int, little: Any, much: Any) -> int:
    weights = [{"con_id": con_id, "weight": LITTLE} for con_id in little]
    weights += [{"con_id": con_id, "weight": MUCH} for con_id in much]
    return _made(world, f"/strategies/{strategy}/snapshots/", {"weights": weights})


def _made(world: World, path: str, body: dict[str, Any]) -> int:
    status, told = world.insist(path, body)
    assert status == 201, (path, told)
    return int(told["id"])


@dataclass
class Run:
    world: World
    dice: random.Random
    name: str
    desk: Desk
    refused: list[str] = field(default_factory=list)
    _run: int = 0
    _how: str = ""
    _end: str = ""

    def __post_init__(self) -> None:
        self._extra = Orders(self.world, self.dice, self.name)

    @property
    def accepted(self) -> int:
        return self._extra.accepted + len(self._refs())

    def begin(self) -> None:
        style, leftover = self.dice.choice(STYLES), self.dice.choice(LEFTOVERS)
        self._how = f"{style}, {leftover}"
        changes = {"style": style, "leftover": leftover}
        self.world.insist(f"/strategies/{self.desk.strategy}/policies/", {"changes": changes})
        _until(self._executes, EXECUTES_WITHIN)

    def more(self) -> None:
        """The point was not passed: once the run is over, orders of other instruments pass it."""
        if self._state()[0] in ENDED:
            self._extra.more()

    def end(self) -> None:
        _until(lambda: self._state()[0] in ENDED, ENDS_WITHIN)
        state, code, sentence = self._state()
        self._end = f"{state} {code} {sentence}"
        self._extra.end()

    def told(self) -> str:
        return f"run {self._run} ({self._how}): {self._end}"

    def compare(self, ledger: list[Row], found: Difference) -> None:
        state, code, sentence = self._state()
        if state not in ENDED or (state == "halted" and not (code and sentence)):
            found.reports.append(f"run {self._run} is {state}: {code} {sentence}")
            return
        status, report = self.world.call(f"/runs/{self._run}/report/")
        if status != 200:
            found.reports.append(f"no report of run {self._run}: {report}")
            return
        compare_report(report["lines"], self._refs(), ledger, found)

    def _executes(self) -> bool:
        """Plans, approves, and begins anew where that was refused before anything was sent."""
        wish = {"strategy": self.desk.strategy, "period": f"chaos {self.name}"}
        status, told = self.world.call(
            "/runs/", wish | {"snapshot": self.desk.snapshots[self._much_is_held()]}
        )
        rows = self.world.database.select("SELECT period, max(id) FROM trading_traderun GROUP BY 1")
        self._run = int(dict(rows).get(wish["period"], 0))
        if not self._run:
            self.refused.append(f"{status} {str(told)[:200]}")
            return False
        _until(lambda: self._state()[0] not in ("created", "planning"), 60)
        if self._state()[0] == "planned":
            self._approve()
        state, code, sentence = self._state()
        if state not in AT_WORK:
            self.refused.append(f"{state} {code} {sentence}"[:200])
        return state in AT_WORK

    def _much_is_held(self) -> bool:
        account = self.world.portal.simulator("/state")["accounts"][ACCOUNT]
        held = account["positions"].get(str(TILTED[0]), {"quantity": 0})["quantity"]
        return bool(held > BETWEEN)

    def _approve(self) -> None:
        status, run = self.world.call(f"/runs/{self._run}/")
        if status != 200 or "plan" not in run:
            return
        status, told = self.world.call(
            f"/runs/{self._run}/approve/", {"digest": run["plan"]["digest"]}
        )
        if status != 200:
            self.refused.append(f"{status} {str(told)[:200]}")

    def _state(self) -> tuple[str, str, str]:
        rows = self.world.database.select("SELECT id, state, code, sentence FROM trading_traderun")
        found = {pk: (str(state), str(code), str(why)) for pk, state, code, why in rows}
        return found.get(self._run, ("", "", ""))

    def _refs(self) -> set[str]:
        rows = self.world.database.select(
            "SELECT o.ref, p.run_id FROM trading_order o"
            " JOIN trading_planline l ON l.id = o.plan_line_id"
            " JOIN trading_plan p ON p.id = l.plan_id"
        )
        return {str(ref) for ref, run in rows if run == self._run}


def _until(look: Callable[[], bool], seconds: float) -> None:
    """The comparison tells what was not reached in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if look():
                return
        except TROUBLE:
            pass  # dead just now
        threading.Event().wait(0.3)
