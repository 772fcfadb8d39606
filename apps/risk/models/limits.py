"""Limits that people have set, every change of one, and what must not be traded."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.accounts.models import BrokerAccount, Connection
from apps.risk.policy import Row, Scope


class Scoped(models.Model):
    """What a limit is about. Everything empty is global; several together narrow each other."""

    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    account = models.ForeignKey(
        BrokerAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    sec_type = models.CharField(max_length=8, blank=True)
    """STK, ETF, OPT, FUT, CASH."""
    strategy = models.CharField(max_length=60, blank=True)
    con_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        abstract = True


class RiskLimit(Scoped):
    """Parameters of one code in one scope; what a row leaves out comes from a wider scope or the
    code's default. Rows change through `limit_change` only."""

    place = models.CharField(max_length=200, unique=True, editable=False)
    """Code and scope in one text: the database's own guard against two rows of one scope."""
    code = models.CharField(max_length=24)
    parameters = models.JSONField(default=dict)
    """Name → text, as apps.risk.policy declares them."""
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["code", "id"]
        permissions = [("change_limits", "Can change limits and the restricted list")]

    def __str__(self) -> str:
        return f"{self.code} ({self.row.scope})"

    @property
    def row(self) -> Row:
        """For the pure rules of precedence."""
        return Row(
            self.pk,
            self.code,
            self.parameters,
            self.connection_id,
            self.account_id,
            self.sec_type,
            self.strategy,
            self.con_id,
        )

    @property
    def scope(self) -> Scope:
        return self.row.scope


class LimitChange(Scoped):
    """Append-only but for its decision: who asked for what, why, the old and the new value."""

    class State(models.TextChoices):
        PENDING = "pending", "waits for a second person"
        APPLIED = "applied", "applied"
        DECLINED = "declined", "declined"

    code = models.CharField(max_length=24)
    name = models.CharField(max_length=24)
    old = models.CharField(max_length=400, null=True)  # noqa: DJ001  # None: nothing was set here
    new = models.CharField(max_length=400, null=True)  # noqa: DJ001  # None: the row's value goes
    raises = models.BooleanField()
    """Whether it lets more through."""
    reason = models.CharField(max_length=400)
    state = models.CharField(max_length=8, choices=State.choices)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="pending") | Q(decided_at__isnull=False),
                name="limit_change_decided",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code}.{self.name}: {self.old} to {self.new}"


class Restriction(models.Model):
    """An instrument or issuer that must not be traded, or only reduced, until `ended_at`."""

    con_id = models.BigIntegerField(null=True, blank=True)
    issuer = models.CharField(max_length=40, blank=True)
    """Symbol (of the underlying for options) or ISIN; a restriction has this or a conId."""
    account = models.ForeignKey(
        BrokerAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """Empty: for all accounts."""
    reduce_only = models.BooleanField(default=False)
    reason = models.CharField(max_length=200)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField()
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-added_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(con_id__isnull=False) | ~Q(issuer=""), name="restriction_names_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.issuer or self.con_id}: {self.reason}"
