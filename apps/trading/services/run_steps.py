"""One step of a trade run: its new state, the event that says so, and word to the pages."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount
from apps.accounts.services import audit_append
from apps.trading import topics
from apps.trading.errors import RunRefused
from apps.trading.models import RunEvent, TradeRun
from apps.trading.rebalance.digest import plain
from apps.trading.services.run_alarms import run_told
from apps.trading.states import RUN_ENDED, RunState

ADVANCE = "trading.runs_advance"
WITH_RUN = ("account__connection", "strategy", "policy", "snapshot", "plan")


def run_locked(run_id: int, *, wait: bool = True) -> TradeRun | None:
    """The row, locked until the transaction ends; None when somebody else works on it.

    The only place that locks a run; SQLite locks as a whole when the transaction begins.
    """
    skip = not wait and connection.features.has_select_for_update_skip_locked
    rows = TradeRun.objects.select_for_update(of=("self",), skip_locked=skip)
    return rows.select_related(*WITH_RUN).filter(pk=run_id).first()


def note(run: TradeRun, kind: str, at: datetime, **data: Any) -> RunEvent:
    """The caller holds the run's lock."""
    newest = RunEvent.objects.filter(run=run).aggregate(newest=Max("number"))["newest"]
    topics.run_changed(run)
    return RunEvent.objects.create(
        run=run, number=(newest or 0) + 1, kind=kind, data=plain(data), at=at
    )


def enter(
    run: TradeRun,
    state: RunState,
    at: datetime,
    *,
    code: str = "",
    sentence: str = "",
    **fields: Any,
) -> None:
    """Takes the run to a state; `fields` are further columns. The caller holds the lock."""
    before, run.state, run.code, run.sentence = run.state, state, code, sentence[:500]
    for name, value in fields.items():
        setattr(run, name, value)
    run.ended_at = at if state in RUN_ENDED else None
    run.save(update_fields=["state", "code", "sentence", "ended_at", *fields])
    note(run, state.value, at, before=str(before), code=code, sentence=sentence)
    run_told(run, at)


def first_event(run: TradeRun, kind: str) -> RunEvent | None:
    return RunEvent.objects.filter(run=run, kind=kind).first()


def last_event(run: TradeRun, kind: str) -> RunEvent | None:
    return RunEvent.objects.filter(run=run, kind=kind).order_by("-number").first()


def audit(user: User | None, action: str, run: TradeRun, at: datetime, **data: Any) -> None:
    account: BrokerAccount = run.account
    audit_append(
        actor=user, action=action, subject=f"run {run.pk}", account=account, data=data, at=at
    )


def name_of(user: User | None) -> str:
    return user.get_username() if user is not None else "schedule"


def not_now(run: TradeRun) -> RunRefused:
    return RunRefused(
        "run_state",
        _("The run is %(state)s, so this cannot be done now.") % {"state": run.get_state_display()},
    )
