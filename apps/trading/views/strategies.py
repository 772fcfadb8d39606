"""Strategies: what each should hold, by which policy, and every version of both."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.selectors import account_get
from apps.lib import clock
from apps.lib.errors import PortalError
from apps.trading import forms, selectors
from apps.trading.models import Policy, Strategy
from apps.trading.services.strategies import policy_change, strategy_create
from apps.trading.views.frame import accounts_of, answer_of, frame, owner
from apps.trading.views.newrun import snapshot_of

SNAPSHOTS = 20


@require_safe
@login_required
def strategies(request: HttpRequest) -> HttpResponse:
    return _list(request)


@require_POST
@login_required
def strategy_new(request: HttpRequest) -> HttpResponse:
    try:
        given = forms.cleaned(forms.StrategyForm(request.POST))
        account = account_get(request.user, given["account"])
        made = strategy_create(
            user=owner(request), account=account, name=given["name"], at=clock.now()
        )
    except PortalError as error:
        return _list(request, error)
    return redirect("strategy", made.pk)


@require_safe
@login_required
def strategy(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, selectors.strategy_get(request.user, pk))


@require_POST
@login_required
def policy(request: HttpRequest, pk: int) -> HttpResponse:
    """A change is a new version; the old ones stay."""
    found = selectors.strategy_get(request.user, pk)
    form = forms.PolicyForm(request.POST)
    try:
        given = forms.cleaned(form)
        policy_change(user=owner(request), strategy=found, changes=given, at=clock.now())
    except PortalError as error:
        return _page(request, found, error, form)
    return redirect("strategy", pk)


@require_POST
@login_required
def snapshot_upload(request: HttpRequest, pk: int) -> HttpResponse:
    """New weights without a run."""
    found = selectors.strategy_get(request.user, pk)
    try:
        snapshot_of(request, found)
    except PortalError as error:
        return _page(request, found, error)
    return redirect("strategy", pk)


def _list(request: HttpRequest, error: PortalError | None = None) -> HttpResponse:
    accounts = accounts_of(request.user)
    found = selectors.strategies_visible(request.user).prefetch_related("snapshots", "policies")
    context = frame(request.user, accounts) | {
        "strategies": found,
        "typed": request.POST,
        "errors": getattr(error, "fields", {}),
        "answers": [answer_of(error)] if error else [],
    }
    status = error.status if error else 200
    return render(request, "trading/strategies.html", context, status=status)


def _page(
    request: HttpRequest,
    found: Strategy,
    error: PortalError | None = None,
    form: forms.PolicyForm | None = None,
) -> HttpResponse:
    policies = list(found.policies.select_related("made_by"))
    snapshots = list(found.snapshots.select_related("made_by")[:SNAPSHOTS])
    newest = snapshots[0] if snapshots else None
    context = frame(request.user, [found.account]) | {
        "strategy": found,
        "policies": policies,
        "form": form or forms.PolicyForm(instance=policies[0] if policies else Policy()),
        "snapshots": snapshots,
        "weights": newest.weights.select_related("instrument") if newest else [],
        "errors": getattr(error, "fields", {}),
        "problem": answer_of(error) if error else None,
        "answers": [],
    }
    status = error.status if error else 200
    return render(request, "trading/strategy.html", context, status=status)
