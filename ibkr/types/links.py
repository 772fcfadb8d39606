"""The state of a connection and the errors that arrive on it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

QUOTES = "quotes"


class LinkState(StrEnum):
    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    RECONCILING = "reconciling"
    READY = "ready"
    DEGRADED = "degraded"
    RESTART_WINDOW = "restart_window"


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """A connection entered a state; `sentence` is English for people, `code` a TWS or own code."""

    state: LinkState
    since_at: datetime
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class BrokerError:
    """An error or notice from TWS, attributed where its request id allows.

    `con_id` and `order_id` are None where the error belongs to no instrument or order; `about`
    names the kind of request, QUOTES for a market data line that is open or that this closes.
    """

    code: int
    text: str
    at: datetime
    request_id: int
    con_id: int | None = None
    order_id: int | None = None
    advanced_reject: str = ""
    about: str = ""
