"""From figures to one state: what was latched stays, what a person lifted stays lifted; pure."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from apps.risk.guard.types import Figure
from apps.risk.levels import Guard, worst

RELEASE_STEP = Decimal("0.25")
"""A lifted latch closes again when its value has grown worse by this share of the limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latched:
    """A breach that only a person ends."""

    code: str
    state: Guard
    value: Decimal
    limit: Decimal
    at: datetime

    @property
    def scoped(self) -> bool:
        """Whether it stops a strategy rather than the account: its code names which."""
        return ":" in self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What an account carries from one evaluation to the next."""

    latches: tuple[Latched, ...] = ()
    released: dict[str, Decimal] = field(default_factory=dict)
    """The value at which a person lifted each code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    state: Guard
    memory: Memory
    fresh: tuple[Latched, ...]
    """Latched by this evaluation."""


def settle(figures: tuple[Figure, ...], memory: Memory, at: datetime) -> Settled:
    """The worst of what is breached now and what was latched before."""
    released = _still_released(figures, memory)
    known = {latch.code for latch in memory.latches}
    breached = [f for f in figures if f.latch and _breached(f) and not _covered(f, released)]
    fresh = tuple(_latch(f, at) for f in breached if f.code not in known)
    latches = memory.latches + fresh
    states = [_now(figure, released) for figure in figures]
    held = [Guard.WARN if latch.scoped else latch.state for latch in latches]
    return Settled(
        state=worst([*states, *held]),
        memory=Memory(latches=latches, released=released),
        fresh=fresh,
    )


def lift(memory: Memory, figures: tuple[Figure, ...]) -> Memory:
    """A person lifts all latches; what is still breached is remembered at its present value."""
    standing = {
        f.code: f.value for f in figures if f.latch and _breached(f) and f.value is not None
    }
    return Memory(latches=(), released=memory.released | standing)


def _breached(figure: Figure) -> bool:
    return figure.state in {Guard.REDUCE_ONLY, Guard.HALTED}


def _latch(figure: Figure, at: datetime) -> Latched:
    return Latched(
        code=figure.code,
        state=figure.state,
        value=figure.value or Decimal(0),
        limit=figure.limit or Decimal(0),
        at=at,
    )


def _now(figure: Figure, released: dict[str, Decimal]) -> Guard:
    """A breach that a person has lifted, or that stops one strategy, is a warning here."""
    mild = figure.scoped or _covered(figure, released)
    return Guard.WARN if _breached(figure) and mild else figure.state


def _covered(figure: Figure, released: dict[str, Decimal]) -> bool:
    """Whether a person's lift still holds for this value."""
    at_lift = released.get(figure.code)
    if at_lift is None or figure.value is None or figure.limit is None:
        return False
    worse = at_lift - figure.value if figure.below else figure.value - at_lift
    return worse <= abs(figure.limit) * RELEASE_STEP


def _still_released(figures: tuple[Figure, ...], memory: Memory) -> dict[str, Decimal]:
    """A lift ends when the breach has ended: the next crossing counts as a new one."""
    standing = {figure.code for figure in figures if _breached(figure)}
    return {code: value for code, value in memory.released.items() if code in standing}
