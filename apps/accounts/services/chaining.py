"""An audit event as a part of one statement of PostgreSQL, without a lock that is held meanwhile.

Whoever appends reads the chain's head first and writes only if it is still the head; if another
was quicker, nothing of the statement is written.
"""

from typing import Any

from apps.accounts.models import AuditEvent, AuditHead
from apps.accounts.services.audit import HEAD
from apps.lib.prepared import Asked, Prepared
from apps.lib.prepared.part import insertion_from, next_key, values_of

SEEN = Prepared(
    lambda head: AuditHead.objects.filter(pk=head).order_by().values_list("sequence", "hash")
)
ADVANCE = """
chain AS (
    UPDATE accounts_audithead SET sequence = %s, hash = %s
    WHERE id = %s AND sequence = %s AND hash = %s AND EXISTS (SELECT 1 FROM {source})
    RETURNING id
), link AS ({insertion})
"""
OR_NOTHING = "1 / (SELECT count(*) FROM chain)"
"""Select it from the same source: DataError where the head is another one by now."""


def head_asked() -> Asked:
    """A question for `together`, before `head_seen`."""
    return SEEN.asked(head=HEAD)


def head_seen() -> tuple[int, str] | None:
    """None before the first event of all."""
    found = SEEN.first(head=HEAD)
    return None if found is None else (found[0], found[1])


def appended_after(source: str) -> str:
    """Common table expressions; the head is locked only once `source` has been written."""
    insertion = insertion_from(AuditEvent, "chain", {"id": next_key(AuditEvent)})
    return ADVANCE.format(source=source, insertion=insertion)


def values_appended(event: AuditEvent) -> list[Any]:
    """What `appended_after` has %s for, in its order."""
    head = (event.sequence, event.hash, HEAD, event.sequence - 1, event.previous_hash)
    return [*head, *values_of(event, "id")]
