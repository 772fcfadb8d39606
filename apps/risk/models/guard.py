"""What the standing guard found, account by account, and the alerts it raised."""

from django.conf import settings
from django.db import models

from apps.accounts.models import BrokerAccount
from apps.risk.levels import Guard

GUARD_STATES = [(state.value, state.value.replace("_", " ")) for state in Guard]


class GuardState(models.Model):
    """Where an account stands. `latches` and `released` survive restarts; amounts in base."""

    account = models.OneToOneField(
        BrokerAccount, on_delete=models.PROTECT, related_name="guard_state"
    )
    state = models.CharField(max_length=12, choices=GUARD_STATES, default=Guard.OK.value)
    since_at = models.DateTimeField()
    evaluated_at = models.DateTimeField(null=True)
    """When the newest evaluation was completed: what `guard_silent` looks at."""
    latches = models.JSONField(default=dict)
    """By code: state, value, limit, sentence, at. They go only by a person's lift."""
    released = models.JSONField(default=dict)
    """By code: the value at which a person lifted a latch."""
    since = models.JSONField(default=dict)
    """By code: since when a condition with a grace time has been seen."""
    session_on = models.DateField(null=True)
    session_start = models.DecimalField(max_digits=24, decimal_places=4, null=True)
    """Net liquidation when the session began."""
    session_started_at = models.DateTimeField(null=True)
    high_water = models.DecimalField(max_digits=24, decimal_places=4, null=True)
    """Highest net liquidation less all noted deposits and plus all withdrawals."""
    high_water_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["account"]

    def __str__(self) -> str:
        return f"{self.account_id} {self.state}"


class GuardEvaluation(models.Model):
    """Append-only: one look at an account, with every number."""

    account = models.ForeignKey(BrokerAccount, on_delete=models.CASCADE, related_name="evaluations")
    state = models.CharField(max_length=12, choices=GUARD_STATES)
    figures = models.JSONField()
    """A list of code, state, value, warn, limit, unit, message; numbers as strings."""
    changed = models.BooleanField(default=False)
    """Whether the state differs from the one before; such rows are kept."""
    took_ms = models.FloatField(default=0)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["account", "-at"], name="evaluation_newest")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.state} {self.at:%F %T}"


class GuardEvent(models.Model):
    """Append-only: each change of an account's guard state, why, and what was done."""

    account = models.ForeignKey(
        BrokerAccount, on_delete=models.CASCADE, related_name="guard_events"
    )
    before = models.CharField(max_length=12)
    after = models.CharField(max_length=12)
    codes = models.JSONField(default=list)
    sentence = models.CharField(max_length=500)
    action = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.account_id} {self.before} to {self.after}"


class Alert(models.Model):
    """Something a person must know; raised once while it stands and counted after that."""

    class Severity(models.TextChoices):
        INFO = "info", "info"
        WARNING = "warning", "warning"
        CRITICAL = "critical", "critical"

    code = models.CharField(max_length=40)
    key = models.CharField(max_length=60, blank=True)
    """What it is about where code and account do not say it: an order, a channel."""
    severity = models.CharField(max_length=8, choices=Severity.choices)
    account = models.ForeignKey(
        BrokerAccount, on_delete=models.CASCADE, null=True, related_name="alerts"
    )
    sentence = models.CharField(max_length=500)
    data = models.JSONField(default=dict)
    raised_at = models.DateTimeField()
    last_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)
    seen_at = models.DateTimeField(null=True)
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    sent = models.BooleanField(default=False)
    """Whether any channel has taken it."""
    escalated_at = models.DateTimeField(null=True)
    recovered_at = models.DateTimeField(null=True)
    """When what it was about had passed; the next time is a new alert."""

    class Meta:
        ordering = ["-last_at", "-id"]
        indexes = [models.Index(fields=["account", "-last_at"], name="alert_newest")]

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence}"
