"""Which instruments get the market data lines there are; pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class Reason(IntEnum):
    """Why an instrument is wanted; the lower one goes first."""

    POSITION = 0
    TARGET = 1
    WATCHLIST = 2
    BROWSING = 3
    """Somebody looks at it right now: an option chain, an instrument page."""


@dataclass(frozen=True, slots=True)
class Want:
    con_id: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Allotment:
    """`granted` in order of priority; `left_out` says what each was wanted for."""

    lines: int
    granted: Mapping[int, Reason] = field(default_factory=dict)
    left_out: Mapping[int, Reason] = field(default_factory=dict)

    @property
    def taken(self) -> dict[str, int]:
        """How many lines there are and what for they are used, for those that did not fit."""
        counts = Counter(self.granted.values())
        used = {reason.name.lower(): counts[reason] for reason in Reason if counts[reason]}
        return {"lines": self.lines, **used}


def allot(wants: Iterable[Want], *, lines: int, holding: Iterable[int] = ()) -> Allotment:
    """Gives `lines` by reason, then to those that already hold one, then in the given order.

    An instrument that is wanted twice counts once, for its best reason. Repeating the call with
    what it granted as `holding` changes nothing.
    """
    best: dict[int, Reason] = {}
    for want in wants:
        best[want.con_id] = min(best.get(want.con_id, want.reason), want.reason)
    held = frozenset(holding)
    ranked = sorted(best, key=lambda con_id: (best[con_id], con_id not in held))
    limit = max(lines, 0)
    return Allotment(
        limit,
        {con_id: best[con_id] for con_id in ranked[:limit]},
        {con_id: best[con_id] for con_id in ranked[limit:]},
    )
