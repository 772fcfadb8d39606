"""The names of order, change and run states; pure. The transitions of orders are in fsm."""

from enum import StrEnum


class OrderState(StrEnum):
    """Where one order is between the intent and its end, as far as the portal knows."""

    ACCEPTED = "accepted"
    """Committed, passed the gate, not yet claimed by a gateway worker: surely not at the broker."""
    CLAIMED = "claimed"
    """A worker has it, order id and lease token are committed: it may be on the wire."""
    SENT = "sent"
    """Its bytes went to the socket; the broker has not answered."""
    PRE_SUBMITTED = "pre_submitted"
    """The broker holds it (stop not triggered, before the open, parent not filled)."""
    SUBMITTED = "submitted"
    """Working at the exchange, perhaps partly filled."""
    PENDING_CANCEL = "pending_cancel"
    """The broker has the cancel; a fill may still come."""
    INACTIVE = "inactive"
    """The broker keeps it without working it; it may come back to life."""
    UNKNOWN = "unknown"
    """Claimed or sent, and nobody can say whether the broker has it: reconcile decides."""
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    """The broker refused it."""
    REFUSED = "refused"
    """Our own gate refused it right before the wire: it was never sent."""
    NOT_SENT = "not_sent"
    """It never reached the broker (withdrawn before the claim, or proven absent)."""


WORKING = frozenset(
    {
        OrderState.PRE_SUBMITTED,
        OrderState.SUBMITTED,
        OrderState.PENDING_CANCEL,
        OrderState.INACTIVE,
    }
)
OPEN = WORKING | {
    OrderState.ACCEPTED,
    OrderState.CLAIMED,
    OrderState.SENT,
    OrderState.UNKNOWN,
}
"""These may still fill."""
ENDED = frozenset(OrderState) - OPEN
"""Nothing more is expected; a late fill can still move CANCELLED or REJECTED to FILLED."""


class RunState(StrEnum):
    CREATED = "created"
    PLANNING = "planning"
    AWAITING_ANSWER = "awaiting_answer"
    """Names are held that the snapshot does not target: a person says keep or sell."""
    PLANNED = "planned"
    """Waits for approval (a dry run ends here)."""
    APPROVED = "approved"
    EXECUTING = "executing"
    DONE = "done"
    BLOCKED = "blocked"
    """Something outside was missing (no healthy link, no price); nothing was sent."""
    REFUSED = "refused"
    """Input or gate said no; nothing was sent."""
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    HALTED = "halted"
    """Stopped while executing: kill switch, unknown order, lost link beyond its limit."""


RUN_ENDED = frozenset(
    {
        RunState.DONE,
        RunState.BLOCKED,
        RunState.REFUSED,
        RunState.EXPIRED,
        RunState.CANCELLED,
        RunState.HALTED,
    }
)
RUN_RELEASES_PERIOD = frozenset(
    {RunState.BLOCKED, RunState.REFUSED, RunState.EXPIRED, RunState.CANCELLED}
)
"""Nothing was sent in these: the same period may be tried again."""
