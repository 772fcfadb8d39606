"""Which user may see which account."""

from django.conf import settings
from django.db import models

from apps.accounts.models.account import BrokerAccount


class AccountGrant(models.Model):
    """A user without a grant sees nothing of the account; superusers see all."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="account_grants"
    )
    account = models.ForeignKey(BrokerAccount, on_delete=models.CASCADE, related_name="grants")

    class Meta:
        ordering = ["account", "user"]
        constraints = [
            models.UniqueConstraint(fields=["user", "account"], name="account_grant_unique")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.account_id}"
