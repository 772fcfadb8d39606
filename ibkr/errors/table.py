"""The one table of codes: what each means, how bad it is, and what to do about it."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = ("en", "zh-hans", "zh-hant")


class Kind(StrEnum):
    """What a code is about."""

    INFORMATION = "information"
    WARNING = "warning"
    LINK = "link"
    DATA = "data"
    REJECT = "reject"
    """An order, a change of one or a cancel was refused."""
    CANCELLED = "cancelled"
    """An order was cancelled; normal after one's own cancel."""
    REQUEST = "request"
    """A request that is not an order was refused."""
    CLIENT = "client"
    """Made on this side of the socket."""


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Explanation:
    """For people, in one language. `remedy` is "" where nothing needs doing."""

    meaning: str
    remedy: str


@dataclass(frozen=True, slots=True)
class CodeInfo:
    """`ends` says that the request which carries the code will get no (further) answer."""

    code: str
    kind: Kind
    severity: Severity
    ends: bool
    known: bool
    texts: tuple[Explanation, ...]
    """One for each of LANGUAGES, in that order."""

    def explanation(self, language: str = "en") -> Explanation:
        """In the language asked for (`zh-hk`, `zh-cn` and the like are understood), or English."""
        return self.texts[LANGUAGES.index(_nearest(language))]


def explain(code: int | str, text: str = "") -> CodeInfo:
    """What the table says; for an unknown code TWS's own text, raw, in every language."""
    return _table().get(str(code)) or _unknown(str(code), text)


def known_codes() -> tuple[str, ...]:
    return tuple(_table())


def _unknown(code: str, text: str) -> CodeInfo:
    """TWS keeps 2100-2199 for notices; any other code may be the end of the request."""
    notice = code.isdigit() and 2100 <= int(code) <= 2199
    return CodeInfo(
        code=code,
        kind=Kind.WARNING if notice else Kind.REQUEST,
        severity=Severity.WARNING if notice else Severity.ERROR,
        ends=not notice,
        known=False,
        texts=(Explanation(text or f"Code {code}", ""),) * len(LANGUAGES),
    )


def _nearest(language: str) -> str:
    wanted = language.lower().replace("_", "-")
    if wanted.startswith(("zh-hant", "zh-tw", "zh-hk", "zh-mo")):
        return "zh-hant"
    return "zh-hans" if wanted.startswith("zh") else "en"


@cache
def _table() -> dict[str, CodeInfo]:
    table: dict[str, CodeInfo] = {}
    for file in sorted((resources.files("ibkr.errors") / "codes").iterdir(), key=lambda f: f.name):
        for code, row in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if code in table:
                raise ValueError(f"code {code} is explained twice, again in {file.name}")
            table[code] = _row(code, row)
    return table


def _row(code: str, row: dict[str, Any]) -> CodeInfo:
    kind = Kind(row["kind"])
    notice = kind in (Kind.INFORMATION, Kind.WARNING, Kind.LINK)
    return CodeInfo(
        code=code,
        kind=kind,
        severity=Severity(row["severity"]),
        ends=row.get("ends", not notice),
        known=True,
        texts=tuple(Explanation(*row[language]) for language in LANGUAGES),
    )
