"""Fills as the broker reports them, and their commissions, joined by execId."""

from django.db import models

from apps.accounts.models import BrokerAccount, Connection
from apps.marketdata.models import Instrument
from apps.trading.models.order import Order


class Execution(models.Model):
    """Append-only. A correction is a row of its own with the same `base` and a higher `revision`;
    only the highest revision of a base counts, and one of quantity 0 is a bust."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="executions")
    account = models.ForeignKey(BrokerAccount, on_delete=models.PROTECT, related_name="executions")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="executions")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, related_name="executions")
    exec_id = models.CharField(max_length=80)
    base = models.CharField(max_length=80)
    """execId without its last part."""
    revision = models.PositiveIntegerField()
    perm_id = models.BigIntegerField(null=True)
    client_id = models.IntegerField()
    ib_order_id = models.IntegerField()
    side = models.CharField(max_length=4)
    """BUY or SELL."""
    quantity = models.DecimalField(max_digits=28, decimal_places=10)
    price = models.DecimalField(max_digits=20, decimal_places=10)
    exchange = models.CharField(max_length=20, blank=True)
    liquidation = models.BooleanField(default=False)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "exec_id"], name="execution_once"),
            models.UniqueConstraint(
                fields=["connection", "base", "revision"], name="execution_revision_once"
            ),
        ]
        indexes = [models.Index(fields=["account", "-at"], name="execution_newest")]

    def __str__(self) -> str:
        return f"{self.exec_id} {self.side} {self.quantity.normalize():f} @ {self.price}"


class CommissionReport(models.Model):
    """Append-only; may arrive before its execution. `realized_pnl` is None for opening trades."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="commissions")
    exec_id = models.CharField(max_length=80)
    amount = models.DecimalField(max_digits=20, decimal_places=8)
    currency = models.CharField(max_length=4)
    realized_pnl = models.DecimalField(max_digits=24, decimal_places=8, null=True)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-recorded_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "exec_id"], name="commission_once")
        ]

    def __str__(self) -> str:
        return f"{self.exec_id} {self.amount} {self.currency}"
