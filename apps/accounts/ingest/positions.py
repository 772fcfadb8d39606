"""Positions: a complete snapshot, single changes, and the broker's valuation of each."""

import logging
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from apps.accounts.ingest.accounts import books, grouped
from apps.accounts.ingest.book import Book
from apps.accounts.ingest.reading import Scope
from apps.accounts.market_days import days_to
from ibkr.types import Contract, PortfolioItem, Position, PositionsSnapshot

log = logging.getLogger(__name__)

MULTIPLIED = {"OPT", "FOP", "FUT", "WAR", "IOPT", "CONTFUT"}
"""Without a multiplier these cannot be valued; everything else moves one to one."""


def on_positions_snapshot(*, connection_id: int, snapshot: PositionsSnapshot) -> None:
    """A position of a named account that is absent here is zero: its row goes."""
    groups = grouped(snapshot.positions, lambda position: position.account)
    scopes = dict.fromkeys([*snapshot.accounts, *groups], Scope(con_ids=None))
    with transaction.atomic():
        found = books(connection_id=connection_id, scopes=scopes, at=snapshot.at)
        for code, book in found.items():
            _replace(book, groups.get(code, []), snapshot.at)


def _replace(book: Book, positions: Sequence[Position], at: datetime) -> None:
    kept = {p.contract.con_id for p in positions if p.quantity}
    for con_id in set(book.positions) - kept:
        book.remove_position(con_id)
    for position in positions:
        hear(book, position, at)
    book.set_account(positions_at=at)
    book.save()


def hear(book: Book, position: Position, at: datetime) -> None:
    """Quantity zero removes the row."""
    con_id = position.contract.con_id
    if not position.quantity:
        book.remove_position(con_id)
        return
    book.set_position(
        con_id,
        at=at,
        **_contract_fields(position.contract, at),
        quantity=position.quantity,
        average_cost=position.average_cost,
    )


def hear_portfolio(book: Book, item: PortfolioItem, at: datetime) -> None:
    """Which positions there are, only the positions stream decides; see `on_figures`."""
    row = book.positions.get(item.contract.con_id)
    if row is None:
        if book.account.positions_at is not None or not item.quantity:
            log.debug("portfolio row of conId %s without a position", item.contract.con_id)
            return
        hear(book, _position(item), at)
    book.set_position(
        item.contract.con_id,
        at=at,
        **_contract_fields(item.contract, at),
        valued_quantity=item.quantity,
        market_price=item.market_price,
        market_value=item.market_value,
        local_unrealized_pnl=item.unrealized_pnl,
        local_realized_pnl=item.realized_pnl,
        valued_at=at,
    )


def _position(item: PortfolioItem) -> Position:
    return Position(item.account, item.contract, item.quantity, item.average_cost)


def _contract_fields(contract: Contract, at: datetime) -> dict[str, Any]:
    """The told fields only: messages leave out what other messages fill in."""
    told = {
        "symbol": contract.symbol,
        "local_symbol": contract.local_symbol,
        "sec_type": contract.sec_type,
        "currency": contract.currency,
        "exchange": contract.exchange,
        "primary_exchange": contract.primary_exchange,
        "trading_class": contract.trading_class,
        "multiplier": _multiplier(contract),
        "expiry": contract.expiry,
        "strike": contract.strike or None,
        "right": contract.right,
        "days_to_expiry": days_to(contract.expiry, currency=contract.currency, at=at),
    }
    return {name: value for name, value in told.items() if value not in {None, ""}}


def _multiplier(contract: Contract) -> Decimal | None:
    if contract.multiplier:
        return contract.multiplier
    return None if contract.sec_type in MULTIPLIED else Decimal(1)
