"""Appends to the audit chain."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import connection, transaction

from apps.accounts.chain import Link, digest, plain
from apps.accounts.models import AuditEvent, AuditHead, BrokerAccount
from apps.lib.prepared import insert
from apps.lib.statements import Statement

Head = tuple[int, str]
"""Sequence and hash of the newest link."""
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
    with transaction.atomic(savepoint=False):
        event = audit_event(
            head=_head(),
            actor=actor,
            action=action,
            subject=subject,
            account=account,
            data=data,
            at=at,
        )
        insert(event)
        _advance(event.sequence, event.hash)
    return event


def audit_event(
    *,
    head: Head,
    actor: Actor,
    action: str,
    subject: str,
    account: BrokerAccount | None,
    data: Mapping[str, Any] | None,
    at: datetime,
) -> AuditEvent:
    """What comes next in the chain when that is its head; not stored yet."""
    sequence, previous = head
    link = Link(
        sequence=sequence + 1,
        at=at.astimezone(UTC),
        actor=name_of(actor)[:150],
        action=action[:60],
        subject=plain(subject)[:200],
        account_id=None if account is None else account.pk,
        data=plain(data or {}),
        previous_hash=previous,
    )
    return AuditEvent(
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


def name_of(actor: Actor) -> str:
    """A user's name, a part's own name, or the portal's."""
    if actor is None or isinstance(actor, AnonymousUser):
        return PORTAL
    return actor if isinstance(actor, str) else actor.get_username()


def _head() -> Head:
    """Locked until the transaction ends."""
    found = _reading(connection.vendor).run([])
    if not found:
        AuditHead.objects.get_or_create(pk=HEAD)
        found = _reading(connection.vendor).run([])
    ((sequence, previous),) = found
    return int(sequence), str(previous)


@cache
def _reading(_vendor: str) -> Statement:
    rows = AuditHead.objects.select_for_update(no_key=True).filter(pk=HEAD).order_by()
    return Statement(*rows.values_list("sequence", "hash").query.sql_with_params())


@cache
def _writing(_vendor: str) -> Statement:
    table = connection.ops.quote_name(AuditHead._meta.db_table)
    sql = f"UPDATE {table} SET sequence = %s, hash = %s WHERE id = %s"  # noqa: S608  # ours
    return Statement(sql, [None, None, HEAD], [0, 1])


def _advance(sequence: int, digested: str) -> None:
    _writing(connection.vendor).run([sequence, digested])
