"""When strategies run by themselves: the next times, and the form that changes them."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from apps.lib import clock
from apps.lib.errors import NotFound, PortalError
from apps.trading import selectors
from apps.trading.exchanges import EXCHANGES
from apps.trading.forms import ScheduleForm, cleaned
from apps.trading.models import Occurrence, Schedule, Strategy
from apps.trading.services.schedules import occurrence_answer, schedule_save
from apps.trading.views.frame import (
    Context,
    accounts_of,
    answer_of,
    frame,
    owner,
    says_why_not,
)

WEEKS = 8


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def schedule(request: HttpRequest) -> HttpResponse:
    """Every strategy with its schedule; a POST changes that of one."""
    if request.method != "POST":
        return _page(request)
    named = request.POST.get("strategy", "")
    try:
        given = cleaned(ScheduleForm(request.POST))
        strategy = selectors.strategy_get(request.user, given.pop("strategy"))
        schedule_save(user=owner(request), strategy=strategy, at=clock.now(), **given)
    except PortalError as error:
        return _page(request, named, error)
    return redirect("schedule")


@require_POST
@login_required
@says_why_not("schedule")
def occurrence(request: HttpRequest, pk: int) -> HttpResponse:
    """A person's word on a week whose time was missed."""
    found = Occurrence.objects.filter(
        pk=pk, schedule__in=selectors.schedules_visible(request.user)
    ).first()
    if found is None:
        raise NotFound("")
    start = "start" in request.POST
    run = occurrence_answer(user=owner(request), occurrence=found, start=start, at=clock.now())
    return redirect("run", run.pk) if run else redirect("schedule")


def _page(request: HttpRequest, wrong: str = "", error: PortalError | None = None) -> HttpResponse:
    accounts = accounts_of(request.user)
    known = {row.strategy_id: row for row in selectors.schedules_visible(request.user)}
    context = frame(request.user, accounts) | {
        "entries": [
            _entry(request, strategy, known.get(strategy.pk), wrong, error)
            for strategy in selectors.strategies_visible(request.user)
        ],
        "calendars": EXCHANGES,
        "anchors": Schedule.Anchor.values,
        "misses": Schedule.Missed.values,
        "answers": [answer_of(error)] if error else [],
    }
    return render(request, "trading/schedule.html", context, status=error.status if error else 200)


def _entry(
    request: HttpRequest,
    strategy: Strategy,
    found: Schedule | None,
    wrong: str,
    error: PortalError | None,
) -> Context:
    mine = wrong == str(strategy.pk)
    return {
        "strategy": strategy,
        "schedule": found,
        "shown": request.POST if mine else found or Schedule(strategy=strategy, enabled=False),
        "errors": getattr(error, "fields", {}) if mine else {},
        "next": selectors.schedule_next(found, at=clock.now()) if found and found.enabled else [],
        "past": list(found.occurrences.select_related("run")[:WEEKS]) if found else [],
    }
