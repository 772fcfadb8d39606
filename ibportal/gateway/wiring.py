"""Broker event → one app function: the only table that knows both sides."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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

FREE = (*NEWS, Commission, AccountValue, PortfolioItem, AccountPnL, PositionPnL, Position)
"""An order's row and an account's figures do not ask which came first. What is told of the link,
of the accounts, or as a complete picture stays where it is."""

CHANGES_HOLDINGS = (PositionsSnapshot, Position)

Writer = Callable[[int, Sequence[Any], datetime], None]


def _values(connection_id: int, events: Sequence[AccountValue], at: datetime) -> None:
    ingest.on_account_values(connection_id=connection_id, values=events, at=at)


def _portfolio(connection_id: int, events: Sequence[PortfolioItem], at: datetime) -> None:
    ingest.on_portfolio(connection_id=connection_id, items=events, at=at)


def _account_pnl(connection_id: int, events: Sequence[AccountPnL], at: datetime) -> None:
    ingest.on_account_pnl(connection_id=connection_id, pnls=events, at=at)


def _position_pnl(connection_id: int, events: Sequence[PositionPnL], at: datetime) -> None:
    ingest.on_position_pnl(connection_id=connection_id, pnls=events, at=at)


def _snapshots(connection_id: int, events: Sequence[PositionsSnapshot], at: datetime) -> None:  # noqa: ARG001  # a snapshot carries its own time
    for event in events:
        ingest.on_positions_snapshot(connection_id=connection_id, snapshot=event)


def _positions(connection_id: int, events: Sequence[Position], at: datetime) -> None:
    for event in events:
        ingest.on_position(connection_id=connection_id, position=event, at=at)


def _links(connection_id: int, events: Sequence[LinkChanged], at: datetime) -> None:  # noqa: ARG001  # likewise
    for event in events:
        ingest.on_link(connection_id=connection_id, change=event)


def _accounts(connection_id: int, events: Sequence[ManagedAccounts], at: datetime) -> None:  # noqa: ARG001  # likewise
    for event in events:
        ingest.on_accounts(connection_id=connection_id, codes=event.accounts, at=event.at)


WRITERS: dict[type, Writer] = {
    ManagedAccounts: _accounts,
    AccountValue: _values,
    PortfolioItem: _portfolio,
    AccountPnL: _account_pnl,
    PositionPnL: _position_pnl,
    PositionsSnapshot: _snapshots,
    Position: _positions,
    LinkChanged: _links,
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
    for free, run in groupby(events, lambda event: isinstance(event, FREE)):
        segment = list(run)
        yield sorted(segment, key=_rank) if free else segment


def _rank(event: BrokerEvent) -> int:
    if isinstance(event, NEWS):
        return 0
    return 1 if isinstance(event, Commission) else 2


def _kind(event: BrokerEvent) -> type:
    return NEWS[0] if isinstance(event, NEWS) else type(event)


def stored(event: BrokerEvent) -> bool:
    """Whether an app keeps this kind of event; errors only where they are about an order."""
    if isinstance(event, BrokerError):
        return event.order_id is not None
    return type(event) in WRITERS or isinstance(event, ORDER_EVENTS)


def changes_holdings(events: Iterable[BrokerEvent]) -> bool:
    return any(isinstance(event, CHANGES_HOLDINGS) for event in events)
