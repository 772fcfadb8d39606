"""Why the link is away, in the light of the gateway's own schedule, and when orders are closed."""

from datetime import datetime
from zoneinfo import ZoneInfo

from ibkr.errors import IbkrError
from ibkr.types import LinkState
from ibkr.windows import Reason, Schedule, Window

ANSWERED = frozenset({"identity", "326", "503", "start_failed"})
"""Failures that show TWS to be there: no restart explains them."""

EVENTS = {Reason.DAILY: "its daily restart", Reason.WEEKLY: "its weekly login"}
REMEDIES = {
    Reason.DAILY: "Look at the gateway's screen or log.",
    Reason.WEEKLY: "The weekly login needs a person: log in and confirm on IBKR Mobile.",
}


class Absence:
    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._awaited: Window | None = None
        self.up_since: datetime | None = None

    def came_up(self, now: datetime) -> None:
        self._awaited = None
        if self.up_since is None:
            self.up_since = now

    def went_down(self) -> None:
        self.up_since = None

    def explain(self, failure: IbkrError, now: datetime) -> tuple[LinkState, str, str]:
        """State, code and sentence for a link that is down because of `failure`."""
        if failure.code in ANSWERED:
            return LinkState.DISCONNECTED, failure.code, failure.sentence
        window = self._schedule.current(now)
        if window is not None:
            self._awaited = window
            sentence = (
                f"TWS is away for {EVENTS[window.reason]}; it is expected back by"
                f" {self._clock(window.end_at)}."
            )
            return LinkState.RESTART_WINDOW, window.reason, sentence
        if self._awaited is None:
            return LinkState.DISCONNECTED, failure.code, failure.sentence
        reason = self._awaited.reason
        sentence = (
            f"TWS has not come back from {EVENTS[reason]} at {self._clock(self._awaited.start_at)}."
            f" {REMEDIES[reason]}"
        )
        return LinkState.DISCONNECTED, f"{reason}_overdue", sentence

    def closed(self, now: datetime) -> str | None:
        """Why no order may be sent although the link is up; None when orders are open."""
        window = self._schedule.closes_orders(now, up_since=self.up_since)
        if window is None:
            return None
        return (
            f"No orders around {EVENTS[window.reason]} of TWS at {self._clock(window.start_at)};"
            " they open again when it is back."
        )

    def _clock(self, at: datetime) -> str:
        return f"{at.astimezone(ZoneInfo(self._schedule.time_zone)):%H:%M} {self._zone}"

    @property
    def _zone(self) -> str:
        return self._schedule.time_zone
