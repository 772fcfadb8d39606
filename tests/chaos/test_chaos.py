"""Orders are never sent twice and never lost, whatever dies: seeded rounds on the whole portal."""

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.rounds import Outcome, Round
from tests.chaos.world import World, world
from tests.portal import Portal

ROUNDS = int(os.environ.get("ROUNDS") or 4)
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
pytestmark = [pytest.mark.stack, pytest.mark.timeout(300 + ROUNDS * 150)]
NAMES = ("orders sent twice", "fills lost or doubled", "positions off", "orders left unknown")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    portal = Portal(tmp_path_factory.mktemp("chaos"), CHAOS="true", LOG_LEVEL="INFO")
    try:
        with world(portal.start()) as made:
            yield made
    finally:
        portal.close()


def test_no_order_is_sent_twice_or_lost_whatever_dies(ground: World, tmp_path: Path) -> None:
    print(f"seed {SEED}, {ROUNDS} rounds")
    outcomes: list[Outcome] = []
    for number in range(ROUNDS):
        outcome = Round(ground, SEED, number).play()
        outcomes.append(outcome)
        print(_line(number, outcome), flush=True)
        if outcome.difference.numbers != (0, 0, 0, 0):
            break
    numbers = outcomes[-1].difference.numbers
    told = dict(zip(NAMES, numbers, strict=True))
    killed = sum(outcome.died for outcome in outcomes)
    accepted = sum(outcome.accepted for outcome in outcomes)
    print(json.dumps({"rounds": len(outcomes), "killed": killed, "orders": accepted, **told}))
    assert numbers == (0, 0, 0, 0), f"seed {SEED}: {outcomes[-1].difference}"
    assert killed == len(outcomes), "a round without a death inside the send path proves less"
    assert accepted > len(outcomes)


def _line(number: int, outcome: Outcome) -> str:
    return (
        f"round {number}: {outcome.point} + {outcome.hurt}, died {outcome.died}, "
        f"{outcome.accepted} orders, refused {outcome.refused}, {outcome.seconds:.1f} s, "
        f"{outcome.difference}"
    )
