"""What happened while the portal was not listening."""

from django.db import models

from apps.accounts.models import Connection


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
