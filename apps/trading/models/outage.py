"""What happened while the portal was not listening, and the balances its own ledger starts from."""

from django.conf import settings
from django.db import models

from apps.accounts.models import BrokerAccount, Connection


class OutageReport(models.Model):
    """Append-only: one for each time the portal came back, or found that it had missed something.

    `data` holds lists: fills, ended, absent, unknown, external, amended, positions; each entry is
    an object with the ids, names and numbers of one fact.
    """

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="outages")
    from_at = models.DateTimeField()
    to_at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["-to_at", "-id"]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.from_at:%F %T} to {self.to_at:%F %T}"


class LedgerBalance(models.Model):
    """Append-only: positions taken over from the broker; our executions are added to the newest.

    `adopted_by` is None where the portal took over what it found when it first saw the account.
    """

    account = models.ForeignKey(BrokerAccount, on_delete=models.PROTECT, related_name="balances")
    positions = models.JSONField(default=dict)
    """conId → quantity, both as text."""
    last_execution_id = models.BigIntegerField(default=0)
    """Key of the newest execution already contained."""
    adopted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = models.CharField(max_length=200, blank=True)
    adopted_at = models.DateTimeField()

    class Meta:
        ordering = ["-adopted_at", "-id"]

    def __str__(self) -> str:
        return f"{self.account_id} {self.adopted_at:%F %T}"
