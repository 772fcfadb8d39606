"""Trade runs as a person may see them, and how far their orders have come."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.permissions import User
from apps.accounts.selectors import accounts_visible
from apps.lib.errors import NotFound
from apps.trading import rows
from apps.trading.models import Order, PlanLine, TradeRun

WITH_RUN = ("strategy", "started_by", "approved_by")


def runs_visible(user: User) -> QuerySet[TradeRun]:
    return TradeRun.objects.filter(account__in=accounts_visible(user))


def run_get(user: User, pk: int | str) -> TradeRun:
    """Raises NotFound for what is missing and, with the same words, for what is not theirs."""
    found = None
    if str(pk).isascii() and str(pk).isdigit() and len(str(pk)) < 19:
        related = (*WITH_RUN, "account__connection", "policy", "snapshot", "plan")
        found = runs_visible(user).select_related(*related).filter(pk=int(pk)).first()
    if found is None:
        raise NotFound(
            _("There is no such trade run, or you have not been given access to its account."),
            remedy=_("Ask an administrator for a grant on the account."),
        )
    return found


def run_orders(run_id: int) -> list[Order]:
    return list(Order.objects.filter(plan_line__plan__run=run_id).order_by("pk"))


def run_progress(run_id: int, orders: list[Order]) -> dict[str, Any]:
    trades = PlanLine.objects.filter(plan__run=run_id).exclude(quantity=0).count()
    return rows.progress_fields(trades, orders)


def run_lines(run_id: int, orders: list[Order]) -> dict[str, dict[str, Any]]:
    """The lines that have orders, by number."""
    by_line: dict[int, list[Order]] = {}
    for order in orders:
        by_line.setdefault(order.plan_line_id or 0, []).append(order)
    lines = PlanLine.objects.filter(plan__run=run_id, pk__in=by_line)
    return {str(line.number): rows.line_fields(line, by_line[line.pk]) for line in lines}
