"""Broker event → one app function: the only table that knows both sides."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any

from apps.accounts import ingest
from apps.trading.ingest import NEWS
from ibkr.port import BrokerEvent
from ibkr.types import (
    AccountPnL,
    AccountValue,
    BrokerError,
    Commission,
    DataKindChanged,
    Greeks,
    LinkChanged,
    ManagedAccounts,
    PortfolioItem,
    Position,
    PositionPnL,
    PositionsSnapshot,
    Tick,
)
from ibportal.gateway.order_writers import ORDER_EVENTS, OrderWriters

MARKET_DATA = (Tick, Greeks, DataKindChanged)
"""These go straight to the tick pipeline and never touch the database."""

ABOUT_ORDERS = (*ORDER_EVENTS, BrokerError)

ABOUT: Mapping[type, Callable[[Any], Hashable]] = {
    AccountValue: lambda told: (told.account, told.tag, told.currency),
    PortfolioItem: lambda told: (told.account, told.contract.con_id),
    AccountPnL: lambda told: told.account,
    PositionPnL: lambda told: (told.account, told.con_id),
}
"""Figures that stream: by what they are about, of which only the newest counts."""

FREE = (*NEWS, Commission, *ingest.FIGURES)
"""An order's row and an account's figures do not ask which came first. What is told of the link,
of the accounts, or as a complete picture stays where it is."""

Figure = AccountValue | PortfolioItem | AccountPnL | PositionPnL | Position
Writer = Callable[[int, Sequence[Any], datetime], None]


def _figures(connection_id: int, events: Sequence[Figure], at: datetime) -> None:
    ingest.on_figures(connection_id=connection_id, events=events, at=at)


def _snapshots(connection_id: int, events: Sequence[PositionsSnapshot], at: datetime) -> None:  # noqa: ARG001  # a snapshot carries its own time
    for event in events:
        ingest.on_positions_snapshot(connection_id=connection_id, snapshot=event)


def _links(connection_id: int, events: Sequence[LinkChanged], at: datetime) -> None:  # noqa: ARG001  # likewise
    for event in events:
        ingest.on_link(connection_id=connection_id, change=event)


def _accounts(connection_id: int, events: Sequence[ManagedAccounts], at: datetime) -> None:  # noqa: ARG001  # likewise
    for event in events:
        ingest.on_accounts(connection_id=connection_id, codes=event.accounts, at=event.at)


WRITERS: dict[type, Writer] = {
    ManagedAccounts: _accounts,
    PositionsSnapshot: _snapshots,
    LinkChanged: _links,
    **dict.fromkeys(ingest.FIGURES, _figures),
}


def writer_for(
    connection_id: int, now: Callable[[], datetime], orders: OrderWriters
) -> Callable[..., None]:
    """The inbox's handler: runs of one kind are written together."""
    return partial(_write, connection_id, now, WRITERS | orders.table())


def _write(
    connection_id: int,
    now: Callable[[], datetime],
    writers: Mapping[type, Writer],
    events: Sequence[BrokerEvent],
) -> None:
    for segment in _segments(events):
        for kind, run in groupby(segment, _kind):
            writer = writers.get(kind)
            if writer is not None:
                writer(connection_id, list(run), now())


def _segments(events: Sequence[BrokerEvent]) -> Iterator[list[BrokerEvent]]:
    """What may change places stands with its like: news of orders first, commissions next."""
    for is_free, run in groupby(events, free):
        segment = list(run)
        yield sorted(segment, key=_rank) if is_free else segment


def _rank(event: BrokerEvent) -> int:
    if isinstance(event, NEWS):
        return 0
    return 1 if isinstance(event, Commission) else 2


def _kind(event: BrokerEvent) -> type:
    """The same for events that are written together."""
    if isinstance(event, (*NEWS, Commission)):
        return NEWS[0]
    return ingest.FIGURES[0] if isinstance(event, ingest.FIGURES) else type(event)


def free(event: BrokerEvent) -> bool:
    return isinstance(event, FREE)


def figure(event: BrokerEvent) -> Hashable | None:
    """What such an event is about, where only the newest about it counts and it may wait a little;
    None for all that is written at once."""
    of = ABOUT.get(type(event))
    return None if of is None else (type(event), of(event))


def stored(event: BrokerEvent) -> bool:
    """Whether an app keeps this kind of event; errors only where they are about an order."""
    if isinstance(event, BrokerError):
        return event.order_id is not None
    return type(event) in WRITERS or isinstance(event, ORDER_EVENTS)
