"""An order in the book with what matching has to remember about it."""

import math
from dataclasses import dataclass, field, fields, replace

from twsim.domain.orders import Execution, WorkingOrder
from twsim.instruments import Instrument

STOPS = {"STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MIT", "LIT"}
CLOSE_AUCTION = {"MOC", "LOC"}


@dataclass(slots=True, kw_only=True)
class Entry:
    """Times are Unix seconds. `limit` is the price limit in force, None at the market."""

    view: WorkingOrder
    instrument: Instrument
    number: int = 0
    """In the order of placing, of all clients; given by the book."""
    held: bool = False
    """Stored without transmit: nothing is reported and nothing matched."""
    preset: bool = False
    """Sent without a time in force to a TWS whose preset then speaks up (10349)."""
    seen: bool = False
    """Looked at by matching once: it rests now, and fills at its own price."""
    limit: float | None = None
    value: float = 0.0
    starts_at: float = 0.0
    ends_at: float = math.inf
    auction_at: float | None = None
    cancelled_by: int | None = None
    cancel_seen: bool = False
    executions: list[Execution] = field(default_factory=list)

    @property
    def live(self) -> bool:
        return not self.view.done and not self.held

    @property
    def untriggered(self) -> bool:
        return self.view.order.order_type in STOPS and not self.view.stop_triggered

    @property
    def buys(self) -> bool:
        return self.view.order.action == "BUY"

    @property
    def family(self) -> tuple[object, ...] | None:
        """What one-cancels-all works on: the given group, or the children of one parent."""
        order = self.view.order
        if order.oca_group:
            return ("group", order.account, order.oca_group)
        if order.parent_id:
            return ("parent", self.view.client_id, order.parent_id)
        return None

    def take(self, other: "Entry") -> None:
        """Becomes what the other is."""
        for item in fields(self):
            setattr(self, item.name, getattr(other, item.name))

    def snapshot(self) -> WorkingOrder:
        """A copy that later changes do not touch."""
        return replace(self.view, order=replace(self.view.order))
