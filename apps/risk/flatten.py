"""What flattening needs of whoever sends orders; risk itself sends none; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from apps.risk.book import WorkingOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """A closing order as it stands."""

    order_id: int
    open: bool
    unknown: bool
    filled: Decimal
    reason: str
    moved_at: datetime | None
    """When it last filled or ended; None while nothing has happened."""


class Closer(Protocol):
    """Implemented by apps.trading and registered when the process starts."""

    def cancel(self, account_id: int, *, at: datetime) -> int:
        """Asks for the end of our own working orders that do not close anything; how many."""
        ...

    def close(
        self, account_id: int, con_id: int, quantity: Decimal, *, key: str, at: datetime
    ) -> int:
        """Sends an order against a position of this signed quantity; the order's primary key.

        The same key again gives the first order. Raises a PortalError with the reason.
        """
        ...

    def closing(self, order_id: int) -> Closing: ...

    def settled_at(self, account_id: int) -> datetime | None:
        """When the newest fill of the account was written."""
        ...

    def pictured_at(self, account_id: int) -> datetime | None:
        """When the newest picture of all working orders at the broker, every program's, was asked
        for that the rows hold whole."""
        ...

    def ask_broker(self, account_id: int) -> None:
        """Asks for positions and for the working orders of every program anew."""
        ...


def closable(con_id: int, quantity: Decimal, elsewhere: Iterable[WorkingOrder]) -> Decimal:
    """How much of a signed position a closing order may take: together with what other programs
    have resting on its side it must not turn the position round."""
    side = "SELL" if quantity > 0 else "BUY"
    resting = [order for order in elsewhere if (order.con_id, order.side) == (con_id, side)]
    left = abs(quantity) - sum((order.remaining for order in resting), Decimal(0))
    return max(left, Decimal(0)).copy_sign(quantity)


class CloserMissing(Exception):
    """Nobody has registered a closer."""


_closers: list[Closer] = []


def register(closer: Closer) -> None:
    """The newest registration counts."""
    _closers[:] = [closer]


def closer() -> Closer:
    """Raises CloserMissing while nobody has registered one."""
    if not _closers:
        raise CloserMissing("nobody can send closing orders")
    return _closers[0]
