"""What happened while the portal was not listening, until a person has read it."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.accounts.numbers import plain
from apps.accounts.permissions import User
from apps.lib import clock
from apps.marketdata.models import Instrument
from apps.marketdata.permissions import connections_visible
from apps.trading.models import DisconnectCancel, Order, OutageReport
from apps.trading.views.frame import accounts_of

SHOWN_FOR = timedelta(hours=12)
READ = "outages_read"
PARTS = ("policy", "fills", "ended", "absent", "unknown", "external", "amended", "positions")


@login_required
def outages(request: HttpRequest) -> HttpResponse:
    """The fragment of desk and blotter; a POST puts the reports of this moment away."""
    found = _recent(request.user)
    if request.method == "POST":
        request.session[READ] = max([report.pk for report in found], default=0)
        if "HX-Request" not in request.headers:
            return redirect("orders")
    read = int(request.session.get(READ, 0))
    mine = {account.pk for account in accounts_of(request.user)}
    names = _names(found)
    reports = [_told(report, mine, names) for report in found if report.pk > read]
    context = {"reports": [report for report in reports if report["parts"]]}
    return render(request, "trading/outagelist.html", context)


def _recent(user: User) -> list[OutageReport]:
    rows = OutageReport.objects.filter(connection__in=connections_visible(user))
    rows = rows.filter(to_at__gte=clock.now() - SHOWN_FOR).select_related("connection")
    return list(rows[:10])


def _names(reports: list[OutageReport]) -> dict[int, str]:
    """Of the instruments whose positions do not fit, in one query."""
    ids = {fact["con_id"] for report in reports for fact in report.data.get("positions", [])}
    return {row.con_id: str(row) for row in Instrument.objects.filter(pk__in=ids)}


def _told(report: OutageReport, mine: set[int], names: dict[int, str]) -> dict[str, Any]:
    """Only facts of the accounts the reader may see."""
    parts = []
    told = report.data | {"policy": _cancelled(report)}
    for name in PARTS:
        found = [fact for fact in told.get(name, []) if fact.get("account") in mine]
        facts = [{"name": names.get(fact["con_id"], fact["con_id"])} | fact for fact in found]
        if facts:
            parts.append({"name": name, "facts": facts})
    return {"report": report, "parts": parts}


def _cancelled(report: OutageReport) -> list[dict[str, Any]]:
    """What the policy for lost links ended after this outage, with its present state."""
    losses = DisconnectCancel.objects.filter(
        connection=report.connection_id, lost_at=report.from_at
    )
    orders = Order.objects.filter(disconnect_cancels__in=losses).select_related("instrument")
    return [
        {
            "order": order.pk,
            "account": order.account_id,
            "con_id": order.instrument_id,
            "name": str(order.instrument),
            "side": order.side,
            "quantity": plain(order.quantity),
            "state": order.state,
        }
        for order in orders.order_by("pk")
    ]
