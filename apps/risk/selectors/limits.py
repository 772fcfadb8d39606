"""Limits as they hold for one subject, and what is on the restricted list."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from apps.accounts.models import BrokerAccount
from apps.accounts.permissions import User, is_superuser
from apps.accounts.selectors import accounts_visible
from apps.risk import checks  # noqa: F401  # importing it declares the codes
from apps.risk.models import LimitChange, Restriction, RiskLimit
from apps.risk.policy import Limits, Row, Subject
from apps.risk.snapshot import Instrument, Restricted

COLUMNS = (
    "id", "code", "parameters", "connection_id", "account_id", "sec_type", "strategy", "con_id",
)  # fmt: skip


def limits_for(subject: Subject) -> Limits:
    """One query."""
    rows = RiskLimit.objects.order_by("id").values_list(*COLUMNS)
    return Limits(subject, (Row(*row) for row in rows))


def limits_of(account: BrokerAccount) -> Limits:
    """What holds for an account as a whole; defaults that scale with its size are missing."""
    return limits_for(Subject(connection_id=account.connection_id, account_id=account.pk))


def limits_visible(user: User) -> QuerySet[RiskLimit]:
    """Rows about all accounts and about those the user may see."""
    rows = RiskLimit.objects.select_related("account", "connection")
    if is_superuser(user):
        return rows
    return rows.filter(Q(account__isnull=True) | Q(account__in=accounts_visible(user)))


def changes_visible(user: User) -> QuerySet[LimitChange]:
    """Newest first."""
    rows = LimitChange.objects.select_related("account", "connection", "asked_by", "decided_by")
    if is_superuser(user):
        return rows
    return rows.filter(Q(account__isnull=True) | Q(account__in=accounts_visible(user)))


def restrictions_open(user: User) -> QuerySet[Restriction]:
    rows = Restriction.objects.select_related("account", "added_by").filter(ended_at__isnull=True)
    if is_superuser(user):
        return rows
    return rows.filter(Q(account__isnull=True) | Q(account__in=accounts_visible(user)))


def restricted_for(account_id: int, instrument: Instrument, at: datetime) -> tuple[Restricted, ...]:
    """Entries that name the instrument or its issuer, the strict ones first; one query."""
    named = Q(con_id=instrument.con_id) | Q(issuer__iexact=instrument.symbol)
    if instrument.isin:
        named |= Q(issuer__iexact=instrument.isin)
    if instrument.under_con_id is not None:
        named |= Q(con_id=instrument.under_con_id)
    standing = Q(ended_at__isnull=True) | Q(ended_at__gt=at)
    whose = Q(account__isnull=True) | Q(account=account_id)
    rows: Iterable[tuple[bool, str]] = (
        Restriction.objects.filter(named, standing, whose)
        .order_by("reduce_only")
        .values_list("reduce_only", "reason")
    )
    return tuple(Restricted(*row) for row in rows)
