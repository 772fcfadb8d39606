"""P&L as the broker streams it, about once a second: batches, the latest of each wins."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.accounts.ingest.accounts import books, grouped
from apps.accounts.ingest.book import Book, Scope
from ibkr.types import AccountPnL, PositionPnL


def on_account_pnl(*, connection_id: int, pnls: Sequence[AccountPnL], at: datetime) -> None:
    """In base currency; a missing figure replaces a known one, for the broker withdrew it."""
    latest = {pnl.account: pnl for pnl in pnls}
    with transaction.atomic():
        found = books(connection_id=connection_id, codes=latest, at=at, scope=Scope())
        for code, book in found.items():
            pnl = latest[code]
            book.set_account(
                daily_pnl=pnl.daily, unrealized_pnl=pnl.unrealized, realized_pnl=pnl.realized
            )
            book.set_account(pnl_at=at)
            book.save()


def on_position_pnl(*, connection_id: int, pnls: Sequence[PositionPnL], at: datetime) -> None:
    """In base currency. Figures for a position that is gone are of no use."""
    groups = grouped(pnls, lambda pnl: pnl.account)
    scope = Scope(con_ids=frozenset(pnl.con_id for pnl in pnls))
    with transaction.atomic():
        found = books(connection_id=connection_id, codes=groups, at=at, scope=scope)
        for code, book in found.items():
            latest = {pnl.con_id: pnl for pnl in groups[code]}
            for pnl in latest.values():
                _apply(book, pnl, at)
            book.save()


def _apply(book: Book, pnl: PositionPnL, at: datetime) -> None:
    if pnl.con_id not in book.positions:
        return
    book.set_position(
        pnl.con_id,
        at=at,
        pnl_quantity=pnl.quantity,
        daily_pnl=pnl.daily,
        unrealized_pnl=pnl.unrealized,
        realized_pnl=pnl.realized,
        value_base=pnl.value,
        pnl_at=at,
    )
