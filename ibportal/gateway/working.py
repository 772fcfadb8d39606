"""What the broker has working for this client, from its own messages: a cancel waits for no row."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from apps.trading.refs import is_ours
from ibkr.types import LinkChanged, LinkState, OpenOrder, OrderStatus

ENDED = frozenset({"Filled", "Cancelled", "ApiCancelled"})
AWAY = (LinkState.DISCONNECTED, LinkState.CONNECTING, LinkState.RESTART_WINDOW)


@dataclass(frozen=True, slots=True)
class _Held:
    account: str
    ours: bool
    since_at: datetime
    """When it was first heard of: it was accepted before that."""


class Working:
    """Heard on the reader's thread, asked on any. Orders that the broker has not answered yet are
    not in it, nor other clients' and manual ones: those cannot be cancelled by id."""

    def __init__(self, client_id: Callable[[], int], now: Callable[[], datetime]) -> None:
        self._client_id = client_id
        self._now = now
        self._guard = threading.Lock()
        self._held: dict[int, _Held] = {}

    def hear(self, event: object) -> None:
        if isinstance(event, OpenOrder):
            self._open(event)
        elif isinstance(event, OrderStatus):
            if event.status in ENDED and event.client_id == self._client_id():
                self._forget(event.order_id)
        elif isinstance(event, LinkChanged) and event.state in AWAY:
            with self._guard:
                self._held.clear()

    def numbers(self, *, account: str | None, own_only: bool, until_at: datetime) -> list[int]:
        """Order ids, the newest first, of one account or all, known by `until_at`."""
        with self._guard:
            held = list(self._held.items())
        wanted = [
            number
            for number, order in held
            if (account is None or order.account == account)
            and (order.ours or not own_only)
            and order.since_at <= until_at
        ]
        return sorted(wanted, reverse=True)

    def _open(self, order: OpenOrder) -> None:
        if order.client_id != self._client_id() or order.order_id <= 0:
            return
        if order.status in ENDED:
            self._forget(order.order_id)
            return
        request = order.request
        held = _Held(request.account, is_ours(request.order_ref), self._now())
        with self._guard:
            self._held.setdefault(order.order_id, held)

    def _forget(self, number: int) -> None:
        with self._guard:
            self._held.pop(number, None)
