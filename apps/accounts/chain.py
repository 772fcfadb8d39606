"""The hash chain of the audit: what is hashed, how data is brought into one form; pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64
"""What the first event names as its predecessor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One event as the chain sees it."""

    sequence: int
    at: datetime
    actor: str
    action: str
    subject: str
    account_id: int | None
    data: Mapping[str, Any]
    previous_hash: str


def plain(value: Any) -> Any:
    """JSON that every database gives back as it was: numbers other than whole ones are texts."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Mapping):
        return {plain(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value).replace("\0", "")


def digest(link: Link) -> str:
    """SHA-256 over the canonical JSON of everything the event says and its predecessor's hash."""
    told = [
        link.sequence,
        link.at.astimezone(UTC).isoformat(timespec="microseconds"),
        link.actor,
        link.action,
        link.subject,
        link.account_id,
        link.data,
        link.previous_hash,
    ]
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
