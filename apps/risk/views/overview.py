"""Where every account stands, and one account with all its numbers."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.accounts import chart
from apps.accounts.models import BrokerAccount
from apps.accounts.selectors import account_get, accounts_visible
from apps.lib import clock
from apps.risk import selectors
from apps.risk.levels import FlattenState, Kill
from apps.risk.models import GateDecision
from apps.risk.permissions import may_kill, may_lift
from apps.risk.views.frame import Context, Row, gauge, topics_of
from apps.risk.words import (
    FLATTEN,
    LEVEL_MEANINGS,
    LEVELS,
    LOCK_ENDS,
    LOCKS,
    figure_name,
    state_name,
)

HISTORY = timedelta(hours=6)
POINTS = 400
CHART_SIZE = (960, 160)
EVENTS, REFUSALS, CLOSED = 20, 20, 10
KILL_WORDS = {1: "STOP", 2: "STOP", 3: "STOP", 4: "FLATTEN", 5: "DROP"}
"""What is typed to confirm: the same in every language, so that nobody types it by accident."""
LIFT_WORD = "LIFT"


@require_safe
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    accounts = list(accounts_visible(request.user))
    events = selectors.kill_events(request.user, newest=EVENTS)
    context = {
        "topics": topics_of(accounts),
        "switch": _switch(request, None),
        "accounts": [_card(account) for account in accounts],
        "events": [_event(event) for event in events],
        "alerts": selectors.alerts_visible(request.user)[:EVENTS],
    }
    return render(request, "risk/overview.html", context)


@require_safe
@login_required
def account(request: HttpRequest, pk: int) -> HttpResponse:
    found = account_get(request.user, pk)
    card = _card(found)
    context = card | {
        "card": card,
        "topics": topics_of([found]),
        "switch": _switch(request, found),
        "history": _history(found, card["gauges"], request.GET.get("figure", "")),
        "guard_events": selectors.guard_events(pk, newest=EVENTS),
        "refusals": GateDecision.objects.filter(account=found, passed=False)[:REFUSALS],
        "alerts": selectors.alerts_visible(request.user).filter(account=found)[:EVENTS],
        "ends": list(LOCK_ENDS.items()),
        "closed": selectors.locks_visible(request.user).filter(
            account=found, closed_at__isnull=False
        )[:CLOSED],
    }
    return render(request, "risk/account.html", context)


def _card(account: BrokerAccount) -> Context:
    state = selectors.account_state(account)
    level = state["kill"]["level"]
    effective = selectors.kill_level(account.pk)
    return {
        "account": account,
        "guard": state["guard"],
        "state": state["guard"]["state"],
        "state_name": state_name(state["guard"]["state"]),
        "latches": [_latch(row) for row in state["guard"]["latches"]],
        "gauges": [gauge(row) for row in state["figures"]],
        "kill": state["kill"] | {"name": LEVELS[level]},
        "effective": effective,
        "flatten": _flatten(state["flatten"], effective),
        "locks": [row | {"kind_name": LOCKS[row["kind"]]} for row in state["locks"].values()],
    }


def _latch(row: Row) -> Row:
    return row | {"name": figure_name(row["code"]), "strategy": row["code"].partition(":")[2]}


def _flatten(row: Row | None, level: int) -> Row | None:
    """What was proven flat is told while its level stands."""
    if row is None or (row["state"] == FlattenState.DONE and level < Kill.FLATTEN):
        return None
    return row | {"state_name": FLATTEN[row["state"]]}


def _switch(request: HttpRequest, account: BrokerAccount | None) -> Context:
    """The kill switch of an account or of everything, with what the reader may do with it."""
    found = selectors.kill_switch(None if account is None else account.pk)
    level = 0 if found is None else found.level
    latched = account is not None and bool(_latches(account))
    return {
        "row": found if level else None,
        "level": level,
        "name": LEVELS[level],
        "account": account,
        "levels": [
            {"level": n, "name": LEVELS[n], "meaning": LEVEL_MEANINGS[n], "word": KILL_WORDS[n]}
            for n in LEVEL_MEANINGS
            if n >= level
        ],
        "may_kill": may_kill(request.user, account),
        "may_lift": may_lift(request.user, account),
        "liftable": level > 0 or latched,
        "lift_word": LIFT_WORD,
    }


def _latches(account: BrokerAccount) -> dict[str, Any]:
    state = selectors.guard_state(account.pk)
    return {} if state is None else state.latches


def _history(account: BrokerAccount, gauges: list[Any], wanted: str) -> Context:
    """One figure over the last hours as a line."""
    codes = [each.code for each in gauges]
    code = wanted if wanted in codes else (codes[0] if codes else "")
    rows = selectors.evaluations_of(account.pk, since_at=clock.now() - HISTORY)
    step = max(len(rows) // POINTS, 1)
    points = [
        (row.at, Decimal(figure["value"]))
        for row in rows[::step]
        for figure in row.figures
        if figure["code"] == code and "value" in figure
    ]
    width, height = CHART_SIZE
    return {
        "code": code,
        "name": figure_name(code),
        "choices": [(each.code, each.name) for each in gauges],
        "line": chart.line(points, width=width, height=height, margin=6),
        "hours": int(HISTORY.total_seconds() // 3600),
    }


def _event(event: Any) -> Row:
    return {"row": event, "before": LEVELS[event.before], "after": LEVELS[event.after]}
