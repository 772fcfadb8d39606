"""What the risk pages have in common: topics, names, gauges, and how an answer is shown."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount
from apps.accounts.topics import CONNECTIONS
from apps.lib.errors import Invalid, NotAllowed, PortalError
from apps.risk.topics import risk_topic
from apps.risk.words import amount, figure_name, state_name

P = ParamSpec("P")
Context = dict[str, Any]
Row = dict[str, Any]
PAGES = {"limits": "risk-limits", "alerts": "alerts", "channels": "alert-channels"}
"""What a form says of the page it stands on, beside accounts' own."""
FULL = Decimal("1.25")
"""A gauge goes a quarter beyond its limit, so that a breach can be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """One figure as the page shows it; `filled` is the share of the limit that is used."""

    code: str
    name: str
    subject: str
    state: str
    state_name: str
    value: str
    limit: str
    filled: str
    latch: bool
    uncovered: int


def gauge(row: Row) -> Gauge:
    code, unit = row["code"], row["unit"]
    return Gauge(
        code=code,
        name=figure_name(code),
        subject=row.get("subject", ""),
        state=row["state"],
        state_name=state_name(row["state"]),
        value=amount(row.get("value"), unit, code),
        limit=amount(row.get("limit"), unit, code),
        filled=filled(row),
        latch=row.get("latch", False),
        uncovered=row.get("uncovered", 0),
    )


def filled(row: Row) -> str:
    """0 to 1.25 with dots, whatever the language; empty where there is no limit to fill."""
    value, limit = Decimal(row.get("value") or 0), Decimal(row.get("limit") or 0)
    if "value" not in row or limit <= 0:
        return ""
    used = value / limit
    if row.get("below"):
        used = limit / value if value > 0 else FULL
    return f"{min(max(used, Decimal(0)), FULL):.3f}"


def owner(request: HttpRequest) -> User:
    """Who asks; the pages let nobody in without login."""
    if not isinstance(request.user, User):
        raise NotAllowed(_("Log in first."))
    return request.user


def topics_of(accounts: list[BrokerAccount]) -> str:
    return " ".join([CONNECTIONS, risk_topic(None), *(risk_topic(a.pk) for a in accounts)])


def told(
    view: Callable[Concatenate[HttpRequest, P], str],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A view that acts and says what it did: shown on the page it came from, errors too."""

    @wraps(view)
    def answered(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            messages.success(request, view(request, *args, **kwargs))
        except Invalid as error:
            details = [text for texts in error.fields.values() for text in texts]
            messages.error(request, " ".join([error.sentence, *details]))
        except PortalError as error:
            messages.error(request, f"{error.sentence} {error.remedy}".strip())
        pk = request.POST.get("page", "")
        if pk in PAGES:
            return redirect(f"{reverse(PAGES[pk])}{_chosen(request, pk)}")
        return redirect("risk-account", pk=int(pk)) if pk.isdigit() else redirect("risk")

    # `wraps` alone would promise to be the wrapped view.
    return cast("Callable[Concatenate[HttpRequest, P], HttpResponse]", answered)


def _chosen(request: HttpRequest, page: str) -> str:
    """The limits of one account stay before the eyes: the next change is about it too."""
    account = request.POST.get("account", "")
    return f"?account={account}" if page == "limits" and account.isdigit() else ""
