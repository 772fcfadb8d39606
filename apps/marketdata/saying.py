"""What a stream does, in one sentence; the gateway tells counts and codes, never words."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from apps.marketdata.status import DELAYED_KINDS, StreamStatus

State = Mapping[str, Any]


def sentences_of(state: State) -> dict[str, str]:
    """By language: one event goes to readers of all of them."""
    found = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found[language] = sentence_of(state)
    return found


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


def taken_sentence(taken: Mapping[str, int]) -> str:
    """Why an instrument has no line: what all of them are used for."""
    reasons = {
        "position": _("%(n)s for positions"),
        "target": _("%(n)s for targets"),
        "watchlist": _("%(n)s for watchlists"),
        "browsing": _("%(n)s for open pages"),
    }
    used = ", ".join(text % {"n": taken[name]} for name, text in reasons.items() if name in taken)
    return _("All %(lines)s market data lines are taken: %(used)s.") % {
        "lines": taken.get("lines", 0),
        "used": used or _("none"),
    }
