"""P&L as the broker streams it, about once a second."""

from datetime import datetime

from apps.accounts.ingest.book import Book
from ibkr.types import AccountPnL, PositionPnL


def hear_account(book: Book, pnl: AccountPnL, at: datetime) -> None:
    book.set_account(
        daily_pnl=pnl.daily, unrealized_pnl=pnl.unrealized, realized_pnl=pnl.realized, pnl_at=at
    )


def hear_position(book: Book, pnl: PositionPnL, at: datetime) -> None:
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
