"""Verdicts in the reader's language."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.risk.types import Verdict

TRANSLATED = frozenset({"what", "why"})
"""Facts that are words of ours; all others are numbers, names and people's own reasons."""


def sentence_of(verdict: Verdict | Mapping[str, Any]) -> str:
    """From a fresh verdict or a stored one; empty where there is nothing to say."""
    told = row_of(verdict) if isinstance(verdict, Verdict) else verdict
    template = str(told.get("template", ""))
    if not template:
        return str(told.get("message", ""))
    facts = {name: _(text) if name in TRANSLATED else text for name, text in told["facts"].items()}
    return _(template) % facts


def sentences_of(verdicts: Iterable[Verdict | Mapping[str, Any]]) -> str:
    return " ".join(sentence_of(verdict) for verdict in verdicts)


def row_of(verdict: Verdict) -> dict[str, Any]:
    """JSON, numbers as texts; what a decision stores and the API tells."""
    return {
        "code": verdict.code,
        "passed": verdict.passed,
        "limit": None if verdict.limit is None else f"{verdict.limit:f}",
        "value": None if verdict.value is None else f"{verdict.value:f}",
        "unit": verdict.unit,
        "message": verdict.message,
        "warning": verdict.warning,
        "template": verdict.template,
        "facts": dict(verdict.facts) if verdict.facts else {},
    }
