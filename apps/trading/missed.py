"""What to do about a schedule whose time has come, or has passed unnoticed; pure."""

from datetime import timedelta
from enum import StrEnum

GRACE = timedelta(minutes=5)
"""Until then a start counts as on time, so that a restart at that very minute is no miss."""


class Step(StrEnum):
    START = "start"
    WAIT = "wait"
    SKIP = "skip"
    ASK = "ask"


def step_for(*, late: timedelta, missed: str, late_minutes: int, ready: bool) -> Step:
    """`missed` is the schedule's policy (skip, late, ask), `ready` whether the link could trade.

    While a start is still allowed and the link is down, waiting is better than a blocked run.
    """
    if late <= GRACE or (missed == "late" and late <= timedelta(minutes=late_minutes)):
        return Step.START if ready else Step.WAIT
    return Step.ASK if missed == "ask" else Step.SKIP
