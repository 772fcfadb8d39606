"""Who did what that trades or changes a limit, in a chain in which every link names the last."""

from typing import Any, NoReturn

from django.db import models

from apps.accounts.chain import GENESIS, Link, digest
from apps.accounts.models.account import BrokerAccount


class Unchangeable(Exception):
    """An audit event was to be changed or removed."""


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    """Reads and appends; there is no way to change a row."""

    def update(self, **kwargs: Any) -> NoReturn:  # noqa: ARG002  # Django's signature
        raise Unchangeable("audit events are never changed")

    def delete(self) -> NoReturn:
        raise Unchangeable("audit events are never removed")


class AuditEvent(models.Model):
    """Append-only. `hash` covers every other column, so a changed row breaks the chain."""

    sequence = models.BigIntegerField(unique=True)
    """1, 2, 3 … without a gap."""
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    """A user's name, or the part of the portal that acted by itself (guard, run, gateway)."""
    action = models.CharField(max_length=60)
    """What was done, as order.placed or limit.raised."""
    subject = models.CharField(max_length=200)
    """What it was done to, as order:17."""
    account = models.ForeignKey(
        BrokerAccount, on_delete=models.PROTECT, null=True, related_name="audit"
    )
    data = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-sequence"]
        indexes = [
            models.Index(fields=["account", "-sequence"], name="audit_of_account"),
            models.Index(fields=["action", "-sequence"], name="audit_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.actor} {self.action} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Unchangeable("audit events are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002  # Django's signature
        raise Unchangeable("audit events are never removed")

    @property
    def link(self) -> Link:
        return Link(
            sequence=self.sequence,
            at=self.at,
            actor=self.actor,
            action=self.action,
            subject=self.subject,
            account_id=self.account_id,
            data=self.data,
            previous_hash=self.previous_hash,
        )

    @property
    def intact(self) -> bool:
        """Whether the row still says what it was hashed as."""
        return digest(self.link) == self.hash


class AuditHead(models.Model):
    """One row: the newest link. Whoever appends locks it, and a cut tail does not match it."""

    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=GENESIS)

    class Meta:
        verbose_name_plural = "audit head"

    def __str__(self) -> str:
        return f"{self.sequence} {self.hash[:12]}"
