"""A broker account and its values by tag and currency."""

from django.db import models

from apps.accounts.masks import mask_account
from apps.accounts.models.connection import Connection


class BrokerAccount(models.Model):
    """`code` is IB's account id: shown masked unless the reader may unmask."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="accounts")
    code = models.CharField(max_length=20, unique=True)
    alias = models.CharField(max_length=60, blank=True)
    base_currency = models.CharField(max_length=3, blank=True)
    daily_pnl = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    unrealized_pnl = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    realized_pnl = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    pnl_at = models.DateTimeField(null=True)
    values_at = models.DateTimeField(null=True)
    """When account values last arrived, changed or not."""
    positions_at = models.DateTimeField(null=True)
    """Time of the newest complete positions snapshot."""
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    seen_by: int | None = None
    """The user for whom this object was read a moment ago, where it was read for one."""

    class Meta:
        ordering = ["connection", "code"]
        permissions = [("unmask_account", "Can see whole account ids")]

    def __str__(self) -> str:
        return self.alias or self.masked

    @property
    def masked(self) -> str:
        """DU****67: the letters, four stars, the last two digits."""
        return mask_account(self.code)


class AccountValue(models.Model):
    """One tag in one currency as the broker last sent it; text values keep `amount` empty."""

    account = models.ForeignKey(BrokerAccount, on_delete=models.CASCADE, related_name="values")
    tag = models.CharField(max_length=60)
    currency = models.CharField(max_length=4, blank=True)
    amount = models.DecimalField(max_digits=28, decimal_places=8, null=True)
    text = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["account", "tag", "currency"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "tag", "currency"], name="account_value_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.tag} {self.currency}"
