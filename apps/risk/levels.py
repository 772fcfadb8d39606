"""The names of kill levels, guard states and locks, from mild to severe; pure."""

from enum import IntEnum, StrEnum


class Kill(IntEnum):
    """Each level contains the ones below it."""

    OFF = 0
    NO_NEW_ORDERS = 1
    """Nothing that raises risk is accepted; working orders go on."""
    REDUCE_ONLY = 2
    CANCEL = 3
    """Our own working orders are cancelled."""
    FLATTEN = 4
    """Cancelled, closed, and confirmed flat at the broker."""
    DROP = 5
    """The gateway worker lets go of the broker."""


class Guard(StrEnum):
    OK = "ok"
    WARN = "warn"
    REDUCE_ONLY = "reduce_only"
    HALTED = "halted"


SEVERITY = {Guard.OK: 0, Guard.WARN: 1, Guard.REDUCE_ONLY: 2, Guard.HALTED: 3}


def worst(states: "list[Guard]") -> Guard:
    return max(states, key=SEVERITY.__getitem__, default=Guard.OK)


class LockKind(StrEnum):
    MISMATCH = "mismatch"
    """The broker's position is not what our executions add up to."""
    UNKNOWN = "unknown"
    """An order of unknown outcome."""
    MANUAL = "manual"
    """A person locked it."""


class LockEnd(StrEnum):
    """How a lock was closed."""

    ADOPTED = "adopted"
    """The broker's position is taken as the truth."""
    EXPLAINED = "explained"
    """A person says why, and the ledger is set to a quantity of theirs."""
    BALANCED = "balanced"
    """An order brought the position back to the ledger."""
    CLOSED = "closed"
    """The position was closed."""
    VANISHED = "vanished"
    """Broker and ledger agree again by themselves."""


class FlattenState(StrEnum):
    CANCELLING = "cancelling"
    CLOSING = "closing"
    CONFIRMING = "confirming"
    DONE = "done"
    STUCK = "stuck"
    """It cannot go on by itself and says why; it still tries."""
    ABANDONED = "abandoned"
    """A person lifted the level."""


FLATTEN_OPEN = frozenset(
    {
        FlattenState.CANCELLING,
        FlattenState.CLOSING,
        FlattenState.CONFIRMING,
        FlattenState.STUCK,
    }
)
