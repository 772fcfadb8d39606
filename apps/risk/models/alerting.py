"""Channels that carry alerts to people, what was carried, and chats that may give commands."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.risk.alerts.rules import Rules
from apps.risk.models.guard import Alert


class Channel(models.Model):
    """One way to reach somebody. `sealed` holds address and secrets, encrypted."""

    class Kind(models.TextChoices):
        TELEGRAM = "telegram", "Telegram"
        EMAIL = "email", "E-mail"
        APPRISE = "apprise", "Apprise"

    class Tier(models.IntegerChoices):
        """Whom an alert goes to at once, and whom only when nobody acknowledges it."""

        FIRST = 1
        SECOND = 2

    name = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    sealed = models.TextField(editable=False)
    target = models.CharField(max_length=200, blank=True, editable=False)
    """Whom it reaches, as may be shown: no secret."""
    min_severity = models.CharField(
        max_length=8, choices=Alert.Severity.choices, default=Alert.Severity.WARNING
    )
    tier = models.PositiveSmallIntegerField(choices=Tier.choices, default=Tier.FIRST)
    language = models.CharField(max_length=10, default="en")
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    zone = models.CharField(max_length=40, default="UTC")
    per_hour = models.PositiveSmallIntegerField(default=30)
    """Messages below critical in any hour; more go out together later."""
    batch_seconds = models.PositiveSmallIntegerField(default=20)
    """What is not critical waits so long for company."""
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=300, blank=True)
    disabled_why = models.JSONField(default=dict, editable=False)
    """The reason as template and facts, for each reader's language."""
    last_ok_at = models.DateTimeField(null=True, editable=False)
    paused_until_at = models.DateTimeField(null=True, editable=False)
    """Nothing is tried before: the server asked for it, or did not answer."""
    busy_until_at = models.DateTimeField(null=True, editable=False)
    """One task at a time sends for a channel; the time bounds one that died."""
    offset = models.BigIntegerField(default=0, editable=False)
    """Telegram: the first update that was not read yet."""
    strangers = models.JSONField(default=list, editable=False)
    """Telegram: chats that are not allowed and were logged."""

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_to__isnull=True)
                | Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="channel_quiet_both",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def rules(self) -> Rules:
        return Rules(
            min_severity=self.min_severity,
            quiet_from=self.quiet_from,
            quiet_to=self.quiet_to,
            zone=self.zone,
            batch=timedelta(seconds=self.batch_seconds),
        )


class Delivery(models.Model):
    """One alert on its way over one channel, for one occasion."""

    class Occasion(models.TextChoices):
        RAISED = "raised", "raised"
        WORSE = "worse", "worse"
        ESCALATED = "escalated", "escalated"
        RECOVERED = "recovered", "recovered"

    class State(models.TextChoices):
        QUEUED = "queued", "queued"
        SENDING = "sending", "sending"
        SENT = "sent", "sent"
        DELAYED = "delayed", "delayed"
        FAILED = "failed", "failed"
        GIVEN_UP = "given_up", "given up"

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    occasion = models.CharField(max_length=10, choices=Occasion.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    next_at = models.DateTimeField()
    """Not tried before."""
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    message = models.UUIDField(null=True)
    """Deliveries that went out in one message share it."""
    receipt = models.CharField(max_length=200, blank=True)
    """What the other side said to having it."""
    error = models.CharField(max_length=300, blank=True)
    why = models.JSONField(default=dict)
    """The error as template and facts, for each reader's language."""

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["alert", "channel", "occasion"], name="delivery_unique")
        ]
        indexes = [
            models.Index(
                fields=["channel", "next_at"],
                condition=Q(state__in=["queued", "delayed", "sending"]),
                name="delivery_due",
            ),
            models.Index(fields=["channel", "sent_at"], name="delivery_sent"),
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} over {self.channel_id}: {self.state}"


class TelegramChat(models.Model):
    """A private chat whose commands are obeyed in the name of a user of the portal."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="chats")
    chat_id = models.BigIntegerField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="telegram_chats"
    )
    pending = models.JSONField(default=dict, editable=False)
    """A command that waits for its code: digest of the code, reason, until, tries."""

    class Meta:
        ordering = ["channel", "chat_id"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "chat_id"], name="telegram_chat_unique")
        ]

    def __str__(self) -> str:
        return f"{self.chat_id} as {self.user_id}"
