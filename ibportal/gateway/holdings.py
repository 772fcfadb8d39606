"""Which contracts each account holds, as the broker tells it; sizes are of no matter here."""

from collections.abc import Iterable

from ibkr.port import BrokerEvent
from ibkr.types import Position, PositionsSnapshot


class Holdings:
    """Used by the one thread that writes what the broker says."""

    def __init__(self) -> None:
        self._held: set[tuple[str, int]] = set()

    def changed(self, events: Iterable[BrokerEvent]) -> bool:
        """Whether something came or went; a complete picture always counts as a change."""
        found = [self._hear(event) for event in events]
        return any(found)

    def _hear(self, event: BrokerEvent) -> bool:
        if isinstance(event, PositionsSnapshot):
            told = set(event.accounts)
            self._held = {(code, con_id) for code, con_id in self._held if code not in told}
            self._held |= {(p.account, p.contract.con_id) for p in event.positions if p.quantity}
            return True
        if not isinstance(event, Position):
            return False
        held = event.account, event.contract.con_id
        if bool(event.quantity) is (held in self._held):
            return False
        self._held ^= {held}
        return True
