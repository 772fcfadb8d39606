"""Weekly schedules: kept by people, found due by beat, started exactly once a week."""

import logging
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _n

from apps.accounts.selectors import link_effective
from apps.lib.errors import Invalid, PortalError
from apps.lib.queue import enqueue
from apps.risk.alerts.said import Said, as_said
from apps.trading import exchanges, selectors
from apps.trading.calendars import Due, stored
from apps.trading.errors import RunRefused
from apps.trading.missed import Step, step_for
from apps.trading.models import MarketCalendar, Occurrence, Schedule, Strategy, TradeRun
from apps.trading.permissions import check_may_approve
from apps.trading.services.run_alarms import week_answered, week_told
from apps.trading.services.starting import run_start
from ibkr.types import LinkState

log = logging.getLogger(__name__)

CHECK = "trading.schedule_check"
RENEW_AFTER = timedelta(days=1)
WEEKS_BACK, WEEKS_AHEAD = 3, 16
SESSIONS_A_WEEK = 5
TAKEN = "period_taken"
"""Somebody has run this week already: nothing is missing."""
CLOSED = _n("The calendar %(calendar)s says open, but by the broker's hours %(names)s is closed.")
MISSED = _n("Its time was %(due)s UTC, and it was not started then. The link says now: %(link)s")


def schedule_save(*, user: User, strategy: Strategy, at: datetime, **fields: Any) -> Schedule:
    """Makes or changes the strategy's schedule; raises NotAllowed, Invalid.

    Times before this moment are not made up for.
    """
    check_may_approve(user, strategy.account)
    schedule = Schedule.objects.filter(strategy=strategy).first() or Schedule(strategy=strategy)
    for name, value in fields.items():
        setattr(schedule, name, value)
    schedule.changed_by, schedule.changed_at = user, at
    _check_sense(schedule)
    with transaction.atomic():
        schedule.save()
        # The worker reads the exchange's calendar, which pages have no room for.
        enqueue(CHECK)
    return schedule


def schedules_check(*, at: datetime) -> list[TradeRun]:
    """Starts what is due; harmless twice and in two workers at once. Returns the runs started."""
    calendars_renew(at=at)
    rows = Schedule.objects.filter(enabled=True, strategy__enabled=True)
    found = [_looked(row, at) for row in rows.select_related("strategy__account__connection")]
    return [run for run in found if run is not None]


def calendars_renew(*, at: datetime) -> None:
    """Reads the calendars that schedules count by, once a day: half a second and 70 MB."""
    names = set(Schedule.objects.filter(enabled=True).values_list("calendar", flat=True))
    fresh = MarketCalendar.objects.filter(loaded_at__gt=at - RENEW_AFTER)
    for name in sorted(names - set(fresh.values_list("pk", flat=True))):
        calendar_load(name=name, at=at)


def calendar_load(*, name: str, at: datetime) -> MarketCalendar:
    """For default workers and commands; whole weeks around `at`."""
    monday = at.date() - timedelta(days=at.weekday())
    start, end = (
        monday - timedelta(weeks=WEEKS_BACK),
        monday + timedelta(weeks=WEEKS_AHEAD, days=-1),
    )
    zone, sessions = exchanges.sessions_of(name, start=start, end=end)
    row, _created = MarketCalendar.objects.update_or_create(
        name=name,
        defaults={"time_zone": zone, "sessions": stored(sessions), "loaded_at": at},
    )
    return row


def occurrence_answer(
    *, user: User, occurrence: Occurrence, start: bool, at: datetime
) -> TradeRun | None:
    """A person's word on a week that waits for one; later answers change nothing."""
    check_may_approve(user, occurrence.schedule.strategy.account)
    with transaction.atomic():
        row = Occurrence.objects.select_for_update(no_key=True).get(pk=occurrence.pk)
        if row.state != Occurrence.State.ASKED:
            return row.run
        row.state = Occurrence.State.STARTED if start else Occurrence.State.SKIPPED
        if start:
            row.run = run_start(user=user, strategy=row.schedule.strategy, period=row.period, at=at)
        row.save(update_fields=["state", "run"])
        week_answered(row, at)
    return row.run


def _looked(schedule: Schedule, at: datetime) -> TradeRun | None:
    """An error in one schedule does not keep the others from their time."""
    try:
        return _check(schedule, at)
    except Exception:
        log.exception("schedule %d could not be looked at; it is tried again", schedule.pk)
        return None


def _check(schedule: Schedule, at: datetime) -> TradeRun | None:
    due = selectors.schedule_due(schedule, at=at)
    if due is None:
        return None
    link = link_effective(schedule.strategy.account.connection)
    step = step_for(
        late=at - due.due_at,
        missed=schedule.missed,
        late_minutes=schedule.late_minutes,
        ready=link.worker and link.state is LinkState.READY,
    )
    if step is Step.WAIT:
        return None
    closed = _closed(schedule, at) if step is Step.START else None
    if closed:
        step = Step.ASK
    try:
        return _take(schedule, due, step, closed or _said(due, link.sentence), at)
    except IntegrityError:
        return None  # another worker has it


def _take(schedule: Schedule, due: Due, step: Step, why: Said, at: datetime) -> TradeRun | None:
    """The occurrence and its run in one transaction: both or neither."""
    states = {
        Step.START: Occurrence.State.STARTED,
        Step.SKIP: Occurrence.State.SKIPPED,
        Step.ASK: Occurrence.State.ASKED,
    }
    with transaction.atomic():
        row = Occurrence.objects.create(
            schedule=schedule,
            period=due.period,
            due_at=due.due_at,
            state=states[step],
            sentence="" if step is Step.START else why.english[:500],
            said={} if step is Step.START else why.row(),
            at=at,
        )
        if step is not Step.START:
            week_told(row, why, at)
            return None
        try:
            with transaction.atomic():
                row.run = run_start(
                    user=None,
                    strategy=schedule.strategy,
                    period=due.period,
                    scheduled=True,
                    at=at,
                )
        except PortalError as error:
            said = error.said if isinstance(error, RunRefused) else as_said(error.sentence)
            row.state, row.sentence = Occurrence.State.SKIPPED, said.english[:500]
            row.said = said.row()
            if error.code != TAKEN:
                week_told(row, f"{error.sentence} {error.remedy}".strip(), at)
        row.save(update_fields=["run", "state", "sentence", "said"])
    return row.run


def _closed(schedule: Schedule, at: datetime) -> Said | None:
    """A sentence when the broker says that the market of the targets is closed now."""
    calendar = MarketCalendar.objects.get(pk=schedule.calendar)
    rows = selectors.targeted(schedule.strategy_id)
    closed = selectors.closed_at(rows, at, ZoneInfo(calendar.time_zone))
    if not closed:
        return None
    names = ", ".join(str(row) for row in closed[:5])
    return Said(CLOSED, {"calendar": schedule.calendar, "names": names})


def _said(due: Due, link: str) -> Said:
    return Said(MISSED, {"due": f"{due.due_at:%F %R}", "link": link})


def _check_sense(schedule: Schedule) -> None:
    fields: dict[str, list[str]] = {}
    try:
        schedule.full_clean(exclude=["strategy", "changed_by"])
    except ValidationError as error:
        fields = error.message_dict
    if not 1 <= schedule.session <= SESSIONS_A_WEEK:
        fields["session"] = [_("Choose the first to the fifth session of the week.")]
    if fields:
        raise Invalid(_("The schedule cannot be saved like this."), fields=fields)
