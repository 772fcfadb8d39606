"""Limits as they hold for an account or for everything, changes of them, and their history."""

from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import BrokerAccount
from apps.accounts.selectors import account_get, accounts_visible
from apps.lib import clock
from apps.risk import services
from apps.risk.models import LimitChange
from apps.risk.permissions import may_change_limits
from apps.risk.policy import POLICIES, Limits, Parameter, Policy
from apps.risk.selectors.limits import changes_visible, limits_for
from apps.risk.services.limits import LimitScope
from apps.risk.views.frame import Context, owner, told, topics_of
from apps.risk.words import unit_name

CHANGES = 50


@require_safe
@login_required
def limits(request: HttpRequest) -> HttpResponse:
    account = _account(request.user, request.GET.get("account", ""))
    held = limits_for(LimitScope(account=account).subject())
    context = {
        "topics": topics_of([]),
        "account": account,
        "accounts": accounts_visible(request.user),
        "policies": [_policy(policy, held) for policy in POLICIES.values() if policy.parameters],
        "changes": [_change(row) for row in changes_visible(request.user)[:CHANGES]],
        "may_change": may_change_limits(request.user, account),
    }
    return render(request, "risk/limits.html", context)


@require_POST
@login_required
@told
def limit_change(request: HttpRequest) -> str:
    code, _dot, name = request.POST.get("limit", "").partition(".")
    change = services.limit_change(
        user=owner(request),
        code=code,
        name=name,
        value=None if "clear" in request.POST else request.POST.get("value", ""),
        reason=request.POST.get("reason", ""),
        scope=LimitScope(
            account=_account(request.user, request.POST.get("account", "")),
            sec_type=request.POST.get("sec_type", "").strip().upper(),
            strategy=request.POST.get("strategy", "").strip(),
            con_id=_con_id(request.POST.get("con_id", "").strip()),
        ),
        at=clock.now(),
    )
    if change.state == LimitChange.State.PENDING:
        return _("A second person has to agree before this holds.")
    return _("The limit holds from now on.")


@require_POST
@login_required
@told
def limit_decide(request: HttpRequest, pk: int) -> str:
    change = get_object_or_404(changes_visible(request.user), pk=pk)
    accept = "accept" in request.POST
    services.limit_decide(user=owner(request), change=change, accept=accept, at=clock.now())
    return _("The limit holds from now on.") if accept else _("The change was declined.")


def _con_id(text: str) -> int | None:
    """0, which no instrument has, for what is no number: a limit must not fall on everything."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _account(user: Any, text: str) -> BrokerAccount | None:
    return account_get(user, text) if text else None


def _policy(policy: Policy, held: Limits) -> Context:
    return {
        "code": policy.code,
        "scope": policy.scope,
        "meaning": _(policy.meaning),
        "parameters": [_parameter(policy.code, p, held) for p in policy.parameters],
    }


def _change(change: LimitChange) -> LimitChange:
    """With what the limit means, in the reader's language; nothing for one that is no more."""
    policy = POLICIES.get(change.code)
    found = [p for p in policy.parameters if p.name == change.name] if policy else []
    change.meaning = _(found[0].meaning) if found else ""  # type: ignore[attr-defined]  # for the page
    return change


def _parameter(code: str, parameter: Parameter, held: Limits) -> Context:
    setting = held.setting(code, parameter.name)
    value = setting.value
    return {
        "limit": f"{code}.{parameter.name}",
        "name": parameter.name,
        "meaning": _(parameter.meaning),
        "unit_name": unit_name(parameter.unit),
        "value": f"{value.normalize():f}" if isinstance(value, Decimal) else value,
        "of_nlv": parameter.of_nlv,
        "set": setting.row is not None,
    }
