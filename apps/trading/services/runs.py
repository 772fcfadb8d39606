"""Trade runs as people and schedules handle them: start, answer, approve, cancel, resume."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount, Mode
from apps.accounts.services import audit_append
from apps.lib.errors import Invalid
from apps.lib.queue import enqueue
from apps.trading.calendars import period_of
from apps.trading.errors import RunRefused
from apps.trading.models import (
    DecisionSnapshot,
    MarketCalendar,
    Order,
    Policy,
    Schedule,
    Strategy,
    TradeRun,
)
from apps.trading.permissions import check_may_approve, check_may_trade
from apps.trading.services.approval import check_approval, price_moved
from apps.trading.services.planning import run_plan
from apps.trading.services.run_steps import enter, note, run_locked
from apps.trading.services.snapshots import snapshot_from_provider
from apps.trading.states import RUN_RELEASES_PERIOD, RunState

ADVANCE = "trading.runs_advance"
ANSWERS = {"keep", "sell"}
BEFORE_SENDING = {
    RunState.CREATED,
    RunState.PLANNING,
    RunState.AWAITING_ANSWER,
    RunState.PLANNED,
    RunState.APPROVED,
}


def run_start(
    *,
    user: User | None,
    strategy: Strategy,
    at: datetime,
    snapshot: DecisionSnapshot | None = None,
    period: str | None = None,
    dry: bool = False,
    scheduled: bool = False,
) -> TradeRun:
    """Makes a run of the newest snapshot and plans it, as far as prices are there.

    `user` None is the schedule; `period` None this ISO week. Raises NotAllowed, and RunRefused
    with period_taken or snapshot_missing.
    """
    if user is not None:
        check_may_trade(user, strategy.account)
    chosen = snapshot or _newest(strategy, at)
    if chosen.strategy_id != strategy.pk:
        raise Invalid(
            _("The weights belong to another strategy."),
            fields={"snapshot": [_("Choose weights of this strategy.")]},
        )
    with transaction.atomic():
        run = _row(strategy, chosen, period or week_of(strategy, at), at)
        run.dry, run.scheduled, run.started_by = dry, scheduled, user
        _insert(run)
        note(run, "started", at, by=_name(user), dry=dry, snapshot=chosen.pk)
        _audit(user, "run.start", run, at, snapshot=chosen.pk, period=run.period, dry=dry)
        enter(run, RunState.PLANNING, at)
        run_plan(run, at=at)
        approve_by_policy(run, at)
        enqueue(ADVANCE)
    return run


def run_answer(*, user: User, run: TradeRun, answers: Mapping[int, str], at: datetime) -> TradeRun:
    """A person's keep or sell for names held and not targeted; plans anew when all are answered.

    Raises NotAllowed, Invalid, RunRefused. The same answers again change nothing.
    """
    check_may_trade(user, run.account)
    wrong = {str(con_id): word for con_id, word in answers.items() if word not in ANSWERS}
    if wrong:
        raise Invalid(
            _("The answer is keep or sell."),
            fields={con_id: [_("Say keep or sell.")] for con_id in wrong},
        )
    with transaction.atomic():
        found = _locked(run)
        if found.state != RunState.AWAITING_ANSWER:
            raise _not_now(found)
        given = {str(con_id): word for con_id, word in answers.items()}
        found.answers = {**found.answers, **given}
        found.save(update_fields=["answers"])
        note(found, "answered", at, by=_name(user), answers=given)
        enter(found, RunState.PLANNING, at)
        run_plan(found, at=at)
        approve_by_policy(found, at)
        enqueue(ADVANCE)
    return found


def run_approve(
    *, user: User, run: TradeRun, digest: str, at: datetime, confirmation: str = ""
) -> TradeRun:
    """Binds the approval to the plan with this digest, after looking at everything again.

    `confirmation`: in live mode the last four characters of the account. Raises NotAllowed,
    Invalid, Unavailable (try again), and RunRefused, after which most runs are over.
    """
    check_may_approve(user, run.account)
    with transaction.atomic():
        found = _locked(run)
        if found.state in {RunState.APPROVED, RunState.EXECUTING} and (
            found.approved_digest == digest and found.approved_by == user
        ):
            return found
        if found.state != RunState.PLANNED or found.dry:
            raise _not_now(found)
        refused = check_approval(found, digest=digest, confirmation=confirmation, at=at)
        if refused is None:
            _approve(found, user, at)
        else:
            over = RunState.EXPIRED if refused.code == "plan_expired" else RunState.REFUSED
            entry = {"code": refused.code, "con_id": None, "sentence": refused.sentence}
            refusals = [*found.refusals, entry]
            enter(found, over, at, code=refused.code, sentence=refused.sentence, refusals=refusals)
    if refused is not None:
        raise refused
    return found


def run_cancel(*, user: User, run: TradeRun, at: datetime, reason: str = "") -> TradeRun:
    """Ends a run; one that executes stops, and what of it still works is cancelled.

    Harmless when repeated. Raises NotAllowed.
    """
    check_may_trade(user, run.account)
    with transaction.atomic():
        found = _locked(run)
        if found.ended_at is not None:
            return found
        _audit(user, "run.cancel", found, at, reason=reason)
        sentence = _("%(who)s cancelled it. %(why)s") % {"who": _name(user), "why": reason}
        if found.state in BEFORE_SENDING:
            enter(found, RunState.CANCELLED, at, code="cancelled", sentence=sentence.strip())
        else:
            note(found, "stop_asked", at, by=_name(user), reason=reason)
            enqueue(ADVANCE)
    return found


def run_resume(*, user: User, run: TradeRun, at: datetime) -> TradeRun:
    """Lets a halted run go on once a person has settled why it halted; raises RunRefused.

    Prices are looked at again as for an approval, and every order passes the gate.
    """
    check_may_approve(user, run.account)
    with transaction.atomic():
        found = _locked(run)
        if found.state != RunState.HALTED:
            raise _not_now(found)
        orders = Order.objects.filter(plan_line__plan__run=found)
        if orders.filter(state="unknown").exists():
            raise RunRefused(
                "unknown_order",
                _("An order of this run is still of unknown outcome."),
                remedy=_("Settle it first, on the page of the order."),
            )
        if found.approved_at is None or at.date() != found.approved_at.date():
            raise RunRefused(
                "plan_expired",
                _("The plan is of another day."),
                remedy=_("Start an extra run under a name of its own."),
            )
        moved = price_moved(found, at=at)
        if moved is not None:
            raise moved
        _audit(user, "run.resume", found, at)
        enter(found, RunState.EXECUTING, at)
        note(found, "resumed", at, by=_name(user))
        enqueue(ADVANCE)
    return found


def _newest(strategy: Strategy, at: datetime) -> DecisionSnapshot:
    """From the provider where the strategy has one."""
    if strategy.provider:
        return snapshot_from_provider(strategy=strategy, dated_on=at.date(), at=at)
    found = DecisionSnapshot.objects.filter(strategy=strategy).first()
    if found is None:
        raise RunRefused(
            "snapshot_missing",
            _("“%(strategy)s” has no target weights yet.") % {"strategy": strategy.name},
            remedy=_("Upload a file with symbol and weight in each line."),
        )
    return found


def week_of(strategy: Strategy, at: datetime) -> str:
    """The ISO week where the strategy's exchange is: Monday begins in Sydney on UTC's Sunday."""
    names = Schedule.objects.filter(strategy=strategy).values("calendar")
    calendar = MarketCalendar.objects.filter(pk__in=names).first()
    zone = ZoneInfo(calendar.time_zone) if calendar is not None else UTC
    return period_of(at.astimezone(zone).date())


def policy_of(strategy: Strategy, at: datetime) -> Policy:
    """The newest version; the usual rules where nobody has made any."""
    found = Policy.objects.filter(strategy=strategy).order_by("-version").first()
    if found is not None:
        return found
    made, _created = Policy.objects.get_or_create(
        strategy=strategy, version=1, defaults={"made_at": at}
    )
    return made


def _row(strategy: Strategy, snapshot: DecisionSnapshot, period: str, at: datetime) -> TradeRun:
    account = strategy.account
    return TradeRun(
        connection=account.connection,
        account=account,
        strategy=strategy,
        policy=policy_of(strategy, at),
        snapshot=snapshot,
        mode=account.connection.mode,
        period=period,
        state=RunState.CREATED,
        created_at=at,
    )


def _insert(run: TradeRun) -> None:
    """The database decides who has the period."""
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError as error:
        raise _taken(run) from error


def _taken(run: TradeRun) -> RunRefused:
    holders = TradeRun.objects.filter(
        account=run.account, strategy=run.strategy, period=run.period, dry=False
    )
    holder = holders.exclude(state__in=sorted(RUN_RELEASES_PERIOD)).first()
    words = {"period": run.period, "run": holder.pk if holder else "?"}
    state = {"state": holder.get_state_display() if holder else ""}
    return RunRefused(
        "period_taken",
        _("The period %(period)s is taken: run %(run)s has it and is %(state)s.") % (words | state),
        remedy=_("Cancel that run before it sends anything, or name this one as an extra run."),
    )


def _locked(run: TradeRun) -> TradeRun:
    found = run_locked(run.pk)
    if found is None:
        raise TradeRun.DoesNotExist
    return found


def approve_by_policy(run: TradeRun, at: datetime) -> None:
    """Paper only: what passed the gate approves itself where the policy says so."""
    ready = run.state == RunState.PLANNED and not run.dry
    if ready and run.policy.automatic and run.mode == Mode.PAPER:
        _approve(run, None, at)


def _approve(run: TradeRun, user: User | None, at: datetime) -> None:
    digest = run.plan.digest
    enter(
        run,
        RunState.APPROVED,
        at,
        approved_by=user,
        approved_digest=digest,
        approved_at=at,
    )
    _audit(user, "run.approve", run, at, digest=digest, automatic=user is None)
    enqueue(ADVANCE)


def _audit(user: User | None, action: str, run: TradeRun, at: datetime, **data: Any) -> None:
    account: BrokerAccount = run.account
    audit_append(
        actor=user, action=action, subject=f"run {run.pk}", account=account, data=data, at=at
    )


def _name(user: User | None) -> str:
    return user.get_username() if user is not None else "schedule"


def _not_now(run: TradeRun) -> RunRefused:
    return RunRefused(
        "run_state",
        _("The run is %(state)s, so this cannot be done now.") % {"state": run.get_state_display()},
    )
