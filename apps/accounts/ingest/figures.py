"""What the broker streams of an account: a batch is read once, written once and told once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.accounts.ingest import pnl, positions, values
from apps.accounts.ingest.accounts import books, grouped
from apps.accounts.ingest.book import Book
from apps.accounts.ingest.reading import RATES, Scope
from ibkr.types import AccountPnL, AccountValue, PortfolioItem, Position, PositionPnL

Figure = AccountValue | PortfolioItem | AccountPnL | PositionPnL | Position
HEAR: Mapping[type, Callable[[Book, Any, datetime], None]] = {
    AccountValue: values.hear,
    PortfolioItem: positions.hear_portfolio,
    AccountPnL: pnl.hear_account,
    PositionPnL: pnl.hear_position,
    Position: positions.hear,
}
FIGURES = tuple(HEAR)


def on_figures(*, connection_id: int, events: Sequence[Figure], at: datetime) -> None:
    """In order of arrival, the latest of each wins; one transaction.

    Account values: the latest of a (tag, currency). P&L, in base currency, comes about once a
    second: a missing figure replaces a known one, for the broker withdrew it, and figures for a
    position that is gone are of no use. The portfolio values positions; which there are, only the
    positions stream decides, but before its first snapshot the portfolio may create rows, so that
    nothing told is lost. A position of quantity zero goes.
    """
    groups = grouped(events, lambda event: event.account)
    scopes = {code: _scope(told) for code, told in groups.items()}
    with transaction.atomic():
        for code, book in books(connection_id=connection_id, scopes=scopes, at=at).items():
            for event in groups[code]:
                HEAR[type(event)](book, event, at)
            book.save()


def _scope(events: Sequence[Figure]) -> Scope:
    con_ids: set[int] = set()
    tags: set[str] = set()
    for event in events:
        if isinstance(event, PositionPnL):
            con_ids.add(event.con_id)
        elif isinstance(event, PortfolioItem | Position):
            con_ids.add(event.contract.con_id)
        elif isinstance(event, AccountValue):
            tags.add(event.tag)
    return Scope(
        con_ids=None if tags & values.REACH_POSITIONS else frozenset(con_ids),
        tags=None if tags else (RATES if con_ids else frozenset()),
    )
