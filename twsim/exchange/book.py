"""The orders of all clients, by id, by group and by parent, and the ids given out."""

import bisect
from collections.abc import Iterator

from twsim.exchange.entry import Entry

FIRST_PERM_ID = 1_426_086_001


class Book:
    """Entries stay after they are done: the day's completed orders."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._by_id: dict[tuple[int, int], Entry] = {}
        self._highest: dict[int, int] = {}
        self._perm_id = FIRST_PERM_ID
        self._numbers: dict[int, Entry] = {}
        self._number = 0

    def next_perm_id(self) -> int:
        self._perm_id += 1
        return self._perm_id

    def next_order_id(self, client_id: int) -> int:
        return self._highest.get(client_id, 0) + 1

    def use_id(self, client_id: int, order_id: int) -> None:
        self._highest[client_id] = max(order_id, self._highest.get(client_id, 0))

    def add(self, entry: Entry) -> None:
        self._number += 1
        entry.number = self._number
        self._keep(entry)

    def put(self, entry: Entry) -> Entry:
        """Takes over what an earlier process knew of an order, as long as it is numbered."""
        known = self._numbers.get(entry.number)
        if known is not None:
            known.take(entry)
            entry = known
        else:
            self._keep(entry)
        self._number = max(self._number, entry.number)
        self._perm_id = max(self._perm_id, entry.view.perm_id)
        return entry

    def _keep(self, entry: Entry) -> None:
        bisect.insort(self.entries, entry, key=lambda other: other.number)
        self._numbers[entry.number] = entry
        view = entry.view
        if view.order_id:
            self._by_id[view.client_id, view.order_id] = entry

    def get(self, client_id: int, order_id: int) -> Entry | None:
        return self._by_id.get((client_id, order_id))

    def anyones(self, client_id: int, order_id: int) -> Entry | None:
        """The client's own order of this id, else the newest of another client."""
        own = self.get(client_id, order_id)
        if own is not None:
            return own
        others = (entry for entry in reversed(self.entries) if entry.view.order_id == order_id)
        return next(others, None) if order_id else None

    def parent(self, entry: Entry) -> Entry | None:
        parent_id = entry.view.order.parent_id
        return self.get(entry.view.client_id, parent_id) if parent_id else None

    def awaits_parent(self, entry: Entry) -> bool:
        """A child becomes active when its parent is filled, or ended with a part filled."""
        parent = self.parent(entry)
        if parent is None or parent.view.status == "Filled":
            return False
        return not (parent.view.done and parent.view.filled)

    def children(self, entry: Entry) -> Iterator[Entry]:
        """Oldest first, also those that are held or done."""
        key = (entry.view.client_id, entry.view.order_id)
        for other in list(self.entries):
            if key == (other.view.client_id, other.view.order.parent_id) and entry.view.order_id:
                yield other

    def siblings(self, entry: Entry) -> list[Entry]:
        family = entry.family
        if family is None:
            return []
        return [
            other
            for other in self.entries
            if other is not entry and not other.view.done and other.family == family
        ]

    def lose(self, since: float) -> list[Entry]:
        """Forgets orders placed since then, and their ids, as a crashing gateway does."""
        lost = [
            entry
            for entry in self.entries
            if entry.view.placed_at >= since and entry.view.order_id and not entry.view.filled
        ]
        self.forget(lost)
        return lost

    def forget(self, lost: list[Entry]) -> None:
        for entry in lost:
            self.entries = [kept for kept in self.entries if kept is not entry]
            self._numbers.pop(entry.number)
            self._by_id.pop((entry.view.client_id, entry.view.order_id), None)
        for client_id in {entry.view.client_id for entry in lost}:
            kept = [order_id for client, order_id in self._by_id if client == client_id]
            self._highest[client_id] = max(kept, default=0)
