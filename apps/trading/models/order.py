"""An order from intent to end, every event of it, and changes asked for while it works."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.accounts.models import BrokerAccount, Connection
from apps.marketdata.models import Instrument
from apps.risk.models import GateDecision
from apps.trading.states import OPEN, OrderState

ORDER_STATES = [(state.value, state.value.replace("_", " ")) for state in OrderState]


class Source(models.TextChoices):
    """The door an order came in by."""

    PAGE = "page", "page"
    API = "api", "API"
    RUN = "run", "trade run"
    COMMAND = "command", "command"
    ADMIN = "admin", "admin"
    TELEGRAM = "telegram", "Telegram"
    FLATTEN = "flatten", "flatten"
    EXTERNAL = "external", "placed elsewhere"


class Order(models.Model):
    """None means not told (broker's fields) or not asked for (prices).

    `perm_id` is the broker's identity, `ib_order_id` only within `client_id`. `ref` is the
    orderRef on the wire, ours for every order but external ones. `filled`, `average_price` and
    `commission` are recomputed from executions, never added up.
    """

    account = models.ForeignKey(BrokerAccount, on_delete=models.PROTECT, related_name="orders")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="orders")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="orders")
    ref = models.CharField(max_length=64, blank=True)
    idempotency_key = models.CharField(max_length=80, blank=True)
    source = models.CharField(max_length=10, choices=Source.choices)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="orders"
    )
    strategy = models.CharField(max_length=60, blank=True)
    plan_line = models.ForeignKey(
        "trading.PlanLine", on_delete=models.PROTECT, null=True, related_name="orders"
    )
    side = models.CharField(max_length=4)
    """BUY or SELL."""
    quantity = models.DecimalField(max_digits=28, decimal_places=10)
    order_type = models.CharField(max_length=20)
    tif = models.CharField(max_length=8)
    limit_price = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    stop_price = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    """The trigger of STP and STP LMT, the amount of TRAIL."""
    trailing_percent = models.DecimalField(max_digits=10, decimal_places=6, null=True)
    trail_stop_price = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    outside_rth = models.BooleanField(default=False)
    good_till_at = models.DateTimeField(null=True)
    algo_strategy = models.CharField(max_length=20, blank=True)
    algo_params = models.JSONField(default=list)
    """Pairs of tag and value in the order of the wire."""
    oca_group = models.CharField(max_length=64, blank=True)
    oca_type = models.PositiveSmallIntegerField(default=0)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    transmit = models.BooleanField(default=True)
    state = models.CharField(max_length=16, choices=ORDER_STATES)
    lease_token = models.CharField(max_length=64, blank=True)
    client_id = models.IntegerField(null=True)
    ib_order_id = models.IntegerField(null=True)
    perm_id = models.BigIntegerField(null=True)
    broker_status = models.CharField(max_length=20, blank=True)
    why_held = models.CharField(max_length=60, blank=True)
    evidence = models.JSONField(default=dict, blank=True)
    """What the broker has said of it so far, as `apps.trading.evidence` keeps it: the state follows
    from this set, never from the order in which messages came."""
    reason_code = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    """Why it was refused, rejected, cancelled or is unknown, as a person should read it."""
    filled = models.DecimalField(max_digits=28, decimal_places=10, default=0)
    average_price = models.DecimalField(max_digits=24, decimal_places=10, null=True)
    commission = models.DecimalField(max_digits=20, decimal_places=8, null=True)
    commission_currency = models.CharField(max_length=4, blank=True)
    arrival_price = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    """Middle of the quote when the order was accepted, for slippage."""
    decision = models.ForeignKey(
        GateDecision, on_delete=models.PROTECT, null=True, related_name="orders"
    )
    cancel_asked_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-accepted_at", "-id"]
        permissions = [("trade", "Can place, change and cancel orders")]
        constraints = [
            models.UniqueConstraint(
                fields=["ref"], condition=~Q(ref="") & ~Q(source="external"), name="order_ref_once"
            ),
            models.UniqueConstraint(
                fields=["account", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="order_idempotent",
            ),
            models.UniqueConstraint(
                fields=["connection", "perm_id"],
                condition=Q(perm_id__isnull=False),
                name="order_perm_id_once",
            ),
            models.UniqueConstraint(
                fields=["connection", "client_id", "ib_order_id"],
                condition=Q(ib_order_id__isnull=False) & ~Q(source="external"),
                name="order_wire_id_once",
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_quantity_positive"),
            models.CheckConstraint(condition=Q(side__in=["BUY", "SELL"]), name="order_side_known"),
        ]
        indexes = [
            models.Index(fields=["account", "state"], name="order_by_state"),
            models.Index(fields=["state", "accepted_at"], name="order_sweep"),
            models.Index(fields=["account", "-accepted_at"], name="order_newest"),
            models.Index(fields=["connection", "accepted_at"], name="order_of_connection"),
            models.Index(
                fields=["account", "cancel_asked_at"],
                condition=Q(cancel_asked_at__isnull=False),
                name="order_cancels",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.quantity.normalize():f} {self.instrument_id} {self.state}"

    @property
    def external(self) -> bool:
        return self.source == Source.EXTERNAL

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def remaining(self) -> Decimal:
        return max(self.quantity - self.filled, Decimal(0))


class OrderEvent(models.Model):
    """Append-only: what happened to an order, told by whom, and the state before and after."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=24)
    before = models.CharField(max_length=16, blank=True)
    after = models.CharField(max_length=16)
    origin = models.CharField(max_length=12)
    """portal, broker or reconcile."""
    data = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ["order", "number"]
        constraints = [models.UniqueConstraint(fields=["order", "number"], name="order_event_once")]

    def __str__(self) -> str:
        return f"{self.order_id}.{self.number} {self.kind}"


class OrderChange(models.Model):
    """A new quantity or price for a working order; sent under the order's own id, so harmless
    when sent twice."""

    class State(models.TextChoices):
        ACCEPTED = "accepted", "accepted"
        SENT = "sent", "sent"
        CONFIRMED = "confirmed", "confirmed"
        REFUSED = "refused", "refused"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="changes")
    number = models.PositiveIntegerField()
    quantity = models.DecimalField(max_digits=28, decimal_places=10)
    limit_price = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    stop_price = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACCEPTED)
    reason = models.CharField(max_length=500, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decision = models.ForeignKey(
        GateDecision, on_delete=models.PROTECT, null=True, related_name="+"
    )
    asked_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["order", "number"]
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="order_change_once")
        ]

    def __str__(self) -> str:
        return f"{self.order_id} change {self.number} {self.state}"
