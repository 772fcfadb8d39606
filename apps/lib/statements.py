"""One SQL statement that is run again and again, as cheaply as the database allows.

PostgreSQL is sent it once for each connection and afterwards only its values: it neither parses
nor plans it anew, and Django's layers are passed by.
"""

from collections.abc import Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

Row = tuple[Any, ...]
KEPT = 500
"""Statements that a connection holds prepared; beyond them the oldest is forgotten."""


class Statement:
    """`sql` has %s for every value; `fixed` the values that never change, `open_` the places of
    the others, in the order in which `run` is given them."""

    def __init__(self, sql: str, fixed: Sequence[Any] = (), open_: Sequence[int] = ()) -> None:
        self._sql = sql
        self._fixed = list(fixed)
        self._open = tuple(open_)
        self._prepared: bytes | None = None

    def run(self, values: Sequence[Any]) -> list[Row]:
        """Rows as the driver has them; raises what Django raises."""
        db = this_thread()
        # Who listens to Django's statements (tests that count them) hears of these too.
        if db.vendor != "postgresql" or db.execute_wrappers or db.queries_logged:
            return self._through_django(values)
        db.validate_no_broken_transaction()
        db.close_if_health_check_failed()
        db.ensure_connection()
        with db.wrap_database_errors:
            return self._by_the_server(db.connection, values)

    def _through_django(self, values: Sequence[Any]) -> list[Row]:
        told = list(self._fixed)
        for place, value in zip(self._open, values, strict=True):
            told[place] = value
        with this_thread().cursor() as cursor:
            cursor.execute(self._sql, told)
            return cursor.fetchall() if cursor.description else []

    def _by_the_server(self, driver: Any, values: Sequence[Any]) -> list[Row]:
        from psycopg import RawCursor  # noqa: PLC0415  # the driver of one database of two

        if driver.prepare_threshold is None:
            driver.prepare_threshold, driver.prepared_max = 0, KEPT
        if self._prepared is None:
            self._prepared = self._with_fixed(driver)
        with RawCursor(driver) as cursor:
            cursor.execute(self._prepared, values)
            told = cursor.pgresult  # `description` would describe every column anew
            return cursor.fetchall() if told is not None and told.nfields else []

    def _with_fixed(self, driver: Any) -> bytes:
        """What never changes stands in the text, where the planner sees it; the server's own
        places ($1, $2 …) for the rest, so that nobody looks for them again."""
        from psycopg.sql import Literal  # noqa: PLC0415  # likewise

        texts = [text.replace("%%", "%") for text in self._sql.split("%s")]
        numbers = {place: number for number, place in enumerate(self._open, 1)}
        told = texts[0]
        for place, text in enumerate(texts[1:]):
            number = numbers.get(place)
            fixed = Literal(self._fixed[place]).as_string(driver) if number is None else ""
            told += (fixed or f"${number}") + text
        return told.encode()


def this_thread() -> BaseDatabaseWrapper:
    """The thread's connection itself: each look through the framework's stand-in for it costs as
    much as a small piece of work."""
    return connections[DEFAULT_DB_ALIAS]
