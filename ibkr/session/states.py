"""The link state as others see it: one value, changed on one thread, reported on another."""

from collections.abc import Callable
from datetime import datetime

from ibkr.types import LinkChanged, LinkState

UP = frozenset({LinkState.READY, LinkState.DEGRADED, LinkState.RECONCILING})


class LinkStatus:
    """`report` gets every change; the time of a state is kept while only its sentence changes."""

    def __init__(self, now: Callable[[], datetime], report: Callable[[LinkChanged], None]) -> None:
        self._now = now
        self._report = report
        self.link = LinkChanged(LinkState.DISCONNECTED, now(), "", "Not started.")

    def set(self, state: LinkState, code: str, sentence: str) -> None:
        old = self.link
        if (old.state, old.code, old.sentence) == (state, code, sentence):
            return
        since_at = old.since_at if old.state is state else self._now()
        self.link = LinkChanged(state, since_at, code, sentence)
        self._report(self.link)
