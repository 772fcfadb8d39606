"""Appends to the audit chain."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction

from apps.accounts.chain import Link, digest, plain
from apps.accounts.models import AuditEvent, AuditHead, BrokerAccount

Actor = AbstractBaseUser | AnonymousUser | str | None
PORTAL = "portal"
"""The actor where the portal acts by itself."""
HEAD = 1


def audit_append(
    *,
    actor: Actor,
    action: str,
    subject: str,
    account: BrokerAccount | None = None,
    data: Mapping[str, Any] | None = None,
    at: datetime,
) -> AuditEvent:
    """Adds one event to the chain, in the caller's transaction.

    The chain's head stays locked until that transaction ends, so append last: after it no other
    row should be waited for.
    """
    with transaction.atomic():
        head = _head()
        link = Link(
            sequence=head.sequence + 1,
            at=at.astimezone(UTC),
            actor=name_of(actor)[:150],
            action=action[:60],
            subject=plain(subject)[:200],
            account_id=None if account is None else account.pk,
            data=plain(data or {}),
            previous_hash=head.hash,
        )
        event = _stored(link)
        head.sequence, head.hash = event.sequence, event.hash
        head.save(update_fields=["sequence", "hash"])
    return event


def name_of(actor: Actor) -> str:
    """A user's name, a part's own name, or the portal's."""
    if actor is None or isinstance(actor, AnonymousUser):
        return PORTAL
    return actor if isinstance(actor, str) else actor.get_username()


def _head() -> AuditHead:
    AuditHead.objects.get_or_create(pk=HEAD)
    return AuditHead.objects.select_for_update().get(pk=HEAD)


def _stored(link: Link) -> AuditEvent:
    return AuditEvent.objects.create(
        sequence=link.sequence,
        at=link.at,
        actor=link.actor,
        action=link.action,
        subject=link.subject,
        account_id=link.account_id,
        data=dict(link.data),
        previous_hash=link.previous_hash,
        hash=digest(link),
    )
