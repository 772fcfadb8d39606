"""Reads an uploaded file of target weights: every line is either understood or complained about.

Decided: UTF-8, with or without a byte order mark. The first line names the columns. Commas,
semicolons or tabs separate; where commas do not, 0,25 is a number too. 25% is 0.25. Empty lines
are skipped. What is finer than the tenth decimal is cut off, never rounded up.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.utils.translation import gettext as _

from apps.marketdata.services.instruments import KINDS

COLUMNS = ("symbol", "weight", "conid", "sec_type", "currency", "exchange")
NEEDED = ("symbol", "weight")
TEMPLATE = """symbol,weight,conid,sec_type,currency,exchange
AAPL,0.25,265598,STK,USD,
SPY,30%,,ETF,USD,
700,0.20,,STK,HKD,SEHK
"""
BYTES_LIMIT, ROWS_LIMIT = 1_000_000, 2000
STEP = Decimal("1e-10")
LARGEST = Decimal(10)
"""In weight: far beyond any leverage, and what the column holds."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)
NOT_FINITE = re.compile(r"[+-]?(s?nan|inf|infinity)", re.IGNORECASE)
FILE = "file"
"""The key of complaints that are about no single line."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what it names, and the fraction of 1 it wants of it."""

    line: int
    symbol: str
    weight: Decimal
    con_id: int | None = None
    sec_type: str = ""
    currency: str = ""
    exchange: str = ""


@dataclass(slots=True)
class Read:
    """`errors` by line as "line 3", or "file"; `code` is that of the first one."""

    rows: list[Row] = field(default_factory=list)
    errors: dict[str, list[str]] = field(default_factory=dict)
    code: str = ""

    def complain(self, where: int | str, code: str, sentence: str) -> None:
        key = where if isinstance(where, str) else f"line {where}"
        self.errors.setdefault(key, []).append(sentence)
        self.code = self.code or code


class Wrong(Exception):
    """A cell that cannot be read: code and sentence."""


def read(content: bytes | str) -> Read:
    """Never raises for what a file may contain."""
    found = Read()
    try:
        text = _text(content)
        _read_table(text, found)
    except Wrong as wrong:
        found.complain(FILE, *wrong.args)
    if not found.errors and not found.rows:
        found.complain(FILE, "empty", _("There is no line with a weight in the file."))
    return found


def read_items(items: Iterable[Mapping[str, Any] | Row]) -> Read:
    """The same for what a program sends: con_id, symbol, weight and so on, numbers or texts.

    "line 1" is the first of them; rows that were read already keep their own.
    """
    found = Read()
    for line, item in enumerate(items, start=1):
        if isinstance(item, Row):
            found.rows.append(item)
            continue
        cells = {name: str(item.get(name) or "").strip() for name in COLUMNS}
        cells |= {"conid": str(item.get("con_id") or ""), "weight": str(item.get("weight", ""))}
        try:
            found.rows.append(_row(line, cells, ","))
        except Wrong as wrong:
            found.complain(line, *wrong.args)
    if not found.errors and not found.rows:
        found.complain(FILE, "empty", _("There is no line with a weight in the file."))
    return found


def _text(content: bytes | str) -> str:
    if len(content) > BYTES_LIMIT:
        raise Wrong("unreadable", _("The file is larger than 1 MB: that is no list of weights."))
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    except UnicodeDecodeError as error:
        sentence = _("The file is not in UTF-8. In Excel, choose “CSV UTF-8” when saving it.")
        raise Wrong("unreadable", sentence) from error
    if "\0" in text:
        raise Wrong("unreadable", _("The file is not a text file."))
    return text.removeprefix("\ufeff")


def _read_table(text: str, found: Read) -> None:
    delimiter = _delimiter(text)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = ((lines.line_num, cells) for cells in lines if any(cell.strip() for cell in cells))
        _read_rows(rows, delimiter, found)
    except csv.Error as error:
        sentence = _("The quotation marks do not match: %(why)s.") % {"why": error}
        found.complain(max(lines.line_num, 1), "unreadable", sentence)


