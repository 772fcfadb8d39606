"""The order state machine: one table of state × event → state; pure.

The broker's messages come late, twice and in any order, so a row never steps from message to
message. What the broker has said is kept as a set (`apps.trading.evidence`), and the state is that
set replayed through the table in the order in which an honest broker would have said it.
"""

from collections.abc import Iterable
from enum import StrEnum

from apps.trading.states import OrderState as S


class Event(StrEnum):
    """The portal's own steps, then what the broker can say, in the order of an honest life."""

    CLAIM = "claim"
    """A gateway worker has it; order id and lease token are committed."""
    WIRE = "wire"
    """Its bytes were handed to the socket."""
    WITHDRAW = "withdraw"
    """Cancelled before anybody claimed it."""
    GATE_REFUSED = "gate_refused"
    """The gate's second look, right before the wire."""
    UNSENT = "unsent"
    """The port refused it at once: nothing left the process."""
    GIVE_BACK = "give_back"
    """Likewise, and it may be tried again: the claim is undone."""
    LOSE = "lose"
    """Nobody can say whether the broker has it."""
    PROVE_ABSENT = "prove_absent"
    """A complete picture, asked for late enough, does not hold it."""

    TAKEN = "taken"
    """ApiPending, PendingSubmit, or any message about it (399, 10349): TWS has it."""
    HELD = "held"
    """PreSubmitted: whyHeld says "trigger", "child", or nothing before the open."""
    WORKING = "working"
    """Submitted."""
    PART_FILLED = "part_filled"
    """An execution. It may come before the first status, and proves as much."""
    CANCEL_TAKEN = "cancel_taken"
    """PendingCancel; usually said twice."""
    DORMANT = "dormant"
    """Inactive without a reason: it may come back to life."""
    KILLED = "killed"
    """Inactive on a fill-or-kill: it was not filled at once, and that is its end."""
    CANCELLED = "cancelled"
    """Cancelled or ApiCancelled. Not believed beside 10349, which reports it of a living order."""
    REJECTED = "rejected"
    """A reject code, with an end beside it or without any sign of life."""
    CANCEL_CONFIRMED = "cancel_confirmed"
    """202, or Cancelled in the list of completed orders: normal after one's own cancel."""
    FILLED = "filled"
    """Filled, or executions that add up to the whole quantity."""


PORTAL = frozenset(
    {
        Event.CLAIM,
        Event.WIRE,
        Event.WITHDRAW,
        Event.GATE_REFUSED,
        Event.UNSENT,
        Event.GIVE_BACK,
        Event.LOSE,
        Event.PROVE_ABSENT,
    }
)
BROKER = tuple(event for event in Event if event not in PORTAL)
"""In the order of an honest life: the order of the replay."""

ENDS = {
    Event.KILLED: S.CANCELLED,
    Event.CANCELLED: S.CANCELLED,
    Event.REJECTED: S.REJECTED,
    Event.CANCEL_CONFIRMED: S.CANCELLED,
    Event.FILLED: S.FILLED,
}

