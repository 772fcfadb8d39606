"""Starts a trade run: the newest weights, the period it takes, and a first try at its plan."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _n

from apps.lib.errors import Invalid
from apps.lib.queue import enqueue
from apps.risk.alerts.said import Fact, Said
from apps.trading.calendars import period_of
from apps.trading.errors import RunRefused
from apps.trading.models import (
    DecisionSnapshot,
    MarketCalendar,
    Policy,
    Schedule,
    Strategy,
    TradeRun,
)
from apps.trading.permissions import check_may_trade
from apps.trading.services.approval import approve_by_policy
from apps.trading.services.planning import run_plan
from apps.trading.services.run_steps import ADVANCE, audit, enter, name_of, note
from apps.trading.services.snapshots import snapshot_from_provider
from apps.trading.states import RUN_RELEASES_PERIOD, RunState
from apps.trading.told import state_said


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
        note(run, "started", at, by=name_of(user), dry=dry, snapshot=chosen.pk)
        audit(user, "run.start", run, at, snapshot=chosen.pk, period=run.period, dry=dry)
        enter(run, RunState.PLANNING, at)
        run_plan(run, at=at)
        approve_by_policy(run, at)
        enqueue(ADVANCE)
    return run


def _newest(strategy: Strategy, at: datetime) -> DecisionSnapshot:
    """From the provider where the strategy has one."""
    if strategy.provider:
        return snapshot_from_provider(strategy=strategy, dated_on=at.date(), at=at)
    found = DecisionSnapshot.objects.filter(strategy=strategy).first()
    if found is None:
        raise RunRefused(
            "snapshot_missing",
            Said(_n("“%(strategy)s” has no target weights yet."), {"strategy": strategy.name}),
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


TAKEN = _n("The period %(period)s is taken: run %(run)s has it and is %(state)s.")
BEFORE_THE_WIRE = frozenset(
    {RunState.CREATED, RunState.PLANNING, RunState.AWAITING_ANSWER, RunState.PLANNED}
)
"""A run in one of these may still be cancelled without having sent anything."""


def _taken(run: TradeRun) -> RunRefused:
    holders = TradeRun.objects.filter(
        account=run.account, strategy=run.strategy, period=run.period, dry=False
    )
    holder = holders.exclude(state__in=sorted(RUN_RELEASES_PERIOD)).first()
    state = state_said(holder.state) if holder else ""
    facts: dict[str, Fact] = {"period": run.period, "run": holder.pk if holder else "?"}
    early = holder is not None and holder.state in BEFORE_THE_WIRE
    return RunRefused(
        "period_taken",
        Said(TAKEN, facts | {"state": state}),
        remedy=_("Cancel that run before it sends anything, or name this one as an extra run.")
        if early
        else _("If an extra run is meant, give it a period of its own."),
    )
