"""Every answer of the gate, with its numbers."""

from django.db import models

from apps.accounts.models import BrokerAccount


class GateDecision(models.Model):
    """Append-only."""

    account = models.ForeignKey(BrokerAccount, on_delete=models.PROTECT, related_name="decisions")
    con_id = models.BigIntegerField()
    source = models.CharField(max_length=10)
    passed = models.BooleanField()
    intent = models.JSONField()
    verdicts = models.JSONField()
    """A list of code, passed, limit, value, unit, message, warning; numbers as strings."""
    policy_version = models.CharField(max_length=64)
    """Digest of all limits that applied."""
    before_wire = models.BooleanField(default=False)
    """False when the order was accepted, True for the second look in the gateway worker."""
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["account", "-at"], name="decision_newest")]

    def __str__(self) -> str:
        return f"{self.con_id} {'passed' if self.passed else 'refused'}"

    @property
    def refusals(self) -> list[dict[str, object]]:
        return [verdict for verdict in self.verdicts if not verdict["passed"]]
