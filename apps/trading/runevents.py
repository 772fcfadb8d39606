"""What an event of a run says beside its name, in the reader's language."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.figures import figure
from apps.trading.words import trading_words

Data = Mapping[str, Any]
Names = Mapping[int, str]


def event_text(data: Data, names: Names) -> str:
    """Of the event's data what a person wants to know; `names` are of the plan's lines."""
    parts = [write(data, names) for name, write in PARTS.items() if data.get(name)]
    return " · ".join(part for part in parts if part)


def _line(data: Data, names: Names) -> str:
    number = int(data["line"])
    return names.get(number) or _("line %(number)s") % {"number": number}


def _sentence(data: Data, _names: Names) -> str:
    return str(data["sentence"])


def _by(data: Data, _names: Names) -> str:
    who = _("schedule") if data["by"] == "schedule" else data["by"]
    return _("by %(who)s") % {"who": who}


def _reason(data: Data, _names: Names) -> str:
    return str(data["reason"])


def _dry(_data: Data, _names: Names) -> str:
    return _("dry run")


def _order(data: Data, _names: Names) -> str:
    return _("order %(number)s") % {"number": data["order"]}


def _limit(data: Data, _names: Names) -> str:
    return _("limit %(price)s") % {"price": data["limit"]}


def _funds(data: Data, _names: Names) -> str:
    facts = {"funds": figure(data["funds"], "money"), "buffer": figure(data["buffer"], "money")}
    return _("%(funds)s to spend, %(buffer)s of it kept as the buffer") % facts


def _waited(data: Data, _names: Names) -> str:
    return ", ".join(str(name) for name in data["names"])


def _absent(data: Data, _names: Names) -> str:
    return _("contracts without details: %(count)s") % {"count": len(data["absent"])}


def _unpriced(data: Data, _names: Names) -> str:
    return _("targets without a good price: %(count)s") % {"count": len(data["unpriced"])}


def _answers(data: Data, _names: Names) -> str:
    words = trading_words()
    given = list(data["answers"].values())
    return ", ".join(f"{words[f'held_{word}']}: {given.count(word)}" for word in sorted(set(given)))


PARTS: dict[str, Callable[[Data, Names], str]] = {
    "line": _line,
    "order": _order,
    "limit": _limit,
    "funds": _funds,
    "names": _waited,
    "absent": _absent,
    "unpriced": _unpriced,
    "answers": _answers,
    "sentence": _sentence,
    "by": _by,
    "reason": _reason,
    "dry": _dry,
}
"""By the field of the data that they tell, in the order in which they stand."""
