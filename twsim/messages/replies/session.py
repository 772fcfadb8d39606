"""Replies about the session itself, and the base of all replies."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """Base of all replies."""


@dataclass(frozen=True, slots=True)
class Error(Reply):
    """req_id -1 belongs to no request; `at_ms` is Unix milliseconds."""

    req_id: int
    code: int
    text: str
    at_ms: int
    advanced_reject: str = ""


@dataclass(frozen=True, slots=True)
class ManagedAccounts(Reply):
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NextOrderId(Reply):
    order_id: int


@dataclass(frozen=True, slots=True)
class CurrentTime(Reply):
    at: int
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class CurrentTimeMillis(Reply):
    at_ms: int
