"""The launcher's simulated broker: its arguments are understood, its ledger is looked at first."""

import shlex
from pathlib import Path

import pytest

from ibportal.run import simulator
from ibportal.run.plan import CannotStart, Plan
from twsim.__main__ import _arguments
from twsim.simulation import Simulation


def _plan(var: Path, port: int | None = 4002) -> Plan:
    return Plan(
        var=var,
        web_port=8000,
        environment={},
        embedded_redis=None,
        simulator=port,
        simulator_control=4003,
        demo_password="",
    )


def test_the_simulator_is_given_a_ledger_that_stays_from_run_to_run(tmp_path: Path) -> None:
    var = tmp_path / "with a space"
    given = _arguments(shlex.split(simulator.arguments(_plan(var)))[2:])

    assert given.ledger == var / "twsim-ledger.jsonl" == simulator.ledger(_plan(var))
    assert (given.scenario, given.seed) == (simulator.SCENARIO, simulator.SEED)


def test_a_first_run_and_a_second_may_start(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    simulator.check(plan)
    path = simulator.ledger(plan)
    Simulation.load("demo", seed=simulator.SEED, ledger_path=path, now=lambda: 1.8e9).close()

    simulator.check(plan)
    assert path.read_text().startswith("{")


@pytest.mark.parametrize("text", ['{"seq":1,"kind":"order"}\n', "nonsense\n"])
def test_a_ledger_that_it_could_not_go_on_from_is_said_before_anything_starts(
    tmp_path: Path, text: str
) -> None:
    plan = _plan(tmp_path)
    simulator.ledger(plan).write_text(text)

    with pytest.raises(CannotStart, match="remove the file to start afresh"):
        simulator.check(plan)
    simulator.check(_plan(tmp_path, port=None))
