"""When schedules run next, in exchange time, and whether the broker's hours agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.permissions import User
from apps.accounts.selectors import accounts_visible
from apps.lib.errors import NotFound
from apps.marketdata.hours import is_open
from apps.marketdata.models import Instrument
from apps.trading.calendars import Due, last_due, next_due
from apps.trading.models import DecisionSnapshot, MarketCalendar, Occurrence, Schedule

NEXT = 5


@dataclass(frozen=True, slots=True)
class NextRun:
    """`local` is exchange time; `closed` names instruments that the broker says are not traded
    then (it announces hours for about a week ahead, so later runs have none)."""

    period: str
    due_at: datetime
    local: datetime
    closed: tuple[str, ...]


def schedules_visible(user: User) -> QuerySet[Schedule]:
    rows = Schedule.objects.filter(strategy__account__in=accounts_visible(user))
    return rows.select_related("strategy__account__connection", "changed_by")


def schedule_get(user: User, pk: int | str) -> Schedule:
    """Raises NotFound for what is missing and, with the same words, for what is not theirs."""
    found = None
    if str(pk).isascii() and str(pk).isdigit() and len(str(pk)) < 19:
        found = schedules_visible(user).filter(pk=int(pk)).first()
    if found is None:
        raise NotFound(_("There is no such schedule, or it is of an account you may not see."))
    return found


def schedule_next(schedule: Schedule, *, at: datetime, count: int = NEXT) -> list[NextRun]:
    """Empty until the worker has read the exchange's calendar, seconds after the first save."""
    calendar = MarketCalendar.objects.filter(pk=schedule.calendar).first()
    if calendar is None:
        return []
    zone = ZoneInfo(calendar.time_zone)
    targets = targeted(schedule.strategy_id)
    return [
        NextRun(
            due.period,
            due.due_at,
            due.due_at.astimezone(zone),
            tuple(str(row) for row in closed_at(targets, due.due_at, zone)),
        )
        for due in next_due(calendar.days, schedule.rule, after=at, count=count)
    ]


def schedule_due(schedule: Schedule, *, at: datetime) -> Due | None:
    """The newest time that has come since the schedule was changed, if nobody has taken it."""
    calendar = MarketCalendar.objects.filter(pk=schedule.calendar).first()
    due = calendar and last_due(calendar.days, schedule.rule, at=at)
    if not due or due.due_at < schedule.changed_at:
        return None
    taken = Occurrence.objects.filter(schedule=schedule, period=due.period).exists()
    return None if taken else due


def targeted(strategy_id: int) -> list[Instrument]:
    """The instruments of the newest snapshot."""
    newest = DecisionSnapshot.objects.filter(strategy=strategy_id).first()
    if newest is None:
        return []
    return list(Instrument.objects.filter(pk__in=newest.weights.values("instrument")))


def closed_at(rows: Sequence[Instrument], moment: datetime, zone: ZoneInfo) -> list[Instrument]:
    """Of the instruments traded in that zone, those closed then by the broker's liquid hours.

    The broker is believed before the calendar; where it has not told hours that far, it is silent.
    """
    here = moment.astimezone(zone).utcoffset()
    local = [row for row in rows if _offset(row, moment) == here]
    return [row for row in local if is_open(row.liquid_sessions, moment) is False]


def _offset(row: Instrument, moment: datetime) -> object:
    try:
        return moment.astimezone(ZoneInfo(row.time_zone)).utcoffset()
    except (ValueError, KeyError):
        return None
