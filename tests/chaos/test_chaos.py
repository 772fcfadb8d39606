"""Orders are never sent twice and never lost, whatever dies: seeded rounds on the whole portal."""

import os
import random
import re
from collections.abc import Iterator

import pytest

from tests.chaos.cluster import Cluster, programs
from tests.chaos.rounds import Outcome, Round
from tests.chaos.runs import desk
from tests.chaos.tally import line, summary
from tests.chaos.world import World, world
from tests.portal import Portal

ROUNDS = int(os.environ.get("ROUNDS") or 2)
FIRST = int(os.environ.get("FIRST") or 0)
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
pytestmark = [pytest.mark.stack, pytest.mark.timeout(300 + ROUNDS * 150)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster | None]:
    """Nothing on SQLite."""
    if not os.environ["DATABASE_URL"].startswith("postgres"):
        yield None
        return
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL's own programs (initdb) to kill a server of the test's own")
    made = Cluster(found)
    try:
        yield made.start()
    finally:
        made.close()


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster | None) -> Iterator[World]:
    own = {"DATABASE_URL": cluster.url} if cluster is not None else {}
    folder = tmp_path_factory.mktemp("chaos")
    # Nobody looks at the prices: painting them twenty times a second would slow every round.
    portal = Portal(folder, CHAOS="true", LOG_LEVEL="INFO", QUOTES_FLUSH_MS="1000", **own)
    try:
        with world(portal.start(), cluster) as made:
            yield made
    finally:
        portal.close()


def test_no_order_is_sent_twice_or_lost_whatever_dies(ground: World) -> None:
    print(f"seed {SEED}, {ROUNDS} rounds from {FIRST}", flush=True)
    at = desk(ground)
    outcomes: list[Outcome] = []
    for number in range(FIRST, FIRST + ROUNDS):
        outcomes.append(Round(ground, at, SEED, number).play())
        print(line(number, outcomes[-1]), flush=True)
        if not outcomes[-1].difference.is_none:
            break
    print(summary(outcomes), flush=True)
    last = outcomes[-1]
    if not last.difference.is_none:
        refs = re.findall(r"ibp-\w+", str(last.difference))
        print("\n".join(ground.database.story(refs)), flush=True)
    assert last.difference.is_none, f"seed {SEED}, round {last.card}: {last.difference}"
    assert all(each.died for each in outcomes), "a round without a death in the send path"
    assert sum(each.accepted for each in outcomes) > len(outcomes)
