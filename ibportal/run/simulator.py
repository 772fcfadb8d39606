"""The simulated broker of a portal without a real one: how it starts, and from which ledger."""

import shlex
from pathlib import Path

from ibportal.run.plan import CannotStart, Plan
from twsim import resume

SCENARIO, SEED = "demo", 7


def ledger(plan: Plan) -> Path:
    """Kept from run to run: the simulator comes back with the positions that the portal knows."""
    return plan.var / "twsim-ledger.jsonl"


def arguments(plan: Plan) -> str:
    return (
        f"-m twsim --port {plan.simulator} --control {plan.simulator_control} "
        f"--scenario {SCENARIO} --seed {SEED} --ledger {shlex.quote(str(ledger(plan)))}"
    )


def check(plan: Plan) -> None:
    """CannotStart when it could not go on: the supervisor would start it for ever."""
    if plan.simulator is None:
        return
    try:
        resume.check(ledger(plan), SCENARIO, SEED)
    except (OSError, ValueError) as error:
        raise CannotStart(str(error)) from error
