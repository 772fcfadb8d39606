"""Trade runs, their steps, and their immutable plans."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.accounts.models import BrokerAccount, Connection, Mode
from apps.marketdata.models import Instrument
from apps.trading.models.strategy import DecisionSnapshot, Policy, Strategy
from apps.trading.states import RUN_RELEASES_PERIOD, RunState

RUN_STATES = [(state.value, state.value.replace("_", " ")) for state in RunState]


class TradeRun(models.Model):
    """One rebalance, from frozen inputs to report. A period of a strategy runs once."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="runs")
    account = models.ForeignKey(BrokerAccount, on_delete=models.PROTECT, related_name="runs")
    strategy = models.ForeignKey(Strategy, on_delete=models.PROTECT, related_name="runs")
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="runs")
    snapshot = models.ForeignKey(DecisionSnapshot, on_delete=models.PROTECT, related_name="runs")
    mode = models.CharField(max_length=5, choices=Mode.choices)
    period = models.CharField(max_length=40)
    """ISO week as 2026-W47, or a name given by a person for an extra run."""
    dry = models.BooleanField(default=False)
    scheduled = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=RUN_STATES, default=RunState.CREATED)
    code = models.CharField(max_length=40, blank=True)
    """Why it is blocked, refused, expired or halted: connection_unavailable, stale_price, …"""
    sentence = models.CharField(max_length=500, blank=True)
    """In English; pages tell it from `said`."""
    said = models.JSONField(default=dict)
    refusals = models.JSONField(default=list)
    """Every refusal with code, sentence, conId and numbers."""
    inputs = models.JSONField(default=dict)
    inputs_digest = models.CharField(max_length=64, blank=True)
    answers = models.JSONField(default=dict)
    """conId → keep or sell, for names held and not targeted."""
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="runs"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    approved_digest = models.CharField(max_length=64, blank=True)
    approved_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        permissions = [("approve_run", "Can approve trade runs")]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "strategy", "period"],
                condition=Q(dry=False) & ~Q(state__in=sorted(RUN_RELEASES_PERIOD)),
                name="run_period_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.strategy_id} {self.period} {self.state}"


class RunEvent(models.Model):
    """Append-only: each step of a run."""

    run = models.ForeignKey(TradeRun, on_delete=models.PROTECT, related_name="events")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=24)
    data = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ["run", "number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="run_event_once")]

    def __str__(self) -> str:
        return f"{self.run_id}.{self.number} {self.kind}"


class Plan(models.Model):
    """Immutable. Money in the account's base currency."""

    run = models.OneToOneField(TradeRun, on_delete=models.PROTECT, related_name="plan")
    digest = models.CharField(max_length=64)
    nlv = models.DecimalField(max_digits=24, decimal_places=6)
    cash_before = models.DecimalField(max_digits=24, decimal_places=6)
    cash_after = models.DecimalField(max_digits=24, decimal_places=6)
    buffer = models.DecimalField(max_digits=24, decimal_places=6)
    turnover = models.DecimalField(max_digits=12, decimal_places=8)
    cost = models.DecimalField(max_digits=18, decimal_places=6)
    """Estimated commission and half spread."""
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return self.digest[:12]


class PlanLine(models.Model):
    """One instrument of a plan; `quantity` is signed and 0 where the line is skipped."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField()
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    target_weight = models.DecimalField(max_digits=12, decimal_places=10, null=True)
    weight_before = models.DecimalField(max_digits=14, decimal_places=10)
    weight_after = models.DecimalField(max_digits=14, decimal_places=10)
    position = models.DecimalField(max_digits=28, decimal_places=10)
    working = models.DecimalField(max_digits=28, decimal_places=10)
    """Signed quantity of open orders, taken into account."""
    quantity = models.DecimalField(max_digits=28, decimal_places=10)
    price = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    price_kind = models.CharField(max_length=16)
    price_at = models.DateTimeField(null=True)
    fx = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    value = models.DecimalField(max_digits=24, decimal_places=6)
    """Signed value of the trade in base currency."""
    reason = models.CharField(max_length=30, blank=True)
    """Why the line is skipped or cut: within_band, below_minimum, turnover_cap, no_cash, …"""

    class Meta:
        ordering = ["plan", "number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="plan_line_number_once"),
            models.UniqueConstraint(fields=["plan", "instrument"], name="plan_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity.normalize():f} of {self.instrument_id}"
