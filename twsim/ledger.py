"""The simulator's own record of orders and fills: append-only JSON lines, each flushed to disk."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
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
        self.earlier: list[Row] = []
        """What the file held, `state` and start lines included; for whoever resumes."""
        self._whole = 0
        if path is not None and path.is_file():
            self.earlier, self._whole = _read(path)
        self._rows = [_shown(row) for row in self.earlier if row["kind"] != START]
        self._file: TextIO | None = None
        self._group: list[Row] | None = None

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
        self._file = self.path.open("a", encoding="utf-8")
        self._file.truncate(self._whole)
        self._append([{"at": _moment(at), "kind": START, **facts}])

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written meanwhile reaches the disk at the end, all or nothing whoever is killed.

        Not to be nested, and nobody outside the process may hear of it before the end.
        """
        group: list[Row] = []
        self._group = group
        try:
            yield
        finally:
            self._group = None
            self._append(group)

    def write(self, kind: str, at: float, *, state: Row | None = None, **fields: object) -> None:
        row: Row = {"seq": len(self._rows) + 1, "at": _moment(at), "kind": kind, **fields}
        self._rows.append(row)
        kept = row if state is None else {**row, "state": state}
        if self._group is None:
            self._append([kept])
        else:
            self._group.append(kept)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _append(self, rows: list[Row]) -> None:
        if self._file is not None and rows:
            marked = [{**row, "more": True} for row in rows[:-1]] + rows[-1:]
            lines = [json.dumps(row, separators=(",", ":")) + "\n" for row in marked]
            self._file.write("".join(lines))
            self._file.flush()
            os.fsync(self._file.fileno())


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")


def _shown(row: Row) -> Row:
    return {name: row[name] for name in row if name not in ("state", "more")}


def _read(path: Path) -> tuple[list[Row], int]:
    """Whole groups only, and their length in bytes: the last may have been cut off by a kill."""
    rows: list[Row] = []
    group: list[Row] = []
    read = whole = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                break
            read += len(line)
            group.append(_row(line, f"line {number} of {path}"))
            if "more" not in group[-1]:
                rows += group
                group, whole = [], read
    return rows, whole


def _row(line: bytes, where: str) -> Row:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict) or "kind" not in row:
        raise ValueError(f"{where} is not a line of a ledger; remove the file to start afresh")
    return row
