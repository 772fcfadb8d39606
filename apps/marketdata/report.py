"""Why instruments lack live prices, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from apps.marketdata.fallback import COMPETING, NO_DATA, NOT_PERMITTED
from apps.marketdata.lines import MAX_TICKERS, LineState
from apps.marketdata.selectors import explained
from apps.marketdata.status import DELAYED_KINDS

NAMED = 6
State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trouble:
    """One reason and the instruments it holds for. `kind` is what they show instead."""

    title: str
    sentence: str
    remedy: str
    kind: str
    names: list[str] = field(default_factory=list)

    @property
    def first(self) -> str:
        return ", ".join(self.names[:NAMED])

    @property
    def more(self) -> int:
        return max(0, len(self.names) - NAMED)


def troubles(state: State, names: Mapping[int, str]) -> list[Trouble]:
    """Why the named instruments do not stream as wished, the commonest reason first."""
    found: dict[tuple[str, str, str], Trouble] = {}
    for con_id, name in names.items():
        line = state["lines"].get(str(con_id))
        if line is None or well(line):
            continue
        trouble = trouble_of(line)
        key = (trouble.title, trouble.sentence, trouble.kind)
        found.setdefault(key, trouble).names.append(name)
    return sorted(found.values(), key=lambda trouble: -len(trouble.names))


def well(line: State) -> bool:
    return line["state"] in {LineState.STREAMING, LineState.REQUESTED} and "code" not in line


def trouble_of(line: State) -> Trouble:
    words = explained(dict(line))
    return Trouble(_title(line), words["sentence"], words["remedy"], line["kind"])


def _title(line: State) -> str:
    code = line.get("code")
    titles = {
        COMPETING: _("Another session of this login takes the live data"),
        NO_DATA: _("Nothing comes"),
        MAX_TICKERS: _("No market data line is left"),
    }
    if code in titles:
        return titles[code]
    if code in NOT_PERMITTED:
        late = line["kind"] in DELAYED_KINDS
        return _("Delayed data only") if late else _("No permission for live data")
    if line["state"] == LineState.WAITING:
        return _("No market data line is left")
    return _("The broker refuses this")
