"""What each connection streams, and the instruments that target weights ask for."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.accounts.models import Connection
from apps.accounts.models.connection import DataType
from apps.marketdata.models.instrument import Instrument
from apps.marketdata.status import StreamStatus


class StreamConfig(models.Model):
    """One for each connection. Status and sentence are the gateway's last word."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="stream")
    enabled = models.BooleanField(default=True)
    positions = models.BooleanField(default=True, help_text="Stream what the accounts hold")
    targets = models.BooleanField(default=True, help_text="Stream the latest decision snapshot")
    watchlists = models.BooleanField(default=True, help_text="Stream the users' watchlists")
    max_symbols = models.PositiveIntegerField(
        default=100,
        validators=[MinValueValidator(1), MaxValueValidator(2000)],
        help_text="Market data lines of the login; IB gives 100 unless more are booked",
    )
    market_data_type = models.PositiveSmallIntegerField(
        choices=DataType.choices, null=True, blank=True, help_text="Empty: as the connection says"
    )
    refresh_seconds = models.PositiveIntegerField(
        default=30, validators=[MinValueValidator(5), MaxValueValidator(3600)]
    )
    status = models.CharField(
        max_length=10,
        choices=[(status.value, status.value) for status in StreamStatus],
        default=StreamStatus.STARTING.value,
    )
    sentence = models.CharField(max_length=200, blank=True)
    status_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["connection"]

    def __str__(self) -> str:
        return f"stream of {self.connection}"


class StreamTarget(models.Model):
    """An instrument of the latest decision snapshot, to be streamed before watchlists."""

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="stream_targets"
    )
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["connection", "instrument"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "instrument"], name="stream_target_once")
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} on {self.connection_id}"
