"""One SQL statement that is run again and again, as cheaply as the database allows.

PostgreSQL is sent it once for each connection and afterwards only its values: it neither parses
nor plans it anew, and Django's layers are passed by.
"""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import count
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

Row = tuple[Any, ...]
KEPT = 500
"""Statements that a connection holds prepared; beyond them the oldest is forgotten."""
IDLE = 0
"""No transaction has begun: PQTRANS_IDLE."""
DONE = frozenset({1, 2})
"""Done without rows and with them: PGRES_COMMAND_OK, PGRES_TUPLES_OK."""
_NUMBERS = count(1)


class Statement:
    """`sql` has %s for every value; `fixed` the values that never change, `open_` the places of
    the others, in the order in which `run` is given them."""

    def __init__(self, sql: str, fixed: Sequence[Any] = (), open_: Sequence[int] = ()) -> None:
        self._sql = sql
        self._fixed = list(fixed)
        self._open = tuple(open_)
        self._prepared = b""

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
        if not self._prepared:
            self._prepared = self._with_fixed(driver)
        waits = driver.pgconn.transaction_status == IDLE and not driver.autocommit
        if waits or driver.closed:
            # The driver begins the transaction that is due, or says what is wrong.
            return self._by_a_cursor(driver, values)
        with driver.lock:
            return self._in_one_call(driver, values)

    def _by_a_cursor(self, driver: Any, values: Sequence[Any]) -> list[Row]:
        from psycopg import RawCursor  # noqa: PLC0415  # the driver of one database of two

        # Not prepared: what the driver has prepared it forgets after a rollback, and all else too.
        with RawCursor(driver) as cursor:
            cursor.execute(self._prepared, values)
            told = cursor.pgresult  # `description` would describe every column anew
            return cursor.fetchall() if told is not None and told.nfields else []

    def _in_one_call(self, driver: Any, values: Sequence[Any]) -> list[Row]:
        """The driver's library waits for the answer by itself: a cursor would let the other
        threads of a busy process go ahead several times on the way."""
        from psycopg.adapt import PyFormat, Transformer  # noqa: PLC0415  # likewise

        told = Transformer(driver)
        sent = told.dump_sequence(values, [PyFormat.AUTO] * len(values))
        name = self._name(driver, told.types or ())
        result = driver.pgconn.exec_prepared(name, sent, told.formats)
        _raise_for(driver, result)
        if not result.nfields:
            return []
        told.set_pgresult(result)
        rows: list[Row] = told.load_rows(0, result.ntuples, tuple)
        return rows

    def _name(self, driver: Any, types: tuple[int, ...]) -> bytes:
        """Of the statement in this connection for values of these types."""
        names: OrderedDict[Any, bytes] = driver.__dict__.setdefault("_statements", OrderedDict())
        found = names.get((self, types))
        if found is None:
            if len(names) >= KEPT:
                _, oldest = names.popitem(last=False)
                _raise_for(driver, driver.pgconn.exec_(b"DEALLOCATE " + oldest))
            found = f"ibportal_{next(_NUMBERS)}".encode()
            _raise_for(driver, driver.pgconn.prepare(found, self._prepared, types))
            names[self, types] = found
        return found

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


def _raise_for(driver: Any, result: Any) -> None:
    """Raises the driver's own error where the database has told one."""
    from psycopg import OperationalError, errors  # noqa: PLC0415  # likewise

    if result.status in DONE:
        return
    if driver.closed:
        raise OperationalError(driver.pgconn.get_error_message())
    raise errors.error_from_result(result, encoding=driver.info.encoding)


def this_thread() -> BaseDatabaseWrapper:
    """The thread's connection itself: each look through the framework's stand-in for it costs as
    much as a small piece of work."""
    return connections[DEFAULT_DB_ALIAS]
