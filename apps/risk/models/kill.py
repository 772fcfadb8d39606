"""Kill levels as they stand, their history, commands to gateways, and flattening."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.accounts.models import BrokerAccount, Connection
from apps.risk.levels import FlattenState, Kill


class KillSwitch(models.Model):
    """The level of one account, or of everything where `account` is empty. Stays until lifted."""

    scope = models.CharField(max_length=20, unique=True)
    """The account's primary key, or "all": the database's own guard against two global rows."""
    account = models.OneToOneField(
        BrokerAccount, on_delete=models.PROTECT, null=True, related_name="kill_switch"
    )
    level = models.PositiveSmallIntegerField(default=Kill.OFF)
    reason = models.CharField(max_length=400, blank=True)
    figures = models.JSONField(default=list, editable=False)
    """The guard's reason as rows of figures, for each reader's language; `reason` is English."""
    by = models.CharField(max_length=150, blank=True)
    """User name, or guard, or command."""
    since_at = models.DateTimeField()

    class Meta:
        ordering = ["account"]
        permissions = [
            ("kill", "Can raise the kill level"),
            ("lift", "Can lift kill levels and locks"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(level__gte=0) & Q(level__lte=5), name="kill_level_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id or 'all'}: {self.level}"


class KillEvent(models.Model):
    """Append-only: each change of a level, with its reason."""

    account = models.ForeignKey(
        BrokerAccount, on_delete=models.PROTECT, null=True, related_name="kill_events"
    )
    before = models.PositiveSmallIntegerField()
    after = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=400)
    figures = models.JSONField(default=list, editable=False)
    """As in KillSwitch."""
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    by = models.CharField(max_length=150)
    source = models.CharField(max_length=10)
    """page, api, command, telegram, guard."""
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.account_id or 'all'}: {self.before} to {self.after}"


class GatewayCommand(models.Model):
    """What a gateway must do at once; sent again until it has answered or it is withdrawn."""

    id = models.UUIDField(primary_key=True)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="commands")
    account = models.ForeignKey(
        BrokerAccount, on_delete=models.PROTECT, null=True, related_name="commands"
    )
    command = models.CharField(max_length=16)
    """cancel_all, global_cancel, flatten or drop."""
    own_only = models.BooleanField(default=True)
    by = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    sendings = models.PositiveIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    answer = models.JSONField(default=dict)

    class Meta:
        ordering = ["-asked_at"]
        indexes = [
            models.Index(
                fields=["connection", "asked_at"],
                condition=Q(confirmed_at__isnull=True, withdrawn_at__isnull=True),
                name="command_pending",
            )
        ]

    def __str__(self) -> str:
        return f"{self.command} on {self.connection_id}"


class Flatten(models.Model):
    """One flattening of one account, from the first cancel to proof at the broker."""

    account = models.ForeignKey(BrokerAccount, on_delete=models.PROTECT, related_name="flattens")
    state = models.CharField(
        max_length=12, choices=[(s.value, s.value) for s in FlattenState], default="cancelling"
    )
    sentence = models.CharField(max_length=500, blank=True)
    """Where it stands, or why it cannot go on."""
    said = models.JSONField(default=dict, editable=False)
    """The sentence as template and facts, for each reader's language."""
    reason = models.CharField(max_length=400)
    by = models.CharField(max_length=150)
    opened_at = models.DateTimeField()
    moved_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    """When the broker was last asked for its positions as proof."""
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(closed_at__isnull=True), name="flatten_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.state}"


class FlattenLine(models.Model):
    """One position of a flattening and the orders sent to close it."""

    flatten = models.ForeignKey(Flatten, on_delete=models.CASCADE, related_name="lines")
    con_id = models.BigIntegerField()
    name = models.CharField(max_length=60)
    quantity = models.DecimalField(max_digits=28, decimal_places=10)
    """The position when it was first seen, signed."""
    order_id = models.BigIntegerField(null=True)
    """The newest closing order."""
    attempts = models.PositiveIntegerField(default=0)
    sentence = models.CharField(max_length=500, blank=True)
    next_at = models.DateTimeField(null=True)
    """Not tried again before this."""

    class Meta:
        ordering = ["flatten", "name"]
        constraints = [
            models.UniqueConstraint(fields=["flatten", "con_id"], name="flatten_line_once")
        ]

    def __str__(self) -> str:
        return f"{self.quantity.normalize():f} {self.name}"
