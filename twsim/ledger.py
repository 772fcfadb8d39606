"""The simulator's own record of orders and fills: append-only JSON lines, each flushed to disk."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

Row = dict[str, Any]


class Ledger:
    """Rows are kept in memory as well; without a path they live only there."""

    def __init__(self, path: Path | None) -> None:
        self._rows: list[Row] = []
        self._file: TextIO | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8")

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(self._rows)

    def write(self, kind: str, at: float, **fields: object) -> None:
        moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")
        row: Row = {"seq": len(self._rows) + 1, "at": moment, "kind": kind, **fields}
        self._rows.append(row)
        if self._file is not None:
            self._file.write(json.dumps(row, separators=(",", ":")) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
