"""Orders and executions as a person may see them: open ones and those of the last day first."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.models import User as AuthUser
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from apps.accounts.permissions import User
from apps.accounts.selectors import accounts_visible
from apps.lib.errors import NotFound
from apps.lib.prepared import Asked, Whole
from apps.marketdata.models import Instrument
from apps.trading.models import CommissionReport, Execution, Order, Plan, PlanLine
from apps.trading.states import OPEN

RECENT = timedelta(hours=24)
"""What the live tables hold beside the open orders."""
WITH_ORDER = ("instrument", "placed_by", "plan_line__plan")
TOLD = Whole(
    Order,
    lambda order_id: Order.objects.filter(pk=order_id).order_by(),
    instrument=Instrument,
    placed_by=AuthUser,
    plan_line=PlanLine,
    plan_line__plan=Plan,
)


def _newest(connection_id: int, base: str) -> QuerySet[Execution]:
    rows = Execution.objects.filter(connection=connection_id, base=base)
    return rows.order_by("-revision")


FILL = Whole(
    Execution,
    lambda connection_id, base: _newest(connection_id, base)[:1],
    instrument=Instrument,
)
FILL_PAID = Whole(
    CommissionReport,
    lambda connection_id, base: CommissionReport.objects.filter(
        connection=connection_id,
        exec_id=Subquery(_newest(connection_id, base).values("exec_id")[:1]),
    ).order_by(),
)


def order_told(pk: int) -> Order:
    """With WITH_ORDER, for topics: they read an order again at every change."""
    found = TOLD.first(order_id=pk)
    if found is None:
        raise Order.DoesNotExist
    return found


def order_asked(pk: int) -> Asked:
    """The question of `order_told`, for `together`."""
    return TOLD.asked(order_id=pk)


def fill_told(connection_id: int, base: str) -> tuple[Execution | None, CommissionReport | None]:
    """What stands of a fill, with its instrument, and the commission of that revision; None for a
    fill that was taken back."""
    found = FILL.first(connection_id=connection_id, base=base)
    paid = FILL_PAID.first(connection_id=connection_id, base=base)
    return (found, paid) if found is not None and found.quantity > 0 else (None, None)


def fill_asked(connection_id: int, base: str) -> list[Asked]:
    """The questions of `fill_told`, for `together`."""
    return [query.asked(connection_id=connection_id, base=base) for query in (FILL, FILL_PAID)]


def orders_visible(user: User) -> QuerySet[Order]:
    return Order.objects.filter(account__in=accounts_visible(user))


def orders_recent(at: datetime) -> Q:
    """Open ones, and those that came or ended within the last day."""
    since = at - RECENT
    return (
        Q(state__in=sorted(OPEN))
        | Q(ended_at__isnull=True, accepted_at__gte=since)
        | Q(ended_at__gte=since)
    )


def is_recent(order: Order, at: datetime) -> bool:
    """The same rule for one row."""
    return order.is_open or (order.ended_at or order.accepted_at) >= at - RECENT


def order_get(user: User, pk: int | str) -> Order:
    """Raises NotFound for what is missing and, with the same words, for what is not theirs."""
    found = None
    if str(pk).isascii() and str(pk).isdigit() and len(str(pk)) < 19:
        rows = orders_visible(user).select_related(*WITH_ORDER, "account__connection", "decision")
        found = rows.filter(pk=int(pk)).first()
    if found is None:
        raise NotFound(
            _("There is no such order, or you have not been given access to its account."),
            remedy=_("Ask an administrator for a grant on the account."),
        )
    return found


def executions_standing() -> QuerySet[Execution]:
    """Only the highest revision of each fill, and no busted ones."""
    newer = Execution.objects.filter(
        connection=OuterRef("connection"), base=OuterRef("base")
    ).order_by("-revision")
    rows = Execution.objects.annotate(newest=Subquery(newer.values("revision")[:1]))
    return rows.filter(revision=F("newest"), quantity__gt=0)


def executions_recent(account_id: int, at: datetime) -> QuerySet[Execution]:
    rows = executions_standing().filter(account_id=account_id, at__gte=at - RECENT)
    return rows.select_related("instrument")


def commissions_of(executions: Iterable[Execution]) -> dict[tuple[int, str], CommissionReport]:
    """By connection and execId, in one query."""
    found = list(executions)
    reports = CommissionReport.objects.filter(exec_id__in=[row.exec_id for row in found])
    return {(report.connection_id, report.exec_id): report for report in reports}
