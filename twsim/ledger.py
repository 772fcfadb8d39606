"""The simulator's own record of orders and fills: append-only JSON lines, each flushed to disk."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

Row = dict[str, Any]
START = "start"
"""Kind of the line that every process begins with; it is about the file and no row of it."""


class Ledger:
    """Rows are kept in memory as well; without a path they live only there.

    A row's `state`, what a later process needs to go on from here, is in the file alone.
    """

    def __init__(self, path: Path | None) -> None:
        """ValueError when the file holds something else than the lines of a ledger."""
        self.path = path
        self.earlier: list[Row] = [] if path is None else _read(path)
        """What the file held, `state` and start lines included; for whoever resumes."""
        kept = (row for row in self.earlier if row["kind"] != START)
        self._rows = [{name: row[name] for name in row if name != "state"} for row in kept]
        self._file: TextIO | None = None

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(self._rows)

    @property
    def keeps(self) -> bool:
        """Whether there is a file, and so any use for a row's state."""
        return self.path is not None

    def begin(self, at: float, **facts: object) -> None:
        """From now on the file is written; what was read is forgotten."""
        self.earlier = []
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        _drop_cut_line(self.path)
        self._file = self.path.open("a", encoding="utf-8")
        self._append({"at": _moment(at), "kind": START, **facts})

    def write(self, kind: str, at: float, *, state: Row | None = None, **fields: object) -> None:
        row: Row = {"seq": len(self._rows) + 1, "at": _moment(at), "kind": kind, **fields}
        self._rows.append(row)
        self._append(row if state is None else {**row, "state": state})

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _append(self, row: Row) -> None:
        if self._file is not None:
            self._file.write(json.dumps(row, separators=(",", ":")) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")


def _read(path: Path) -> list[Row]:
    """Whole lines only: the last may have been cut off when the process was killed."""
    if not path.is_file():
        return []
    rows: list[Row] = []
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.endswith(b"\n"):
                rows.append(_row(line, f"line {number} of {path}"))
    return rows


def _row(line: bytes, where: str) -> Row:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict) or "kind" not in row:
        raise ValueError(f"{where} is not a line of a ledger; remove the file to start afresh")
    return row


def _drop_cut_line(path: Path) -> None:
    """Else the next line would be glued to it."""
    if not path.is_file():
        return
    whole = 0
    with path.open("rb+") as file:
        for line in file:
            whole += len(line) if line.endswith(b"\n") else 0
        file.truncate(whole)
