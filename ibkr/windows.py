"""When a gateway restarts by its own schedule: the daily restart and the weekly login. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

SUNDAY = 6


class Reason(StrEnum):
    DAILY = "restart"
    WEEKLY = "weekly_login"


@dataclass(frozen=True, slots=True)
class Window:
    """One planned absence of the gateway; the end is exclusive, both aware UTC."""

    start_at: datetime
    end_at: datetime
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Wall-clock times in `time_zone`. None means that there is no such event."""

    time_zone: str
    restart_at: time | None = None
    weekly_login_at: time | None = None
    restart_minutes: int = 10
    no_orders_minutes: int = 5

    def around(self, now: datetime) -> tuple[Window, ...]:
        """Windows from yesterday to tomorrow in local terms, in order of their start.

        A time that daylight saving skips happens as much later as the clock was moved; one that
        it repeats happens at its first occurrence.
        """
        today = now.astimezone(ZoneInfo(self.time_zone)).date()
        found = []
        for day in (today + timedelta(days=shift) for shift in (-1, 0, 1)):
            if self.restart_at is not None:
                found.append(self._window(datetime.combine(day, self.restart_at), Reason.DAILY))
            if self.weekly_login_at is not None and day.weekday() == SUNDAY:
                at = datetime.combine(day, self.weekly_login_at)
                found.append(self._window(at, Reason.WEEKLY))
        return tuple(sorted(found, key=lambda window: window.start_at))

    def current(self, now: datetime) -> Window | None:
        """The window that `now` lies in; the one that lasts longest when several do."""
        open_now = [w for w in self.around(now) if w.start_at <= now < w.end_at]
        return max(open_now, key=lambda window: window.end_at, default=None)

    def closes_orders(self, now: datetime, *, up_since: datetime | None) -> Window | None:
        """The window for whose sake no order may be sent now.

        From `no_orders_minutes` before it starts until it is over, or until the link has come
        up again after its start (`up_since`).
        """
        lead = timedelta(minutes=self.no_orders_minutes)
        for window in self.around(now):
            inside = window.start_at - lead <= now < window.end_at
            if inside and not (up_since is not None and up_since >= window.start_at):
                return window
        return None

    def _window(self, local: datetime, reason: Reason) -> Window:
        # fold=0: the first of a repeated time, and for a skipped one the offset before the gap.
        start_at = local.replace(tzinfo=ZoneInfo(self.time_zone)).astimezone(UTC)
        return Window(start_at, start_at + timedelta(minutes=self.restart_minutes), reason)
