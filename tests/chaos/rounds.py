"""One round of chaos: orders or a trade run while things die, then quiet, then the comparison."""

import contextlib
import random
import threading
import time
from dataclasses import dataclass, field
from itertools import pairwise

from tests.chaos.book import TROUBLE
from tests.chaos.compare import Difference
from tests.chaos.deck import Card, draw
from tests.chaos.orders import Orders
from tests.chaos.runs import Desk, Run
from tests.chaos.trap import Trap
from tests.chaos.world import World

QUIET_WITHIN = 120.0
PATIENCE = 3.0
TRIES = 40
HURT_WITHIN = {"orders": 0.6, "run": 5.0}


@dataclass(slots=True)
class Outcome:
    """What a round did, and what it left."""

    card: Card
    died: bool = False
    """Somebody did, inside the send path."""
    accepted: int = 0
    told: str = ""
    refused: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    """Until it had begun, until somebody had died, until it had ended, until all was quiet."""
    difference: Difference = field(default_factory=Difference)


class Round:
    def __init__(self, world: World, desk: Desk, seed: int, number: int) -> None:
        self.world = world
        self.dice = random.Random(f"{seed}-{number}")
        self.card = draw(seed, number)
        self.outcome = Outcome(self.card)
        name = f"{seed}-{number}-{self.dice.randrange(10**6)}"
        self.act: Orders | Run = (
            Run(world, self.dice, name, desk)
            if self.card.kind == "run"
            else Orders(world, self.dice, name)
        )

    def play(self) -> Outcome:
        times = [time.monotonic()]
        trap = self.world.trap(self.card.victim)
        trap.arm(self.card.point, self.dice.randint(1, 2))
        at = self.dice.uniform(0.0, HURT_WITHIN[self.card.kind])
        hurting = threading.Timer(at, self._hurt)
        hurting.start()
        try:
            self.act.begin()
            times.append(time.monotonic())
            self._until_death(trap)
        finally:
            hurting.join()
            trap.disarm()
        times.append(time.monotonic())
        self.act.end()
        times.append(time.monotonic())
        self._quiet()
        times.append(time.monotonic())
        self.outcome.accepted, self.outcome.refused = self.act.accepted, self.act.refused
        self.outcome.told = self.act.told()
        self.outcome.seconds = [later - sooner for sooner, later in pairwise(times)]
        return self.outcome

    def _hurt(self) -> None:
        with contextlib.suppress(*TROUBLE):
            self.world.hurts[self.card.hurt]()

    def _until_death(self, trap: Trap) -> None:
        """The point is passed by more orders until somebody dies there."""
        for _ in range(TRIES):
            if trap.wait(PATIENCE):
                self.outcome.died = True
                return
            with contextlib.suppress(*TROUBLE):
                self.act.more()

    def _quiet(self) -> None:
        """Until nothing is under way any more; then what differs, differs for good."""
        until = time.monotonic() + QUIET_WITHIN
        while True:
            with contextlib.suppress(*TROUBLE):
                found = self.world.difference()
                self.act.compare(self.world.ledger.rows(), found)
                self.outcome.difference = found
                if found.is_none and self.world.ready():
                    return
            if time.monotonic() > until:
                return
            threading.Event().wait(0.3)