TABLE: dict[S, dict[Event, S]] = {
    S.ACCEPTED: {
        Event.CLAIM: S.CLAIMED,
        Event.WITHDRAW: S.NOT_SENT,
        Event.GATE_REFUSED: S.REFUSED,
    },
    S.CLAIMED: {
        Event.WIRE: S.SENT,
        Event.GATE_REFUSED: S.REFUSED,
        Event.UNSENT: S.NOT_SENT,
        Event.GIVE_BACK: S.ACCEPTED,
        Event.LOSE: S.UNKNOWN,
        Event.PROVE_ABSENT: S.NOT_SENT,
    },
    # Every replay starts here: whatever the broker says of an order proves that it was sent.
    S.SENT: {
        Event.LOSE: S.UNKNOWN,
        Event.PROVE_ABSENT: S.NOT_SENT,
        Event.TAKEN: S.PRE_SUBMITTED,
        Event.HELD: S.PRE_SUBMITTED,
        # The first status may already be Submitted.
        Event.WORKING: S.SUBMITTED,
        # The execution overtook the first status.
        Event.PART_FILLED: S.SUBMITTED,
        Event.CANCEL_TAKEN: S.PENDING_CANCEL,
        Event.DORMANT: S.INACTIVE,
        # 110, 200, 321, 387, 103: refused at the door, without any status. 201 brings one.
        **ENDS,
    },
    S.UNKNOWN: {
        Event.LOSE: S.UNKNOWN,
        Event.PROVE_ABSENT: S.NOT_SENT,
    },
    S.PRE_SUBMITTED: {
        Event.HELD: S.PRE_SUBMITTED,
        Event.WORKING: S.SUBMITTED,
        Event.PART_FILLED: S.SUBMITTED,
        Event.CANCEL_TAKEN: S.PENDING_CANCEL,
        Event.DORMANT: S.INACTIVE,
        **ENDS,
    },
    S.SUBMITTED: {
        Event.PART_FILLED: S.SUBMITTED,
        # A refused cancel (161: already being cancelled, 10147: id not known, 10148: at its end)
        # moves nothing: the cancel may still be at work, and a picture will tell.
        Event.CANCEL_TAKEN: S.PENDING_CANCEL,
        Event.DORMANT: S.INACTIVE,
        **ENDS,
    },
    S.PENDING_CANCEL: {
        Event.DORMANT: S.INACTIVE,
        # Filled while the cancel was on its way.
        **ENDS,
    },
    S.INACTIVE: ENDS,
    S.CANCELLED: {
        # Said twice, or of a fill-or-kill as Inactive and as Cancelled.
        Event.CANCELLED: S.CANCELLED,
        # A reject may report Cancelled instead of Inactive: with 201 beside it, it is a reject.
        Event.REJECTED: S.REJECTED,
        # 202 follows the status, or comes alone.
        Event.CANCEL_CONFIRMED: S.CANCELLED,
        # A fill that was under way when the cancel was confirmed, or reported after it.
        Event.FILLED: S.FILLED,
    },
    S.REJECTED: {
        # The reject was of a change or an earlier look; the order ended by a cancel.
        Event.CANCEL_CONFIRMED: S.CANCELLED,
        Event.FILLED: S.FILLED,
    },
    S.FILLED: {},
    S.REFUSED: {},
    S.NOT_SENT: {},
}


class Impossible(ValueError):
    """The table has no such step: somebody's picture of the order is wrong."""

    def __init__(self, state: S, event: Event) -> None:
        super().__init__(f"an order that is {state} cannot {event}")
        self.state = state
        self.event = event


def step(state: S, event: Event) -> S:
    """One step of the table; raises Impossible where there is none."""
    try:
        return TABLE[state][event]
    except KeyError:
        raise Impossible(state, event) from None


def may_move(before: str, after: str) -> bool:
    """Whether a step of the portal's own leads from one state to the other."""
    own = TABLE[S(before)]
    return S(after) in {state for event, state in own.items() if event in PORTAL}


def replay(said: Iterable[Event]) -> S:
    """Where an order is of which the broker has said all this, in whatever order and how often."""
    state, heard = S.SENT, frozenset(said)
    if strange := heard & PORTAL:
        raise Impossible(state, min(strange))
    for event in BROKER:
        if event in heard:
            state = step(state, event)
    return state


NEVER_AT_THE_BROKER = frozenset({S.ACCEPTED, S.REFUSED, S.NOT_SENT})
"""A word from the broker about an order in one of these contradicts what the portal believes; the
broker is believed, and the event says so."""


STATUSES: dict[str, Event] = {
    "ApiPending": Event.TAKEN,
    "PendingSubmit": Event.TAKEN,
    "PreSubmitted": Event.HELD,
    "Submitted": Event.WORKING,
    "PendingCancel": Event.CANCEL_TAKEN,
    "Inactive": Event.DORMANT,
    "ApiCancelled": Event.CANCELLED,
    "Cancelled": Event.CANCELLED,
    "Filled": Event.FILLED,
}
"""TWS's words; one that is not listed proves only that TWS has the order."""

CANCELLED_CODE = 202
TIF_PRESET = 10349
NOTICES = frozenset({399, TIF_PRESET})
"""They speak of an order that TWS has taken."""

REFUSES_A_CHANGE = frozenset({103, 104, 105})
"""103 of a new order means that its id was used: nothing was placed. Of a change: it has ended."""

REFUSES_A_CANCEL = frozenset({161, 10147, 10148})
NOT_OF_THE_ORDER = REFUSES_A_CANCEL | {104, 105}
"""Refused changes and cancels: the order itself is where it was."""

ASKS_FOR_A_LOOK = frozenset({10147, 10148, TIF_PRESET})
"""What TWS says here does not fit what the portal believes: only a picture settles it."""
