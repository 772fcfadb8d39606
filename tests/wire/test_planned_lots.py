"""Plans over sizes as the wire tells them: single shares in New York, board lots elsewhere."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from apps.lib import redis as store
from apps.marketdata.models import Instrument
from apps.trading.models import TradeRun
from apps.trading.services import run_start
from apps.trading.services.demo import WEIGHTS
from tests.factories import NOON
from tests.marketdata_data import instrument
from tests.run_data import Desk, rebalancing
from tests.wire.live_session import running
from tests.wire.simulator import Simulator

pytestmark = pytest.mark.django_db

BOARD = {900000011: 100, 900000012: 100, 900000013: 400, 900000051: 500}
"""Tencent, Alibaba, HSBC and the Tracker Fund, in shares of one lot."""


@pytest.fixture
def desk() -> Iterator[Desk]:
    store.client().flushdb()
    with rebalancing() as made:
        yield made
    store.client().flushdb()


def planned(desk: Desk, sim: Simulator, weights: dict[int, Decimal]) -> TradeRun:
    """Sizes are what the simulator tells; everything costs 100."""
    snapshot = desk.weights()
    with running(sim.port) as live:
        live.ready()
        for con_id, weight in weights.items():
            told = live.find(con_id=con_id)
            instrument(
                con_id,
                told.contract.symbol,
                min_size=told.min_size,
                size_increment=told.size_increment,
            )
            desk.quote(con_id, "100.00")
            snapshot.weights.create(instrument_id=con_id, weight=weight)
    return run_start(user=desk.trader, strategy=desk.strategy, at=NOON, dry=True)


def test_the_demos_thirty_names_are_planned_in_single_shares(
    desk: Desk, standing_twsim: Simulator
) -> None:
    run = planned(desk, standing_twsim, {c: Decimal(w) for c, w in WEIGHTS.items()})
    assert run.plan.lines.exclude(quantity=0).count() == 30
    assert {row["lot"] for row in run.inputs["prices"].values()} == {"1"}
    assert Instrument.objects.get(symbol="KO").size_increment == Decimal("0.0001")


def test_shares_of_hong_kong_are_planned_in_board_lots(
    desk: Desk, standing_twsim: Simulator
) -> None:
    run = planned(desk, standing_twsim, dict.fromkeys(BOARD, Decimal("0.0975")))
    lines = run.plan.lines.filter(instrument__in=BOARD)
    bought = {line.instrument_id: int(line.quantity) for line in lines}
    # 1,000,000 · 0.98 · 0.0975 / 100 = 955.5
    assert bought == {c: 955 // lot * lot for c, lot in BOARD.items()}
