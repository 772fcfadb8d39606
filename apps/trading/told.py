"""Sentences about runs, kept as template and facts: each reader has them in their language."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import get_language, override

from apps.accounts.links import Link, sentence_in
from apps.risk.alerts.said import Said
from apps.risk.alerts.words import spoken
from apps.risk.sentences import TRANSLATED
from apps.trading.words import run_words

LINK = ("link_state", "link_code", "link_sentence")


def link_said(template: str, link: Link) -> Said:
    """`template` has the place %(why)s for what the link says."""
    told = (link.state.value, link.code, link.sentence)
    return Said(template, {"why": link.sentence, **dict(zip(LINK, told, strict=True))})


def verdict_said(verdict: Mapping[str, Any]) -> Said:
    """From a verdict of the gate as a decision stores it."""
    template = str(verdict.get("template", ""))
    if not template:
        return Said("%(why)s", {"why": str(verdict.get("message", ""))})
    facts = verdict["facts"].items()
    return Said(template, {n: Said(text) if n in TRANSLATED else text for n, text in facts})


def state_said(state: str) -> Said:
    """The word of the pages for a run's state."""
    with override("en"):
        return Said(run_words()[f"run_{state}"])


def joined(saids: Iterable[Said]) -> Said:
    """Several sentences as one, each once."""
    parts = {said.english: said for said in saids}.values()
    facts = {f"part{number}": said for number, said in enumerate(parts)}
    return Said(" ".join(f"%({name})s" for name in facts), facts)


def reader_text(said: Mapping[str, Any], sentence: str) -> str:
    """The sentence in the reader's language; as it was stored where no template was."""
    if not said:
        return sentence
    facts = said["facts"]
    if LINK[0] in facts:
        state, code, text = (facts[name] for name in LINK)
        why = sentence_in(get_language() or "en", state=state, code=code, sentence=text)
        return spoken({**said, "facts": {**facts, "why": why}})
    return spoken(said)
