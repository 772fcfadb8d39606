"""What a stream does and why instruments lack live prices, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from apps.marketdata.fallback import COMPETING, NO_DATA, NOT_PERMITTED
from apps.marketdata.lines import MAX_TICKERS, LineState
from apps.marketdata.models import StreamConfig
from apps.marketdata.selectors import explained
from apps.marketdata.status import DELAYED_KINDS, StreamStatus

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


def sentence_of(state: State) -> str:
    """The whole stream in one sentence."""
    status = state["status"]
    if status == StreamStatus.STOPPED:
        return _("Stopped here: no instrument of this connection streams.")
    if "symbols" not in state:
        gone = status == StreamStatus.FAILED
        return _("The gateway worker of this connection is not running.") if gone else ""
    if not state["symbols"]:
        return _("Nothing to stream: no positions and no watchlists.")
    lines = state["lines"].values()
    delayed = sum(x["state"] == "streaming" and x["kind"] in DELAYED_KINDS for x in lines)
    parts = [
        _("%(n)s of %(all)s instruments stream")
        % {"n": state["streaming"], "all": state["symbols"]},
        _("%(n)s of them delayed") % {"n": delayed} if delayed else "",
        _("%(n)s asked for, without data so far") % {"n": n} if (n := state["requested"]) else "",
        _("%(n)s wait for a line") % {"n": n} if (n := state["waiting"]) else "",
        _("%(n)s refused") % {"n": n} if (n := state["refused"]) else "",
    ]
    return ", ".join(part for part in parts if part)


def troubles(config: StreamConfig, state: State, names: Mapping[int, str]) -> list[Trouble]:
    """Why the named instruments do not stream as wished, the commonest reason first."""
    found: dict[tuple[str, str, str], Trouble] = {}
    for con_id, name in names.items():
        line = state["lines"].get(str(con_id))
        if line is None or well(line):
            continue
        trouble = trouble_of(line, config)
        key = (trouble.title, trouble.sentence, trouble.kind)
        found.setdefault(key, trouble).names.append(name)
    return sorted(found.values(), key=lambda trouble: -len(trouble.names))


def well(line: State) -> bool:
    return line["state"] in {LineState.STREAMING, LineState.REQUESTED} and "code" not in line


def trouble_of(line: State, config: StreamConfig) -> Trouble:
    words = explained(dict(line))
    sentence = words["sentence"]
    if line["state"] == LineState.WAITING and "code" not in line:
        sentence = _("All %(lines)s market data lines are taken by what goes first.") % {
            "lines": config.max_symbols
        }
    return Trouble(_title(line), sentence, words["remedy"], line["kind"])


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
