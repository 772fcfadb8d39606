"""A new run: a strategy, its newest weights, older ones or a file, and a dry run first."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.lib import clock
from apps.lib.errors import Invalid, PortalError
from apps.trading import forms, selectors
from apps.trading.calendars import period_of
from apps.trading.models import DecisionSnapshot, Strategy
from apps.trading.permissions import check_may_trade
from apps.trading.services.snapshots import snapshot_from_csv, snapshot_template
from apps.trading.services.starting import run_start
from apps.trading.views.frame import accounts_of, answer_of, frame, owner

FILE_LIMIT = 1_000_000
SNAPSHOTS = 30


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def run_new(request: HttpRequest) -> HttpResponse:
    """What is wrong with a file is said line by line, and nothing is kept of it."""
    form = forms.NewRunForm(request.POST or None, request.FILES or None)
    if request.method != "POST":
        return _page(request, form)
    try:
        run = _started(request, forms.cleaned(form))
    except PortalError as error:
        return _page(request, form, error)
    return redirect("run", run)


@require_safe
@login_required
def template(request: HttpRequest) -> HttpResponse:
    """A file to start from."""
    del request
    answer = HttpResponse(snapshot_template(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="target-weights.csv"'
    return answer


def _started(request: HttpRequest, given: dict[str, Any]) -> int:
    user, now = owner(request), clock.now()
    strategy = selectors.strategy_get(user, given["strategy"])
    check_may_trade(user, strategy.account)
    snapshot = snapshot_of(request, strategy) or _chosen(strategy, given["snapshot"])
    run = run_start(
        user=user,
        strategy=strategy,
        snapshot=snapshot,
        period=given["period"].strip() or None,
        dry=given["dry"],
        at=now,
    )
    return run.pk


def snapshot_of(request: HttpRequest, strategy: Strategy) -> DecisionSnapshot | None:
    """The weights in the uploaded file; None without a file. Raises Invalid by line."""
    form = forms.NewRunForm(request.POST, request.FILES)
    given = forms.cleaned(form)
    upload, now = given["file"], clock.now()
    if upload is None:
        return None
    if upload.size > FILE_LIMIT:
        sentence = _("The file is too large: a megabyte is the limit.")
        raise Invalid(sentence, fields={"file": [sentence]})
    return snapshot_from_csv(
        user=owner(request),
        strategy=strategy,
        content=upload.read(),
        dated_on=given["dated_on"] or now.date(),
        at=now,
    )


def _chosen(strategy: Strategy, pk: int | None) -> DecisionSnapshot | None:
    if not pk:
        return None
    found = strategy.snapshots.filter(pk=pk).first()
    if found is None:
        sentence = _("The weights belong to another strategy.")
        raise Invalid(sentence, fields={"snapshot": [sentence]})
    return found


def _page(
    request: HttpRequest, form: forms.NewRunForm, error: PortalError | None = None
) -> HttpResponse:
    accounts = accounts_of(request.user)
    strategies = list(selectors.strategies_visible(request.user).filter(enabled=True))
    snapshots = DecisionSnapshot.objects.filter(strategy__in=strategies)
    context = frame(request.user, accounts) | {
        "form": form,
        "strategies": strategies,
        "snapshots": snapshots.select_related("strategy")[:SNAPSHOTS],
        "chosen": request.POST.get("strategy") or request.GET.get("strategy", ""),
        "chosen_snapshot": request.POST.get("snapshot") or request.GET.get("snapshot", ""),
        "period": period_of(clock.now().date()),
        "errors": getattr(error, "fields", {}),
        "problem": answer_of(error) if error else None,
    }
    return render(request, "trading/newrun.html", context, status=error.status if error else 200)
