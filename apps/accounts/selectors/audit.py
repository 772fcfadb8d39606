"""Reads of the audit chain: is it whole, what does it say."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import orjson
from django.db.models import Q, QuerySet

from apps.accounts.chain import GENESIS
from apps.accounts.masks import mask_text
from apps.accounts.models import AuditEvent, AuditHead
from apps.accounts.permissions import User, is_superuser
from apps.accounts.selectors.accounts import accounts_visible

COLUMNS = (
    "sequence", "at", "actor", "action", "subject", "account", "data", "previous_hash", "hash",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """`broken_at` is the first sequence number that does not fit; None where all do."""

    count: int
    broken_at: int | None
    reason: str

    @property
    def whole(self) -> bool:
        return self.broken_at is None


def audit_verified() -> ChainVerdict:
    """Walks the whole chain from its first event and compares its end with the stored head."""
    count, last = 0, GENESIS
    for event in AuditEvent.objects.order_by("sequence").iterator(chunk_size=1000):
        problem = _problem(event, count + 1, last)
        if problem:
            return ChainVerdict(count, count + 1, problem)
        count, last = event.sequence, event.hash
    head = AuditHead.objects.first() or AuditHead()
    if (head.sequence, head.hash) != (count, last):
        return ChainVerdict(count, count + 1, "the newest events are missing")
    return ChainVerdict(count, None, "")


def audit_of(user: User, *, since_at: datetime | None = None) -> "QuerySet[AuditEvent]":
    """Events of the accounts the user may see, the newest first; superusers see all."""
    rows = AuditEvent.objects.select_related("account")
    if not is_superuser(user):
        rows = rows.filter(Q(account__in=accounts_visible(user)))
    return rows if since_at is None else rows.filter(at__gte=since_at)


def audit_rows(events: Iterable[AuditEvent], *, unmask: bool = False) -> Iterator[list[str]]:
    """Lines of the export, the head first; account ids are masked unless asked otherwise."""
    yield list(COLUMNS)
    for event in events:
        line = [
            str(event.sequence),
            event.at.isoformat(timespec="microseconds"),
            event.actor,
            event.action,
            event.subject,
            "" if event.account_id is None else str(event.account_id),
            orjson.dumps(event.data, option=orjson.OPT_SORT_KEYS).decode(),
            event.previous_hash,
            event.hash,
        ]
        yield line if unmask else [mask_text(part) for part in line]


def _problem(event: AuditEvent, expected: int, last: str) -> str:
    if event.sequence != expected:
        return "events are missing"
    if event.previous_hash != last:
        return "it does not follow from the event before it"
    return "" if event.intact else "its content was changed"
