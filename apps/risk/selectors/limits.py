"""Limits as they hold for one subject, and what is on the restricted list."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Upper

from apps.accounts.models import BrokerAccount
from apps.accounts.permissions import User, is_superuser
from apps.accounts.selectors import accounts_visible
from apps.lib.prepared import Asked, Prepared, Same
from apps.marketdata.models import Instrument
from apps.risk import checks  # noqa: F401  # importing it declares the codes
from apps.risk.models import LimitChange, Restriction, RiskLimit
from apps.risk.policy import Limits, Row, Subject
from apps.risk.snapshot import Restricted

COLUMNS = (
    "id", "code", "parameters", "connection_id", "account_id", "sec_type", "strategy", "con_id",
)  # fmt: skip


def limits_for(subject: Subject) -> Limits:
    """One query."""
    return Limits(subject, LIMITS())


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


def limits_asked(account_id: int, con_id: int, at: datetime) -> list[Asked]:
    """What `limits_for` and `restricted_for` read, for `together`."""
    return [LIMITS.asked(), RESTRICTED.asked(account_id=account_id, con_id=con_id, at=at)]


def restricted_for(account_id: int, con_id: int, at: datetime) -> tuple[Restricted, ...]:
    """Entries that name the instrument or its issuer, the strict ones first; one query."""
    return RESTRICTED(account_id=account_id, con_id=con_id, at=at)


def _naming(account_id: int, con_id: int, at: datetime) -> QuerySet[Any, Any]:
    own = Instrument.objects.filter(pk=con_id).annotate(name=Upper("symbol"), code=Upper("isin"))
    wanted, issued = OuterRef("name"), ~Q(issuer="")
    same = Q(under_con_id=OuterRef("con_id"))
    named = own.filter(Q(name=wanted) | Q(code=wanted))
    which = Q(con_id=con_id) | Q(Exists(own.filter(same))) | (issued & Q(Exists(named)))
    standing = Q(ended_at__isnull=True) | Q(ended_at__gt=at)
    whose = Q(account__isnull=True) | Q(account=account_id)
    rows = Restriction.objects.annotate(name=Upper("issuer")).filter(which, standing, whose)
    return rows.order_by("reduce_only", "pk").values_list("reduce_only", "reason")


LIMITS = Same(
    Prepared(lambda: RiskLimit.objects.order_by("id").values_list(*COLUMNS)),
    lambda rows: tuple(Row(*row) for row in rows),
)
RESTRICTED = Same(Prepared(_naming), lambda rows: tuple(Restricted(*row) for row in rows))
