"""What happened while the portal was not listening, until a person has read it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.accounts.permissions import User
from apps.lib import clock
from apps.marketdata.permissions import connections_visible
from apps.trading.models import OutageReport
from apps.trading.views.frame import accounts_of

SHOWN_FOR = timedelta(hours=12)
READ = "outages_read"
PARTS = ("fills", "ended", "absent", "unknown", "external", "amended", "positions")


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
    reports = [_told(report, mine) for report in found if report.pk > read]
    context = {"reports": [report for report in reports if report["parts"]]}
    return render(request, "trading/outagelist.html", context)


def _recent(user: User) -> list[OutageReport]:
    rows = OutageReport.objects.filter(connection__in=connections_visible(user))
    rows = rows.filter(to_at__gte=clock.now() - SHOWN_FOR).select_related("connection")
    return list(rows[:10])


def _told(report: OutageReport, mine: Iterable[int]) -> dict[str, Any]:
    """Only facts of the accounts the reader may see."""
    seen = set(mine)
    parts = []
    for name in PARTS:
        facts = [f for f in report.data.get(name, []) if f.get("account", None) in seen | {None}]
        if facts:
            parts.append({"name": name, "facts": facts})
    return {"report": report, "parts": parts}
