"""Lists of instruments that a user wants to see quoted."""

from django.conf import settings
from django.db import models

from apps.marketdata.models.instrument import Instrument


class Watchlist(models.Model):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watchlists"
    )
    name = models.CharField(max_length=60)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["user", "name"]
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="watchlist_name_unique")
        ]

    def __str__(self) -> str:
        return self.name


class WatchlistItem(models.Model):
    watchlist = models.ForeignKey(Watchlist, on_delete=models.CASCADE, related_name="items")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    """Smaller ones stand higher on the page and get a line first."""

    class Meta:
        ordering = ["watchlist", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["watchlist", "instrument"], name="watchlist_item_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} in {self.watchlist_id}"
