"""What risk must know of orders, told by whoever keeps them; risk itself knows no orders; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingOrder:
    """An order that may still fill, or in `Activity.recent` one that was accepted lately.

    Prices in the instrument's currency; None where the order type has none.
    """

    order_id: int
    account_id: int
    con_id: int
    side: str
    quantity: Decimal
    remaining: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    order_type: str
    tif: str
    state: str
    """As apps.trading.states names it; "unknown" matters here."""
    external: bool
    accepted_at: datetime
    strategy: str = ""
    plan_line_id: int | None = None
    source: str = ""
    idempotency_key: str = ""
    oca_group: str = ""
    parent_id: int | None = None
    """Primary key of the order that has to fill before this one may."""

    @property
    def signed(self) -> Decimal:
        """What is left, positive for a purchase."""
        return self.remaining if self.side == "BUY" else -self.remaining


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityQuestion:
    """Which history of orders a decision needs."""

    account_id: int
    con_id: int
    strategy: str = ""
    plan_line_id: int | None = None
    at: datetime
    day_at: datetime
    """Start of today: counts of the day begin here."""
    week_at: datetime
    """Start of this week, for the turnover of the week."""
    recent_at: datetime
    """How far back acceptances and losing exits are wanted."""
    twins: bool = True
    """Whether `Activity.recent` is wanted: nothing but the search for twins looks at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What happened lately, external orders left out."""

    orders_account: int
    """Acceptances of the account since `day_at`."""
    orders_instrument: int
    """Those of the instrument in this account."""
    cancels_account: int
    """Cancels asked for since `day_at`."""
    cancels_instrument: int
    messages: int
    """Orders and changes of the account's connection that were accepted within the second that
    ends at `at` (queued ones count: they will be sent)."""
    recent: tuple[WorkingOrder, ...] = ()
    """Orders of the account and instrument accepted since `recent_at`, in whatever state; empty
    where no twins are asked for."""
    line_submissions: int = 0
    """Orders accepted for the plan line and not placed by a person; 0 without a plan line."""
    rejects: int = 0
    """Broker's rejects in a row, the newest orders first, of the strategy (of the account and the
    door where the strategy is empty)."""
    losses_instrument: tuple[datetime, ...] = ()
    """When exits of the instrument lost money, newest first, back to the newest winning exit."""
    losses_strategy: tuple[datetime, ...] = ()
    """The same of the strategy; empty where the strategy is."""
    traded_week: tuple[tuple[str, Decimal], ...] = ()
    """Sum of |quantity × price × multiplier| of executions since `week_at`, by currency."""
    traded_run: tuple[tuple[str, Decimal], ...] = ()
    """The same of the trade run that the plan line belongs to; empty without one."""


class OrderBook(Protocol):
    """Implemented by whoever keeps orders and registered once, when the process starts."""

    def working(self, account_id: int | None) -> Sequence[WorkingOrder]:
        """All orders that may still fill, external ones too; None for those of all accounts."""
        ...

    def activity(self, question: ActivityQuestion) -> Activity: ...

    def ahead(self, question: ActivityQuestion) -> Sequence[Any]:
        """The prepared queries that `working(None)` and `activity` will run, as
        `apps.lib.prepared.together` takes them; none where the answers need no database."""
        ...

    def ledger(self, account_id: int) -> Mapping[int, Decimal]:
        """Positions by our own executions since the last adopted balance, by conId."""
        ...


class BookMissing(Exception):
    """Nobody has registered an order book: what is working is not known."""


_books: list[OrderBook] = []


def register(book: OrderBook) -> None:
    """The newest registration counts."""
    _books[:] = [book]


def book() -> OrderBook:
    """Raises BookMissing while nobody has registered one: an unknown book is not an empty one."""
    if not _books:
        raise BookMissing("no order book is registered")
    return _books[0]
