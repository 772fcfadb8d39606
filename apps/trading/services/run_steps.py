"""One step of a trade run: its new state, the event that says so, and word to the pages."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Max
from django.utils.translation import gettext_noop as _n

from apps.accounts.models import BrokerAccount
from apps.accounts.services import audit_append
from apps.risk.alerts.said import Said, as_said
from apps.trading import topics
from apps.trading.errors import RunRefused
from apps.trading.models import RunEvent, TradeRun
from apps.trading.rebalance.digest import plain
from apps.trading.services.run_alarms import run_told
from apps.trading.states import RUN_ENDED, RunState
from apps.trading.told import state_said

ADVANCE = "trading.runs_advance"
WITH_RUN = ("account__connection", "strategy", "policy", "snapshot", "plan")


def run_locked(run_id: int, *, wait: bool = True) -> TradeRun | None:
    """The row, locked until the transaction ends; None when somebody else works on it.

    The only place that locks a run; SQLite locks as a whole when the transaction begins.
    """
    skip = not wait and connection.features.has_select_for_update_skip_locked
    rows = TradeRun.objects.select_for_update(of=("self",), no_key=True, skip_locked=skip)
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
    sentence: Said | str = "",
    **fields: Any,
) -> None:
    """Takes the run to a state; `fields` are further columns. The caller holds the lock."""
    before, run.state, run.code = run.state, state, code
    run.said = as_said(sentence).row() if sentence else {}
    run.sentence = as_said(sentence).english[:500] if sentence else ""
    for name, value in fields.items():
        setattr(run, name, value)
    run.ended_at = at if state in RUN_ENDED else None
    run.save(update_fields=["state", "code", "sentence", "said", "ended_at", *fields])
    note(run, state.value, at, before=str(before), code=code, sentence=run.sentence, said=run.said)
    run_told(run, at)


def note_said(run: TradeRun, kind: str, at: datetime, said: Said | str, **data: Any) -> RunEvent:
    """With a sentence that each reader gets in their language."""
    told = as_said(said)
    return note(run, kind, at, sentence=told.english, said=told.row(), **data)


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
    state = state_said(run.state)
    return RunRefused(
        "run_state",
        Said(_n("The run is %(state)s, so this cannot be done now."), {"state": state}),
    )
