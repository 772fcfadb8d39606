"""Which data farms of the broker are down, from what it said last; pure."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

BROKEN = frozenset({2103, 2105, 2157})
WORKS = frozenset({2104, 2106, 2107, 2108, 2119, 2158})
"""Inactive farms wake up on demand: they count as working."""


class Notice(Protocol):
    """TWS's message about a farm ends in `:` and the farm's name."""

    @property
    def code(self) -> int: ...
    @property
    def text(self) -> str: ...


NoticeT = TypeVar("NoticeT", bound=Notice)


def farms_down(notices: Iterable[NoticeT]) -> list[NoticeT]:
    """The notices, newest first, that say that a farm is down and were not answered since."""
    newest: dict[str, NoticeT] = {}
    for notice in notices:
        if notice.code in BROKEN | WORKS:
            newest.setdefault(notice.text.rpartition(":")[2].strip(), notice)
    return [notice for notice in newest.values() if notice.code in BROKEN]
