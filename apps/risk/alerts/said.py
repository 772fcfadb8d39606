"""A sentence kept as its English template and facts, so that each reader has it in their own
language; pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Union

WHY = "why"
"""The fact that may be a whole sentence of ours and is looked up in the reader's language."""
Fact = Union[str, int, "Said"]


@dataclass(frozen=True, slots=True)
class Said:
    """`template` is marked for translators where it is written, with places like %(name)s."""

    template: str
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def english(self) -> str:
        told = {n: f.english if isinstance(f, Said) else f for n, f in self.facts.items()}
        return self.template % told if told else self.template

    def row(self) -> dict[str, Any]:
        """JSON; `said_from` reads it back."""
        facts = {n: f.row() if isinstance(f, Said) else f for n, f in self.facts.items()}
        return {"template": self.template, "facts": facts}

    def mapped(self, change: Callable[[str], str]) -> "Said":
        """With every text among its facts changed."""
        facts: dict[str, Fact] = {}
        for name, fact in self.facts.items():
            if isinstance(fact, Said):
                facts[name] = fact.mapped(change)
            else:
                facts[name] = change(fact) if isinstance(fact, str) else fact
        return Said(self.template, facts)


def as_said(told: "Said | str") -> Said:
    """Words that came from elsewhere are a fact and never a template: they may hold a %."""
    return told if isinstance(told, Said) else Said("%(why)s", {WHY: told})


def said_from(row: Mapping[str, Any]) -> Said:
    facts = {n: said_from(f) if isinstance(f, dict) else f for n, f in row["facts"].items()}
    return Said(row["template"], facts)
