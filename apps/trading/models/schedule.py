"""The weekly schedule of a strategy, what became of each week, and the sessions it counts by."""

from django.conf import settings
from django.db import models

from apps.trading.calendars import Rule, Session, loaded
from apps.trading.exchanges import EXCHANGES
from apps.trading.models.run import TradeRun
from apps.trading.models.strategy import Strategy


class Schedule(models.Model):
    """n minutes after the open or before the close of the k-th session of the week."""

    class Anchor(models.TextChoices):
        OPEN = "open", "after the open"
        CLOSE = "close", "before the close"

    class Missed(models.TextChoices):
        SKIP = "skip", "skip the week"
        LATE = "late", "run late, until the given time"
        ASK = "ask", "ask a person"

    strategy = models.OneToOneField(Strategy, on_delete=models.PROTECT, related_name="schedule")
    calendar = models.CharField(max_length=10, choices=list(EXCHANGES.items()), default="XNYS")
    """Name of a calendar of exchange_calendars."""
    session = models.PositiveSmallIntegerField(default=1)
    """1 is the week's first session; a week with fewer runs on its last."""
    anchor = models.CharField(max_length=5, choices=Anchor.choices, default=Anchor.OPEN)
    minutes = models.PositiveSmallIntegerField(default=30)
    missed = models.CharField(max_length=4, choices=Missed.choices, default=Missed.SKIP)
    late_minutes = models.PositiveSmallIntegerField(default=60)
    enabled = models.BooleanField(default=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["strategy"]

    def __str__(self) -> str:
        return f"{self.strategy_id} {self.minutes} min {self.anchor}"

    @property
    def rule(self) -> Rule:
        return Rule(self.session, self.anchor, self.minutes)


class Occurrence(models.Model):
    """One week of a schedule: who finds it due writes this row first, so that it starts once."""

    class State(models.TextChoices):
        STARTED = "started", "started"
        SKIPPED = "skipped", "skipped"
        ASKED = "asked", "waits for a person"

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="occurrences")
    period = models.CharField(max_length=40)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices)
    sentence = models.CharField(max_length=500, blank=True)
    """In English; pages tell it from `said`."""
    said = models.JSONField(default=dict)
    run = models.ForeignKey(TradeRun, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-due_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "period"], name="occurrence_once")
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.state}"


class MarketCalendar(models.Model):
    """The sessions of an exchange in whole weeks around the present, renewed every day."""

    name = models.CharField(max_length=10, primary_key=True)
    time_zone = models.CharField(max_length=40)
    sessions = models.JSONField(default=list)
    loaded_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def days(self) -> tuple[Session, ...]:
        return loaded(self.sessions)
