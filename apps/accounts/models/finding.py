"""What the consistency check found, as rows a person can look at."""

from django.db import models

from apps.accounts.models.account import BrokerAccount


class Severity(models.TextChoices):
    INFO = "info", "info"
    WARNING = "warning", "warning"
    ERROR = "error", "error"


class Finding(models.Model):
    """Open while `resolved_at` is empty; one open row per (account, code, con_id)."""

    account = models.ForeignKey(BrokerAccount, on_delete=models.CASCADE, related_name="findings")
    con_id = models.BigIntegerField(default=0)
    """0 where the finding is about the account itself."""
    code = models.CharField(max_length=40)
    severity = models.CharField(max_length=8, choices=Severity.choices)
    sentence = models.CharField(max_length=400)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-last_seen_at", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "code", "con_id"],
                condition=models.Q(resolved_at__isnull=True),
                name="finding_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence}"
