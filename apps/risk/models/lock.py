"""Instruments an account may only reduce until a person has looked, and adopted balances."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.accounts.models import BrokerAccount
from apps.risk.levels import LockEnd, LockKind


class Lock(models.Model):
    """Open while `closed_at` is empty; one open row per (account, con_id, kind)."""

    account = models.ForeignKey(BrokerAccount, on_delete=models.PROTECT, related_name="locks")
    con_id = models.BigIntegerField()
    name = models.CharField(max_length=60, blank=True)
    kind = models.CharField(max_length=10, choices=[(k.value, k.value) for k in LockKind])
    reason = models.CharField(max_length=400)
    data = models.JSONField(default=dict)
    """Mismatch: broker and ledger, as strings."""
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=150)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    how = models.CharField(
        max_length=10, blank=True, choices=[(end.value, end.value) for end in LockEnd]
    )
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "con_id", "kind"],
                condition=Q(closed_at__isnull=True),
                name="lock_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.con_id} {self.kind}"


class LedgerBalance(models.Model):
    """Append-only: from `at` on, the ledger of an instrument is `quantity` plus executions
    after it. con_id 0 says since when the account is kept at all: an instrument without a row of
    its own began at 0 there."""

    account = models.ForeignKey(BrokerAccount, on_delete=models.CASCADE, related_name="balances")
    con_id = models.BigIntegerField()
    quantity = models.DecimalField(max_digits=28, decimal_places=10)
    note = models.CharField(max_length=400, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["account", "con_id", "-at", "-id"]
        indexes = [models.Index(fields=["account", "con_id", "-at"], name="balance_newest")]

    def __str__(self) -> str:
        return f"{self.con_id} {self.quantity.normalize():f}"
