"""What the portal's database and the simulator's ledger hold, as the comparison wants them."""

import contextlib
import json
import sqlite3
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from tests.chaos.compare import Book, Row

OPEN_STATES = (
    "accepted", "claimed", "sent", "pre_submitted", "submitted", "pending_cancel", "inactive",
    "unknown",
)  # fmt: skip
TROUBLE = (OSError, sqlite3.Error, psycopg.Error)
"""What a look at rows may raise while something is dead."""
ORDERS = "SELECT ref, idempotency_key, state, filled FROM trading_order WHERE source <> 'external'"
EXECUTIONS = (
    "SELECT exec_id, quantity, price FROM trading_execution e WHERE quantity > 0"
    " AND revision = (SELECT max(revision) FROM trading_execution n WHERE n.base = e.base)"
)
EVENTS = (
    "SELECT o.ref, o.id, e.at, e.before, e.after, e.kind, e.origin, e.data"
    " FROM trading_orderevent e JOIN trading_order o ON o.id = e.order_id ORDER BY e.id"
)
COMMISSIONS = "SELECT exec_id, amount FROM trading_commissionreport"
POSITIONS = (
    "SELECT a.code, p.con_id, p.quantity FROM accounts_position p"
    " JOIN accounts_brokeraccount a ON a.id = p.account_id"
)


class Database:
    """SELECTs straight to the portal's database: manage.py would take a second each time."""

    def __init__(self, url: str, var: Path) -> None:
        """`url` empty: the SQLite file in `var`."""
        self._url = url if url.startswith("postgres") else ""
        self.path = var / "ibportal.sqlite3"

    @property
    def is_server(self) -> bool:
        return bool(self._url)

    def select(self, statement: str) -> list[tuple[Any, ...]]:
        if self._url:
            with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as server:
                return list(server.execute(statement.encode()).fetchall())
        with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as file:
            return list(file.execute(statement).fetchall())

    def story(self, refs: Collection[str]) -> list[str]:
        """Everything that happened to these orders, for whoever looks for a fault."""
        rows = self.select(EVENTS)
        return [" ".join(map(str, row)) for row in rows if row[0] in refs]

    def book(self) -> Book:
        return Book(
            orders=[
                {"ref": r, "key": k, "state": s, "filled": number(f), "open": s in OPEN_STATES}
                for r, k, s, f in self.select(ORDERS)
            ],
            executions=[
                {"exec_id": name, "quantity": number(q), "price": number(p)}
                for name, q, p in self.select(EXECUTIONS)
            ],
            commissions={name: number(amount) for name, amount in self.select(COMMISSIONS)},
            positions={
                (code, int(con_id)): number(q) for code, con_id, q in self.select(POSITIONS)
            },
        )


class Ledger:
    """The simulator's file, read on from where the last look ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._rows: list[Row] = []

    def rows(self) -> list[Row]:
        with self._path.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                self._rows.append(json.loads(line))
        return self._rows


def number(value: Any) -> Decimal:
    return Decimal(str(value)).normalize()
