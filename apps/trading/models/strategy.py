"""What an account should hold: strategies, their rebalancing policy, and dated target weights."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.accounts.models import BrokerAccount
from apps.marketdata.models import Instrument


class Strategy(models.Model):
    """A named way to run one account; `provider` is a dotted path to a class, or empty where the
    weights are uploaded."""

    account = models.ForeignKey(BrokerAccount, on_delete=models.PROTECT, related_name="strategies")
    name = models.SlugField(max_length=60)
    provider = models.CharField(max_length=200, blank=True)
    params = models.JSONField(default=dict, blank=True)
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["account", "name"]
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="strategy_name_once")
        ]
        verbose_name_plural = "strategies"

    def __str__(self) -> str:
        return self.name


class Policy(models.Model):
    """Append-only: every change is a new version. Fractions are of 1, money in base currency."""

    class NotTargeted(models.TextChoices):
        KEEP = "keep", "keep"
        SELL = "sell", "sell"
        ASK = "ask", "ask"

    class Style(models.TextChoices):
        ADAPTIVE = "adaptive", "Adaptive limit"
        MARKET = "market", "market with a collar"
        MIDPOINT = "midpoint", "limit at the middle"
        CLOSE = "moc", "market on close"
        TWAP = "twap", "TWAP"
        VWAP = "vwap", "VWAP"

    class Leftover(models.TextChoices):
        LEAVE = "leave", "leave for the day"
        CANCEL = "cancel", "cancel"
        REPRICE = "reprice", "re-price within the collar"
        CROSS = "cross", "cross the spread"

    strategy = models.ForeignKey(Strategy, on_delete=models.PROTECT, related_name="policies")
    version = models.PositiveIntegerField()
    cash_buffer = models.DecimalField(max_digits=8, decimal_places=6, default=Decimal("0.02"))
    drift_absolute = models.DecimalField(max_digits=8, decimal_places=6, default=Decimal("0.005"))
    drift_relative = models.DecimalField(max_digits=8, decimal_places=6, default=Decimal("0.10"))
    minimum_trade = models.DecimalField(max_digits=18, decimal_places=2, default=Decimal(200))
    turnover_cap = models.DecimalField(max_digits=8, decimal_places=6, default=Decimal("0.50"))
    """One-way traded value of a run over NLV."""
    allow_short = models.BooleanField(default=False)
    not_targeted = models.CharField(
        max_length=4, choices=NotTargeted.choices, default=NotTargeted.ASK
    )
    overrides = models.JSONField(default=dict, blank=True)
    """conId → no_trade, reduce_only or keep."""
    style = models.CharField(max_length=10, choices=Style.choices, default=Style.ADAPTIVE)
    collar = models.DecimalField(max_digits=8, decimal_places=6, default=Decimal("0.01"))
    """How far from the arrival price an order may reach."""
    leftover = models.CharField(max_length=8, choices=Leftover.choices, default=Leftover.CANCEL)
    leftover_after_seconds = models.PositiveIntegerField(default=120)
    reprices = models.PositiveSmallIntegerField(default=3)
    plan_minutes = models.PositiveIntegerField(default=15)
    """A plan expires this long after it was made."""
    price_drift = models.DecimalField(max_digits=8, decimal_places=6, default=Decimal("0.01"))
    """A price that moved further since planning refuses the approval."""
    automatic = models.BooleanField(default=False)
    """Paper only: a plan that passes the gate approves itself."""
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["strategy", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["strategy", "version"], name="policy_version_once"),
            models.CheckConstraint(
                condition=Q(cash_buffer__gte=0, cash_buffer__lt=1), name="policy_buffer_a_fraction"
            ),
        ]
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return f"{self.strategy_id} v{self.version}"


class DecisionSnapshot(models.Model):
    """Append-only: dated target weights of a strategy; the newest one is what a run freezes."""

    strategy = models.ForeignKey(Strategy, on_delete=models.PROTECT, related_name="snapshots")
    dated_on = models.DateField()
    origin = models.CharField(max_length=10)
    """csv, api, admin or provider."""
    digest = models.CharField(max_length=64)
    """SHA-256 over the canonical form of the weights."""
    note = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["strategy", "-dated_on", "-id"]
        permissions = [("upload_snapshot", "Can upload target weights")]

    def __str__(self) -> str:
        return f"{self.dated_on:%F}"


class TargetWeight(models.Model):
    """A fraction of the investable value; negative is short."""

    snapshot = models.ForeignKey(DecisionSnapshot, on_delete=models.CASCADE, related_name="weights")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    weight = models.DecimalField(max_digits=12, decimal_places=10)

    class Meta:
        ordering = ["snapshot", "-weight", "instrument"]
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "instrument"], name="weight_once")
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.weight}"
