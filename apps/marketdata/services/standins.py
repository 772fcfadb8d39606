"""The last close stands in where nothing streams, marked as what it is."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from apps.lib.queue import enqueue, gateway_queue
from apps.marketdata.models import Bar
from apps.marketdata.pipeline import Pipeline
from apps.marketdata.selectors import last_closes
from ibkr.types import PriceKind, QuoteField, Tick

DAY = timedelta(days=1)
FETCH_AGAIN = timedelta(minutes=30)
BATCH_EVERY = timedelta(minutes=1)
"""IB's pacing of history may hold a batch up: others must not pile up behind it."""
AT_ONCE = 10


class StandIns:
    """Which closes the pages have been shown, and which have been asked for."""

    def __init__(self, slug: str, pipeline: Pipeline) -> None:
        self._slug = slug
        self._pipeline = pipeline
        self._shown: dict[int, datetime | None] = {}
        """None: on the pages, and to be put there anew."""
        self._asked: dict[int, datetime] = {}
        self._batch: list[int] = []
        self._link_at: datetime | None = None

    def follow(self, link_at: datetime) -> None:
        """A new link: what was shown has been marked stale with everything else."""
        if self._link_at != link_at:
            self._link_at = link_at
            self._shown = dict.fromkeys(self._shown)

    def drop(self, con_ids: Iterable[int]) -> None:
        """Something else is shown for these from now on."""
        for con_id in con_ids:
            self._shown.pop(con_id, None)

    def only(self, con_ids: Iterable[int]) -> None:
        """Takes the closes of all others off the pages: nobody wants them any more."""
        if gone := self._shown.keys() - set(con_ids):
            self._pipeline.forget(sorted(gone))
            self.drop(gone)

    def show(self, con_ids: Iterable[int], at: datetime) -> dict[int, str]:
        """Puts the stored closes of these on the pages and has missing ones fetched.

        Returns whose close is shown, by conId: the broker's or another source's.
        """
        wanted = list(con_ids)
        if not wanted:
            return {}
        closes = last_closes(wanted, at)
        for con_id, bar in closes.bars.items():
            if self._shown.get(con_id) != bar.start_at:
                self._shown[con_id] = bar.start_at
                self._pipeline.put(_tick(bar, at))
        self._fetch(closes.due, at)
        return {con_id: bar.source for con_id, bar in closes.bars.items()}

    def _fetch(self, lacking: list[int], at: datetime) -> None:
        arrived = not set(self._batch) & set(lacking)
        if not arrived and at - self._asked[self._batch[0]] < BATCH_EVERY:
            return
        due = [c for c in lacking if at - self._asked.get(c, at - FETCH_AGAIN) >= FETCH_AGAIN]
        if due := due[:AT_ONCE]:
            self._asked |= dict.fromkeys(due, at)
            self._batch = due
            queue = gateway_queue(self._slug)
            enqueue("marketdata.closes_fetch", queue=queue, slug=self._slug, con_ids=due)


def _tick(bar: Bar, at: datetime) -> Tick:
    """A daily bar begins at midnight UTC of its day; its close was made before that day's end."""
    made_at = min(at, bar.start_at + DAY)
    return Tick(bar.instrument_id, QuoteField.CLOSE, bar.close, PriceKind.CLOSE, made_at)
