"""The market data lines of one gateway process: keeps them in step with what is wanted."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from apps.lib.queue import enqueue, gateway_queue
from apps.marketdata import hours, routing, selectors
from apps.marketdata.lines import Line, Lines, LineState, Plan
from apps.marketdata.models import StreamConfig
from apps.marketdata.pipeline import Pipeline
from apps.marketdata.selectors.streams import Wanted
from apps.marketdata.services.standins import StandIns
from apps.marketdata.services.streams import stream_config, stream_tell
from apps.marketdata.status import StreamStatus, summary
from ibkr.port import BrokerEvent, BrokerPort
from ibkr.types import BrokerError, Contract, LinkChanged, LinkState, MarketDataType, PriceKind

log = logging.getLogger(__name__)

ANEW = (
    LinkState.DISCONNECTED,
    LinkState.CONNECTING,
    LinkState.RESTART_WINDOW,
    LinkState.RECONCILING,
)
"""Behind each of these the broker library asks for every line again by itself."""
DETAILS_AT_ONCE = 20
DETAILS_AGAIN = timedelta(minutes=10)
DETAILS_WAIT = timedelta(seconds=30)


class Streams:
    """Owned by the gateway. `hear` may be called on the broker's thread: it does no I/O.

    `refresh` reads the database, asks the broker and writes to Redis; one at a time.
    """

    def __init__(
        self, slug: str, connection_id: int, pipeline: Pipeline, now: Callable[[], datetime]
    ) -> None:
        self._slug = slug
        self._connection_id = connection_id
        self._pipeline = pipeline
        self._now = now
        self._guard, self._turn = Lock(), Lock()
        self._lines = Lines()
        self._standins = StandIns(slug, pipeline)
        self._details_asked: dict[int, datetime] = {}
        self._kept_on: datetime | None = None
        """The link on which the daily bars of what is held were asked for."""

    def hear(self, event: BrokerEvent) -> bool:
        """Takes errors and changes of the link; True when a refresh should follow soon."""
        if isinstance(event, BrokerError):
            with self._guard:
                return self._lines.refuse(event)
        if isinstance(event, LinkChanged):
            if event.state in ANEW:
                with self._guard:
                    self._lines.reset(event.since_at)
            return True
        return False

    def try_again(self) -> None:
        """Lets the next refresh ask anew for whatever was refused or fell back."""
        with self._guard:
            self._lines.try_again(self._now())

    def refresh(self, port: BrokerPort) -> None:
        """Sends the difference between what is wanted and what streams; raises IbkrError."""
        with self._turn:
            config = stream_config(self._connection_id)
            if config.enabled:
                self._follow(port, config)
            else:
                self._stop(port, config)

    def _follow(self, port: BrokerPort, config: StreamConfig) -> None:
        at = self._now()
        wanted = selectors.wanted(config, at)
        preferred = MarketDataType(config.market_data_type or config.connection.market_data_type)
        live = port.streaming()
        with self._guard:
            self._lines.note_ticks(
                self._pipeline.last_tick, market_open=_opening(wanted, at), at=at
            )
            plan = self._lines.plan(
                wanted.wants, budget=config.max_symbols, live=live, preferred=preferred, at=at
            )
        self._send(port, plan, wanted, preferred)
        complete = self._fetch_details(wanted, at)
        with self._guard:
            lines, link_at = list(self._lines.by_id.values()), self._lines.began_at
            closed = [line.con_id for line in lines if _needs_close(line)]
            told = [_entry(line) for line in lines]
            status = summary(lines, preferred)
        self._standins.follow(link_at)
        self._standins.only(wanted.contracts)
        if complete:
            self._keep_bars(link_at)
        sources = self._standins.show(closed, at)
        for entry in told:
            if entry["con_id"] in sources:
                entry["source"] = sources[entry["con_id"]]
        stream_tell(config, self._state(told, status), at=at)

    def _send(
        self, port: BrokerPort, plan: Plan, wanted: Wanted, preferred: MarketDataType
    ) -> None:
        if plan.drop:
            port.unsubscribe_quotes(plan.drop)
        if plan.clear:
            self._pipeline.forget(plan.clear)
        self._standins.drop({*plan.clear, *(c for ids in plan.ask.values() for c in ids)})
        for kind, con_ids in plan.ask.items():
            port.set_market_data_type(kind)
            for ticks, contracts in self._routed(con_ids, wanted).items():
                port.subscribe_quotes(contracts, ticks)
        if set(plan.ask) - {preferred}:
            port.set_market_data_type(preferred)

    def _routed(self, con_ids: Iterable[int], wanted: Wanted) -> dict[str, list[Contract]]:
        """By the generic ticks to ask for; who has no exchange yet waits for its details."""
        groups: dict[str, list[Contract]] = {}
        for con_id in con_ids:
            known = wanted.known.get(con_id)
            listed = "" if known is None else known.exchange
            contract = routing.routed(wanted.contracts[con_id], listed=listed)
            if contract is not None:
                groups.setdefault(routing.generic_ticks(contract), []).append(contract)
        return groups

    def _fetch_details(self, wanted: Wanted, at: datetime) -> bool:
        """Hours and rules of what streams; asked for in the background, a few at a time.

        True when everything wanted is known, or TWS does not know it.
        """
        due = [
            con_id
            for con_id in selectors.details_due((w.con_id for w in wanted.wants), at)
            if at - self._details_asked.get(con_id, at - DETAILS_AGAIN) >= DETAILS_AGAIN
        ][:DETAILS_AT_ONCE]
        if due:
            self._details_asked |= dict.fromkeys(due, at)
            queue = gateway_queue(self._slug)
            enqueue("marketdata.details_fetch", queue=queue, slug=self._slug, con_ids=due)
        unknown = [w.con_id for w in wanted.wants if w.con_id not in wanted.known]
        asked_at = self._details_asked
        given_up = all(at - asked_at.get(con_id, at) > DETAILS_WAIT for con_id in unknown)
        return bool(wanted.wants) and given_up

    def _keep_bars(self, link_at: datetime) -> None:
        """Once a link, and not only each hour: a fresh desk wants its small lines."""
        if self._kept_on != link_at:
            self._kept_on = link_at
            enqueue("marketdata.bars_keep", queue=gateway_queue(self._slug), slug=self._slug)

    def _stop(self, port: BrokerPort, config: StreamConfig) -> None:
        """Opens no line and closes all; of what is wanted the last close stands in."""
        at = self._now()
        with self._guard:
            gone = sorted({*port.streaming(), *self._lines.by_id})
            if gone:
                self._lines.reset(at)
            link_at = self._lines.began_at
        if gone:
            port.unsubscribe_quotes(gone)
            self._pipeline.forget(gone)
        self._standins.drop(gone)
        wanted = selectors.wanted(config, at)
        self._fetch_details(wanted, at)
        self._standins.follow(link_at)
        self._standins.only(wanted.contracts)
        self._standins.show(dict.fromkeys(want.con_id for want in wanted.wants), at)
        stream_tell(config, self._state([], StreamStatus.STOPPED), at=at)

    def _state(self, told: list[dict[str, Any]], status: StreamStatus) -> dict[str, Any]:
        counts = {state.value: 0 for state in LineState}
        ticks = []
        for entry in told:
            counts[entry["state"]] += 1
            ticks.append(self._pipeline.last_tick_at(entry["con_id"]))
        newest = max((tick for tick in ticks if tick is not None), default=None)
        state: dict[str, Any] = {
            "status": status.value,
            "symbols": len(told),
            **counts,
            "lines": {str(entry.pop("con_id")): entry for entry in told},
        }
        if newest is not None:
            state["last_tick_at"] = newest.isoformat()
        return state


_RUNNING: dict[str, Streams] = {}


def register(slug: str, streams: Streams | None) -> None:
    """The process that holds a connection makes its streams known to its tasks."""
    if streams is None:
        _RUNNING.pop(slug, None)
    else:
        _RUNNING[slug] = streams


def streams_of(slug: str) -> Streams | None:
    """None in every process but the connection's own gateway worker."""
    return _RUNNING.get(slug)


def _opening(wanted: Wanted, at: datetime) -> Callable[[int], bool | None]:
    def market_open(con_id: int) -> bool | None:
        row = wanted.known.get(con_id)
        return None if row is None else hours.is_open(row.liquid_sessions, at)

    return market_open


def _needs_close(line: Line) -> bool:
    return line.state in {LineState.WAITING, LineState.REFUSED} or (
        line.state is LineState.REQUESTED and line.code is not None
    )


def _entry(line: Line) -> dict[str, Any]:
    kind = line.kind if line.state is LineState.STREAMING else PriceKind.MISSING
    entry: dict[str, Any] = {
        "con_id": line.con_id,
        "reason": line.reason.name.lower(),
        "state": line.state.value,
        "kind": PriceKind.CLOSE.value if _needs_close(line) else kind.value,
    }
    if line.code is not None:
        entry["code"] = line.code
    if line.text:
        entry["text"] = line.text
    if line.state is LineState.WAITING and line.taken:
        entry["taken"] = line.taken
    return entry
