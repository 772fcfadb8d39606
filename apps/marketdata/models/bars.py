"""Historical bars, which stretches of them are complete, and downloads under way."""

from django.conf import settings
from django.db import models

from apps.accounts.models import Connection
from apps.marketdata.barplan import SIZES, Span
from apps.marketdata.models.instrument import Instrument

SIZE_CHOICES = [(name, name) for name in SIZES]


class Source(models.TextChoices):
    IB = "ib", "Interactive Brokers"
    FMP = "fmp", "Financial Modeling Prep"


class Bar(models.Model):
    """`start_at` is midnight UTC of the day for daily bars. Regular trading hours only."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="bars")
    size = models.CharField(max_length=10, choices=SIZE_CHOICES)
    what = models.CharField(max_length=12)
    """TRADES, MIDPOINT and so on."""
    start_at = models.DateTimeField()
    open = models.DecimalField(max_digits=24, decimal_places=8)
    high = models.DecimalField(max_digits=24, decimal_places=8)
    low = models.DecimalField(max_digits=24, decimal_places=8)
    close = models.DecimalField(max_digits=24, decimal_places=8)
    volume = models.DecimalField(max_digits=24, decimal_places=4, null=True)
    average = models.DecimalField(max_digits=24, decimal_places=8, null=True)
    count = models.BigIntegerField(null=True)
    source = models.CharField(max_length=4, choices=Source.choices)

    class Meta:
        ordering = ["instrument", "size", "what", "start_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["instrument", "size", "what", "start_at"], name="bar_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.start_at:%F %R} {self.close:f}"


class BarRange(models.Model):
    """A stretch whose bars are all stored (from IB), end exclusive. Ranges never overlap."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="+")
    size = models.CharField(max_length=10)
    what = models.CharField(max_length=12)
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()

    class Meta:
        ordering = ["instrument", "size", "what", "start_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["instrument", "size", "what", "start_at"], name="bar_range_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(start_at__lt=models.F("end_at")), name="bar_range_forward"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.size} {self.start_at:%F %R} to {self.end_at:%F %R}"


class BarDownload(models.Model):
    """A wish for bars. What is left of it follows from the ranges, so it can stop anywhere."""

    class State(models.TextChoices):
        QUEUED = "queued", "queued"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="downloads")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    """None: the portal keeps what is held up to date by itself."""
    size = models.CharField(max_length=10, choices=SIZE_CHOICES)
    what = models.CharField(max_length=12)
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    total_seconds = models.BigIntegerField()
    """How much was missing when it was asked for."""
    left_seconds = models.BigIntegerField()
    bars = models.PositiveIntegerField(default=0)
    code = models.CharField(max_length=20, blank=True)
    sentence = models.CharField(max_length=400, blank=True)
    requested_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-requested_at", "-id"]
        indexes = [models.Index(fields=["connection", "state"], name="bar_download_open")]

    def __str__(self) -> str:
        return f"{self.size} bars of {self.instrument_id}: {self.state}"

    @property
    def wanted(self) -> Span:
        return Span(self.start_at, self.end_at)

    @property
    def progress(self) -> float:
        """From 0 to 1."""
        if self.state == self.State.DONE or not self.total_seconds:
            return 1.0
        return round(max(0.0, 1 - self.left_seconds / self.total_seconds), 4)