def _delimiter(text: str) -> str:
    """Whichever the line with the names uses most."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=head.count)


def _read_rows(rows: Iterator[tuple[int, Sequence[str]]], delimiter: str, found: Read) -> None:
    names: list[str] = []
    for count, (line, cells) in enumerate(rows):
        if not names:
            names = _names(cells)
        elif count > ROWS_LIMIT:
            sentence = _("More than %(limit)s lines: that is no list of weights.")
            raise Wrong("unreadable", sentence % {"limit": ROWS_LIMIT})
        else:
            try:
                found.rows.append(_row(line, _cells(names, cells), delimiter))
            except Wrong as wrong:
                found.complain(line, *wrong.args)


def _names(cells: Sequence[str]) -> list[str]:
    """The columns by name in any order and spelling: conId, con_id and "Con ID" are one."""
    known = {name.replace("_", ""): name for name in COLUMNS}
    names = [re.sub(r"[\s_]", "", cell).lower() for cell in cells]
    places = {"names": ", ".join(COLUMNS)}
    wrong = [cell.strip() for name, cell in zip(names, cells, strict=True) if name not in known]
    if wrong or len(set(names)) < len(names):
        cell = wrong[0] if wrong else cells[0].strip()
        sentence = _("“%(cell)s” in the first line is not the name of a column: %(names)s.")
        raise Wrong("unreadable", sentence % ({"cell": cell} | places))
    if "weight" not in names or not {"symbol", "conid"} & set(names):
        sentence = _("The first line must name the columns symbol and weight. Known: %(names)s.")
        raise Wrong("unreadable", sentence % places)
    return [known[name] for name in names]


def _cells(names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
        sentence = _("There are %(cells)s cells and %(names)s columns. Is 0,5 meant as 0.5?")
        raise Wrong("unreadable", sentence % {"cells": len(cells), "names": len(names)})
    return {name: cell.strip() for name, cell in zip(names, cells, strict=False)}


def _row(line: int, cells: Mapping[str, str], delimiter: str) -> Row:
    symbol, con_id = cells.get("symbol", "").upper(), _con_id(cells.get("conid", ""))
    if not symbol and con_id is None:
        raise Wrong("unreadable", _("There is neither a symbol nor a conId."))
    sec_type = cells.get("sec_type", "").upper()
    if sec_type and sec_type not in KINDS:
        sentence = _("“%(cell)s” is not a type of instrument: %(kinds)s.")
        raise Wrong("unreadable", sentence % {"cell": sec_type, "kinds": ", ".join(KINDS)})
    text = cells.get("weight", "")
    return Row(
        line=line,
        symbol=symbol,
        weight=weight_of(text.replace(",", ".") if delimiter != "," else text),
        con_id=con_id,
        sec_type=sec_type,
        currency=cells.get("currency", "").upper(),
        exchange=cells.get("exchange", "").upper(),
    )


def weight_of(text: str) -> Decimal:
    """0.25, 25% or 25 %; raises Wrong with code and sentence."""
    bare = text.removesuffix("%").strip()
    if not text:
        raise Wrong("not_a_number", _("The weight is missing."))
    if NOT_FINITE.fullmatch(bare):
        sentence = _("A weight must be finite; “%(cell)s” is not.") % {"cell": text}
        raise Wrong("weight_not_finite", sentence)
    if not NUMBER.fullmatch(bare):
        sentence = _("“%(cell)s” is not a number. Write 0.25 or 25%%.") % {"cell": text[:40]}
        raise Wrong("not_a_number", sentence)
    weight = Decimal(bare) / 100 if text.endswith("%") else Decimal(bare)
    if abs(weight) >= LARGEST:
        sentence = _("%(cell)s is far more than the whole. Write 0.25 or 25%%.") % {"cell": text}
        raise Wrong("weights_over_one", sentence)
    return weight.quantize(STEP, ROUND_DOWN)


def _con_id(text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"\d{1,10}", text, re.ASCII) or int(text) == 0:
        sentence = _("“%(cell)s” is not a conId: that is a whole number.") % {"cell": text[:40]}
        raise Wrong("unreadable", sentence)
    return int(text)
