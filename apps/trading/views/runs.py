"""Trade runs: the list, a new one, and one from its plan to its report."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.masks import mask_text
from apps.lib import clock
from apps.lib.errors import PortalError
from apps.marketdata.models import Instrument
from apps.trading import rows, selectors
from apps.trading.forms import ANSWER, RunForm, cleaned
from apps.trading.models import PlanLine, RunEvent, TradeRun
from apps.trading.runevents import event_text
from apps.trading.selectors.runs import WITH_RUN
from apps.trading.services.reports import run_report, run_report_csv
from apps.trading.services.runs import (
    run_answer,
    run_approve,
    run_cancel,
    run_resume,
)
from apps.trading.states import RUN_ENDED, RunState
from apps.trading.told import reader_text
from apps.trading.topics import run_topic
from apps.trading.views.frame import (
    Answer,
    Context,
    accounts_of,
    answer_of,
    answered,
    frame,
    live_name,
    owner,
    says_why_not,
)

PAGE = 30
REPORTED = {RunState.EXECUTING, RunState.DONE, RunState.HALTED, RunState.CANCELLED}
EXPIRES = {RunState.PLANNED, RunState.APPROVED, RunState.EXPIRED}
CANCELLABLE = set(RunState) - RUN_ENDED


@require_safe
@login_required
def runs(request: HttpRequest) -> HttpResponse:
    accounts = accounts_of(request.user)
    found = selectors.runs_visible(request.user).select_related(*WITH_RUN)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = frame(request.user, accounts) | {
        "page": page,
        "rows": [rows.run_row(run) for run in page.object_list],
        "busy": any(run.state not in RUN_ENDED for run in page.object_list),
    }
    return render(request, "trading/runs.html", context)


@require_safe
@login_required
def run(request: HttpRequest, pk: int) -> HttpResponse:
    return run_page(request, selectors.run_get(request.user, pk))


@require_safe
@login_required
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """As a file for a spreadsheet."""
    found = selectors.run_get(request.user, pk)
    name = f"run-{found.pk}-{found.strategy.name}-{found.period}.csv"
    answer = HttpResponse(run_report_csv(found), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_POST
@login_required
@says_why_not("run")
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep or sell for each name that is held and not targeted."""
    found = selectors.run_get(request.user, pk)
    given = {
        int(name.removeprefix(ANSWER)): str(word)
        for name, word in request.POST.items()
        if name.startswith(ANSWER) and name.removeprefix(ANSWER).isdecimal()
    }
    run_answer(user=owner(request), run=found, answers=given, at=clock.now())
    return redirect("run", pk)


@require_POST
@login_required
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    found = selectors.run_get(request.user, pk)
    form = RunForm(request.POST)
    try:
        given = cleaned(form)
        run_approve(
            user=owner(request),
            run=found,
            digest=given["digest"],
            confirmation=given["confirmation"].strip(),
            at=clock.now(),
        )
    except PortalError as error:
        return run_page(request, selectors.run_get(request.user, pk), error=error)
    return redirect("run", pk)


@require_POST
@login_required
@says_why_not("run")
def cancel_run(request: HttpRequest, pk: int) -> HttpResponse:
    found = selectors.run_get(request.user, pk)
    reason = request.POST.get("reason", "")[:200]
    run_cancel(user=owner(request), run=found, reason=reason, at=clock.now())
    return answered(request, Answer(_("The run is being cancelled.")), "run", pk)


@require_POST
@login_required
@says_why_not("run")
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    found = selectors.run_get(request.user, pk)
    run_resume(user=owner(request), run=found, at=clock.now())
    return redirect("run", pk)


def run_page(
    request: HttpRequest, found: TradeRun, *, error: PortalError | None = None
) -> HttpResponse:
    now = clock.now()
    plan = getattr(found, "plan", None)
    orders = selectors.run_orders(found.pk)
    events = list(found.events.all())
    context = frame(request.user, [found.account], run_topic(found.pk)) | {
        "run": found,
        "row": rows.run_row(found),
        "plan": plan,
        "base": found.account.base_currency,
        "lines": _lines(found, selectors.run_lines(found.pk, orders)) if plan else [],
        "progress": selectors.run_progress(found.pk, orders),
        "refusals": _refusals(found),
        "events": _events(found, events),
        "seen": f"{found.state} {len(events)}",
        "questions": _questions(found),
        "expired": bool(plan and plan.expires_at <= now and found.state in EXPIRES),
        "live_name": bool(live_name(found.account)),
        "approvable": found.state == RunState.PLANNED and not found.dry,
        "cancellable": found.state in CANCELLABLE,
        "halted": found.state == RunState.HALTED,
        "report": run_report(found) if plan and found.state in REPORTED else None,
        "errors": getattr(error, "fields", {}),
        "answers": [answer_of(error)] if error else [],
    }
    return render(request, "trading/run.html", context, status=error.status if error else 200)


def _lines(found: TradeRun, told: dict[str, Any]) -> list[Context]:
    lines = PlanLine.objects.filter(plan__run=found).select_related("instrument")
    return [{"line": line, "order": told.get(str(line.number))} for line in lines]


def _events(found: TradeRun, events: list[RunEvent]) -> list[Context]:
    names = _line_names(found)
    told = []
    for event in events:
        row = rows.run_event_row(event)
        told.append(row | {"number": event.number, "text": event_text(row["data"], names)})
    return told


def _line_names(found: TradeRun) -> dict[int, str]:
    """What the events call by the numbers of the plan."""
    lines = PlanLine.objects.filter(plan__run=found).select_related("instrument")
    return {line.number: str(line.instrument) for line in lines}


def _refusals(found: TradeRun) -> list[Context]:
    """Each with the name of what it is about."""
    ids = [entry.get("con_id") for entry in found.refusals if entry.get("con_id")]
    names = {row.con_id: str(row) for row in Instrument.objects.filter(pk__in=ids)}
    return [
        entry
        | {
            "name": names.get(entry.get("con_id")),
            "sentence": mask_text(reader_text(entry.get("said", {}), str(entry["sentence"]))),
        }
        for entry in found.refusals
    ]


def _questions(found: TradeRun) -> list[Instrument]:
    """What is held and not targeted, and waits for keep or sell."""
    if found.state != RunState.AWAITING_ANSWER:
        return []
    asked = found.events.filter(kind="questions").order_by("-number").first()
    con_ids = asked.data.get("con_ids", []) if asked else []
    return list(Instrument.objects.filter(pk__in=con_ids))
