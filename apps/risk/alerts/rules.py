"""When a message may go out: severity, quiet hours, batching, backoff; pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

RANK = {"info": 0, "warning": 1, "critical": 2}
CRITICAL = "critical"
GIVE_UP_AFTER = timedelta(hours=24)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One channel's own; quiet hours are given as both times or none."""

    min_severity: str
    quiet_from: time | None
    quiet_to: time | None
    zone: str
    batch: timedelta


def is_wanted(rules: Rules, severity: str) -> bool:
    return RANK[severity] >= RANK[rules.min_severity]


def quiet_until(rules: Rules, at: datetime) -> datetime | None:
    """The end of the quiet hours that `at` lies in; None outside of them. May cross midnight."""
    if rules.quiet_from is None or rules.quiet_to is None:
        return None
    begin, end = rules.quiet_from, rules.quiet_to
    local = at.astimezone(ZoneInfo(rules.zone))
    now = local.time()
    if begin <= end:
        inside, tomorrow = begin <= now < end, False
    else:
        inside, tomorrow = now >= begin or now < end, now >= begin
    if not inside:
        return None
    day = local.date() + timedelta(days=int(tomorrow))
    return datetime.combine(day, end, tzinfo=local.tzinfo).astimezone(at.tzinfo)


def due_at(rules: Rules, severity: str, at: datetime) -> datetime:
    """Critical goes at once; the rest waits for company, and for the end of quiet hours."""
    if severity == CRITICAL:
        return at
    return after_quiet(rules, severity, at + rules.batch)


def after_quiet(rules: Rules, severity: str, at: datetime) -> datetime:
    if severity == CRITICAL:
        return at
    return quiet_until(rules, at) or at


def backoff(attempts: int) -> timedelta:
    """After the first failed attempt 15 s, then twice as long each time, at most 15 minutes."""
    return min(FIRST_WAIT * (1 << min(max(attempts - 1, 0), 10)), LONGEST_WAIT)
