"""Equity over time and the cash flows that must not count as profit."""

from django.db import models

from apps.accounts.models.account import BrokerAccount


class EquityPoint(models.Model):
    """One snapshot of an account in its base currency, every minute, thinned with age."""

    account = models.ForeignKey(BrokerAccount, on_delete=models.CASCADE, related_name="equity")
    at = models.DateTimeField()
    net_liquidation = models.DecimalField(max_digits=24, decimal_places=4)
    cash = models.DecimalField(max_digits=24, decimal_places=4, null=True)
    daily_pnl = models.DecimalField(max_digits=24, decimal_places=4, null=True)

    class Meta:
        ordering = ["account", "at"]
        constraints = [
            models.UniqueConstraint(fields=["account", "at"], name="equity_point_unique")
        ]

    def __str__(self) -> str:
        return f"{self.at:%F %R} {self.net_liquidation:f}"


class CashFlow(models.Model):
    """A deposit (positive) or withdrawal (negative) in base currency, noted by a person."""

    account = models.ForeignKey(BrokerAccount, on_delete=models.CASCADE, related_name="cash_flows")
    at = models.DateTimeField()
    amount = models.DecimalField(max_digits=24, decimal_places=4)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["account", "at"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(amount=0), name="cash_flow_not_zero")
        ]

    def __str__(self) -> str:
        return f"{self.at:%F} {self.amount:+f}"
