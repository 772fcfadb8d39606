"""What a person must hear of runs: a week that did not happen, a run that waits or stopped."""

from datetime import datetime

from django.utils.translation import gettext_noop as _n

from apps.risk.alerts.said import Said, said_from
from apps.risk.services.alerts import alert_raise, alert_recover
from apps.trading.models import Occurrence, Strategy, TradeRun
from apps.trading.states import RunState

SKIPPED, ASKED = "week_skipped", "week_waits"
STOPPED, WAITS = "run_stopped", "run_waits"
WEEKS = {
    SKIPPED: _n("“%(strategy)s” does not trade in %(period)s, the run was skipped: %(why)s"),
    ASKED: _n("“%(strategy)s” asks whether to run late in %(period)s: %(why)s"),
}
RUNS = {
    RunState.BLOCKED: _n("Run %(run)s of “%(strategy)s” sent nothing, it is blocked: %(why)s"),
    RunState.REFUSED: _n("Run %(run)s of “%(strategy)s” sent nothing, it was refused: %(why)s"),
    RunState.EXPIRED: _n("Run %(run)s of “%(strategy)s” sent nothing: %(why)s"),
    RunState.HALTED: _n("Run %(run)s of “%(strategy)s” stopped while it traded: %(why)s"),
    RunState.PLANNED: _n("Run %(run)s of “%(strategy)s” waits for approval."),
    RunState.AWAITING_ANSWER: _n("Run %(run)s of “%(strategy)s” asks a question: %(why)s"),
}
NEEDS_A_PERSON = (RunState.PLANNED, RunState.AWAITING_ANSWER)
STOPPED_BY_HAND = "stopped"
MOVING = (RunState.APPROVED, RunState.EXECUTING, RunState.DONE)


def week_told(row: Occurrence, said: Said | str, at: datetime) -> None:
    """In the transaction that wrote the week down; one that started needs no word."""
    strategy = row.schedule.strategy
    code = {Occurrence.State.SKIPPED: SKIPPED, Occurrence.State.ASKED: ASKED}.get(
        Occurrence.State(row.state)
    )
    if code is None:
        return
    alert_raise(
        code=code,
        severity="warning",
        account=strategy.account,
        sentence=_week(code, strategy, row.period, said),
        data={"strategy": strategy.pk, "period": row.period},
        key=_key(strategy, row.period),
        at=at,
    )


def week_answered(row: Occurrence, at: datetime) -> None:
    strategy = row.schedule.strategy
    alert_recover(code=ASKED, account=strategy.account, key=_key(strategy, row.period), at=at)


def run_told(run: TradeRun, at: datetime) -> None:
    """After each state a run enters. Who starts a run by hand looks at it: only what stops it in
    the middle of trading is told of those."""
    state, key = RunState(run.state), _key(run.strategy, run.period)
    if state not in NEEDS_A_PERSON:
        alert_recover(code=WAITS, account=run.account, key=key, at=at)
    if state in MOVING and not run.dry:
        for code in (STOPPED, SKIPPED):
            alert_recover(code=code, account=run.account, key=key, at=at)
    alone = run.scheduled and not run.dry and not _passes_by(run)
    if run.code != STOPPED_BY_HAND and (state == RunState.HALTED or (alone and state in RUNS)):
        _tell(run, state, key, at)


def _passes_by(run: TradeRun) -> bool:
    """A plan that approves itself in the next moment needs nobody."""
    return run.state == RunState.PLANNED and run.policy.automatic and run.mode == "paper"


def _tell(run: TradeRun, state: RunState, key: str, at: datetime) -> None:
    facts = {
        "run": str(run.pk),
        "strategy": run.strategy.name,
        "why": said_from(run.said) if run.said else "",
    }
    alert_raise(
        code=WAITS if state in NEEDS_A_PERSON else STOPPED,
        severity="critical" if state == RunState.HALTED else "warning",
        account=run.account,
        sentence=Said(RUNS[state], facts),
        data={"run": run.pk},
        key=key,
        at=at,
    )


def _week(code: str, strategy: Strategy, period: str, said: Said | str) -> Said:
    return Said(WEEKS[code], {"strategy": strategy.name, "period": period, "why": said})


def _key(strategy: Strategy, period: str) -> str:
    return f"{strategy.pk}:{period}"
