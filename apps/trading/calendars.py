"""When a weekly schedule is due, from the sessions of an exchange; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

MARGIN = timedelta(minutes=5)
"""Nothing is due in the last minutes of a session, however the minutes are set."""


@dataclass(frozen=True, slots=True)
class Session:
    """One trading day of an exchange; `day` is its date there, the times are UTC."""

    day: date
    open_at: datetime
    close_at: datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """`minutes` after the open or before the close ("open", "close") of the week's `session`-th
    session; a week with fewer sessions runs on its last."""

    session: int
    anchor: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Due:
    period: str
    due_at: datetime
    session: Session


def period_of(day: date) -> str:
    """The ISO week, as 2026-W47."""
    year, week, _day = day.isocalendar()
    return f"{year}-W{week:02d}"


def due_in(sessions: Iterable[Session], rule: Rule) -> list[Due]:
    """One for each week that has a session, in order of time; `sessions` holds whole weeks."""
    weeks: dict[str, list[Session]] = {}
    for session in sorted(sessions, key=lambda s: s.open_at):
        weeks.setdefault(period_of(session.day), []).append(session)
    return [
        Due(period, _moment(chosen, rule), chosen)
        for period, days in weeks.items()
        for chosen in (days[min(rule.session, len(days)) - 1],)
    ]


def next_due(
    sessions: Iterable[Session], rule: Rule, *, after: datetime, count: int = 5
) -> list[Due]:
    """The next `count` that lie after a time; fewer where the sessions known end."""
    return [due for due in due_in(sessions, rule) if due.due_at > after][:count]


def last_due(sessions: Iterable[Session], rule: Rule, *, at: datetime) -> Due | None:
    """The newest one that is not in the future; None when the sessions known begin later."""
    past = [due for due in due_in(sessions, rule) if due.due_at <= at]
    return past[-1] if past else None


def stored(sessions: Sequence[Session]) -> list[list[str]]:
    """As JSON keeps them."""
    return [[s.day.isoformat(), s.open_at.isoformat(), s.close_at.isoformat()] for s in sessions]


def loaded(rows: Iterable[Sequence[str]]) -> tuple[Session, ...]:
    """The sessions of `stored`."""
    return tuple(
        Session(date.fromisoformat(day), datetime.fromisoformat(start), datetime.fromisoformat(end))
        for day, start, end in rows
    )


def _moment(session: Session, rule: Rule) -> datetime:
    """Stays inside the session: an early close may come before "n minutes after the open"."""
    span = timedelta(minutes=rule.minutes)
    wish = session.open_at + span if rule.anchor == "open" else session.close_at - span
    latest = session.close_at - MARGIN
    return max(session.open_at, min(wish, latest))
