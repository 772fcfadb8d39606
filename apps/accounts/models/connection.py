"""A connection to one TWS or IB Gateway, and the history of its link."""

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext as _

from apps.accounts.hints import is_paper_account
from ibkr.types import LinkState, MarketDataType

LINK_STATES = [(state.value, state.value.replace("_", " ")) for state in LinkState]


class Mode(models.TextChoices):
    PAPER = "paper", "paper"
    LIVE = "live", "live"


class DataType(models.IntegerChoices):
    LIVE = MarketDataType.LIVE, "live"
    FROZEN = MarketDataType.FROZEN, "frozen"
    DELAYED = MarketDataType.DELAYED, "delayed"
    DELAYED_FROZEN = MarketDataType.DELAYED_FROZEN, "delayed, frozen"


class Connection(models.Model):
    """One broker session. Usual ports: TWS 7496/7497, IB Gateway 4001/4002 (live/paper)."""

    slug = models.SlugField(unique=True, max_length=40)
    label = models.CharField(max_length=80)
    host = models.CharField(max_length=255, default="127.0.0.1")
    port = models.PositiveIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(65535)],
        help_text="TWS 7496 live, 7497 paper; IB Gateway 4001 live, 4002 paper",
    )
    client_id = models.PositiveIntegerField(default=17)
    mode = models.CharField(max_length=5, choices=Mode.choices, default=Mode.PAPER)
    pinned_accounts = models.CharField(
        max_length=255,
        blank=True,
        help_text="Account ids this login must contain, comma-separated",
    )
    market_data_type = models.PositiveSmallIntegerField(
        choices=DataType.choices, default=DataType.LIVE
    )
    time_zone = models.CharField(
        max_length=40, default="America/New_York", help_text="Zone of the times below"
    )
    restart_at = models.TimeField(
        null=True, blank=True, help_text="Daily restart of the gateway, local to the zone"
    )
    restart_minutes = models.PositiveSmallIntegerField(
        default=10, help_text="Length of the restart window"
    )
    no_orders_minutes = models.PositiveSmallIntegerField(
        default=5, help_text="No orders from this long before the restart"
    )
    weekly_login_at = models.TimeField(
        null=True, blank=True, help_text="Sunday's manual login, local to the zone"
    )
    enabled = models.BooleanField(default=True)
    link_state = models.CharField(
        max_length=16, choices=LINK_STATES, default=LinkState.DISCONNECTED.value
    )
    link_since_at = models.DateTimeField(null=True, blank=True)
    link_code = models.CharField(max_length=40, blank=True)
    link_sentence = models.CharField(max_length=400, blank=True)
    orders_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When the newest picture of all working orders was asked for that the rows hold whole."""

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(mode__in=["paper", "live"]), name="connection_mode_known"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        """Each complaint names its field and says what would be right."""
        problems: dict[str, str] = {}
        if self.time_zone not in available_timezones():
            problems["time_zone"] = _("There is no such zone. Example: America/New_York")
        wrong = [c for c in self.pinned if is_paper_account(c) != (self.mode == Mode.PAPER)]
        if wrong:
            problems["pinned_accounts"] = _(
                "%(code)s is not a %(mode)s account: IB's paper accounts start with D."
            ) % {"code": wrong[0], "mode": self.mode}
        rival = self._rival()
        if rival is not None:
            problems["client_id"] = _(
                "“%(label)s” already uses this client id on this host and port. "
                "Every connection to one TWS needs an id of its own."
            ) % {"label": rival.label}
        if problems:
            raise ValidationError(problems)

    def _rival(self) -> "Connection | None":
        same = Connection.objects.filter(
            host=self.host, port=self.port, client_id=self.client_id, enabled=True
        )
        return same.exclude(pk=self.pk).first() if self.enabled else None

    @property
    def pinned(self) -> tuple[str, ...]:
        """Pinned account ids in the given order."""
        return tuple(part.strip() for part in self.pinned_accounts.split(",") if part.strip())


class LinkEvent(models.Model):
    """Append-only: each state a connection has entered, and why."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="link_events")
    state = models.CharField(max_length=16, choices=LINK_STATES)
    code = models.CharField(max_length=40, blank=True)
    sentence = models.CharField(max_length=400)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["connection", "-at"], name="link_event_newest")]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.state} {self.at:%F %T}"
