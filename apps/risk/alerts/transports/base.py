"""What every transport is: its fields, which of them are secret, and how it sends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

TIMEOUT = 10.0
"""Seconds for each step towards a server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Already in the channel's language, with account ids masked."""

    title: str
    body: str
    severity: str = "info"

    @property
    def whole(self) -> str:
        return f"{self.title}\n\n{self.body}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One entry of a channel's configuration; a secret one is never shown again."""

    name: str
    secret: bool = False
    address: bool = False
    """Whom a kept secret would be sent to: changed only together with the secret."""
    required: bool = True
    default: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    fields: tuple[Field, ...]
    send: Callable[[Mapping[str, str], Message], str]
    target: Callable[[Mapping[str, str]], str]
    """Whom it reaches, without secrets."""
    check: Callable[[Mapping[str, str]], dict[str, str]]
    """What is wrong with a configuration, by field; empty when nothing is."""

    def cleaned(self, text: str, config: Mapping[str, str]) -> str:
        """The text without the values of secret fields."""
        for field in self.fields:
            value = config.get(field.name, "")
            if field.secret and value:
                text = text.replace(value, "…")
        return text
