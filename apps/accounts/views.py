"""The pages of the accounts app: desk, account, findings, connections, and the manual refresh."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts import book, chart, selectors, services
from apps.accounts.models import BrokerAccount, Connection
from apps.accounts.permissions import may_manage, may_unmask
from apps.accounts.selectors import pages
from apps.accounts.topics import CONNECTIONS, account_topic
from apps.lib import clock
from apps.lib.errors import PortalError

SPARK = timedelta(days=1)
SPARK_SIZE = (240, 48)
CHART_SIZE = (960, 220)
EVENTS = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request, for the person who made it."""

    sentence: str
    remedy: str = ""
    ok: bool = True


@require_safe
@login_required
def desk(request: HttpRequest) -> HttpResponse:
    accounts = pages.accounts_whole(request.user)
    context = _holdings(request.user, accounts) | {"unseen": not accounts and pages.any_account()}
    return render(request, "desk/desk.html", context)


@require_safe
@login_required
def account_page(request: HttpRequest, pk: int) -> HttpResponse:
    account = selectors.account_get(request.user, pk)
    points = [(point.at, point.value) for point in selectors.equity_series(account)]
    context = _holdings(request.user, [account]) | {
        "account": account,
        "values": pages.account_values(account),
        "line": chart.line(points, width=CHART_SIZE[0], height=CHART_SIZE[1], margin=8),
        "stats": selectors.equity_stats(account),
        "findings": selectors.findings_open(request.user).filter(account=account),
    }
    return render(request, "desk/account.html", context)


@require_safe
@login_required
def findings(request: HttpRequest) -> HttpResponse:
    return render(
        request, "desk/findings.html", {"findings": selectors.findings_open(request.user)}
    )


@require_safe
@login_required
def connections(request: HttpRequest) -> HttpResponse:
    context = {
        "events": pages.link_events(newest=EVENTS),
        "notices": selectors.notices(selectors.connections_enabled(), newest=EVENTS),
        "settings": selectors.connections_enabled() if may_manage(request.user) else [],
    }
    return render(request, "desk/connections.html", context)


@require_safe
@login_required
def waiting(request: HttpRequest) -> HttpResponse:
    """Polled by a desk without accounts: tells it to reload when there is one."""
    found = selectors.accounts_visible(request.user).exists()
    return HttpResponse(status=204, headers={"HX-Refresh": "true"} if found else {})


@require_POST
@login_required
def refresh(request: HttpRequest) -> HttpResponse:
    accounts = selectors.accounts_visible(request.user)
    answers = [_refreshed(request.user, c) for c in pages.connections_of(accounts)]
    answers = answers or [Answer(_("There is no account to refresh yet."), ok=False)]
    if getattr(request, "htmx", False):
        return render(request, "parts/answers.html", {"answers": answers})
    for answer in answers:
        level = messages.SUCCESS if answer.ok else messages.ERROR
        messages.add_message(request, level, f"{answer.sentence} {answer.remedy}".strip())
    return redirect("desk")


def _refreshed(user: AbstractBaseUser | AnonymousUser, connection: Connection) -> Answer:
    try:
        services.refresh_request(user=user, connection=connection)
    except PortalError as error:
        return Answer(f"{connection.label}: {error.sentence}", error.remedy, ok=False)
    return Answer(
        _("%(connection)s: the broker has been asked for everything anew.")
        % {"connection": connection.label}
    )


def _holdings(
    user: AbstractBaseUser | AnonymousUser, accounts: list[BrokerAccount]
) -> dict[str, Any]:
    """Cards, position rows, totals and topics of the accounts."""
    cards = [_card(account, unmask=may_unmask(user)) for account in accounts]
    rows = [
        {"card": card["card"], "row": row} for card in cards for row in card["positions"].values()
    ]
    rows.sort(key=lambda entry: book.order_of(entry["row"]))
    topics = [account_topic(account.pk) for account in accounts]
    # The apps of quotes and risk sit above this one: their topics are named by shared contract.
    quotes = [f"quotes:{connection.slug}" for connection in pages.connections_of(accounts)]
    risk = [f"risk:{account.pk}" for account in accounts]
    return {
        "cards": cards,
        "rows": rows,
        "several": len(cards) > 1,
        "blank": {},
        "totals": book.totals(
            [book.group_of(card["card"]) for card in cards],
            [(book.group_of(entry["card"]), entry["row"]) for entry in rows],
        ),
        "tabs": _tabs([book.class_of(r["row"]) for r in rows]),
        "topics": " ".join([CONNECTIONS, *topics, *quotes, *risk]),
    }


def _card(account: BrokerAccount, *, unmask: bool) -> dict[str, Any]:
    state = selectors.account_state(account, unmask=unmask)
    series = selectors.equity_series(account, since_at=clock.now() - SPARK)
    points = [(point.at, point.value) for point in series]
    width, height = SPARK_SIZE
    return state | {"account": account, "spark": chart.line(points, width=width, height=height)}


def _tabs(classes: list[str]) -> list[dict[str, Any]]:
    labels = {
        "all": _("All"),
        "stocks": _("Stocks & ETF"),
        "us_options": _("US options"),
        "hk_options": _("HK options"),
        "futures": _("Futures"),
        "fx": _("FX"),
        "other": _("Other"),
    }
    counts = {name: classes.count(name) for name in labels} | {"all": len(classes)}
    return [{"name": n, "label": label, "count": counts[n]} for n, label in labels.items()]
