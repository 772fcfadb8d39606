"""Between Redis and the browsers of one process: one subscription, a bounded outbox for each."""

from ibportal.hub.hub import Hub, close, current
from ibportal.hub.outbox import Outbox, Snapshot

__all__ = ["Hub", "Outbox", "Snapshot", "close", "current"]
