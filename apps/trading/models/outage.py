"""What happened while the portal was not listening."""

from django.db import models

from apps.accounts.models import Connection
from apps.trading.models.order import Order


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


class DisconnectCancel(models.Model):
    """What the policy for lost links cancelled after one loss, until the broker has confirmed."""

    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="disconnect_cancels"
    )
    lost_at = models.DateTimeField()
    back_at = models.DateTimeField()
    """When the orders were found again and their cancels asked for."""
    orders = models.ManyToManyField(Order, related_name="disconnect_cancels")
    overdue_at = models.DateTimeField(null=True)
    """When people were told that the broker has not confirmed it all."""
    confirmed_at = models.DateTimeField(null=True)
    """When every one of the orders had ended."""

    class Meta:
        ordering = ["-lost_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "lost_at"], name="disconnect_once")
        ]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.lost_at:%F %T}"
