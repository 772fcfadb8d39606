"""Historical bars, head timestamps, schedules and five-second bars."""

import time
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from twsim.broker import SimError
from twsim.conversation.bar_times import (
    BAR_SIZES,
    FIVE_SECONDS,
    bar_time,
    parse_duration,
    parse_end,
    sessions_of,
)
from twsim.conversation.context import Beat, Context, Handler, Theme
from twsim.domain.contracts import Contract, Details
from twsim.domain.market import Bar
from twsim.messages import Request
from twsim.messages import replies as say
from twsim.messages import requests as ask

KINDS = frozenset(
    [
        "TRADES",
        "MIDPOINT",
        "BID",
        "ASK",
        "BID_ASK",
        "ADJUSTED_LAST",
        "HISTORICAL_VOLATILITY",
        "OPTION_IMPLIED_VOLATILITY",
        "SCHEDULE",
    ]
)
SERVICE = "Historical Market Data Service error message:"
PACING = "Historical data request pacing violation"
LIVE_KINDS = ("TRADES", "MIDPOINT", "BID", "ASK")
NEEDS_SUBSCRIPTION = (
    "Requested market data requires additional subscription for API. "
    "See link in 'Market Data Connections' dialog for more details."
)
DAY = 86_400
AT_ONCE = 0.03
"""Seconds of work on a long answer before others get their turn."""


@dataclass(slots=True)
class _Updating:
    """A request that is kept up to date."""

    request: ask.HistoryAsked
    con_id: int
    zone: str
    bar_seconds: int
    due: float
    sent: Bar | None = None


@dataclass(slots=True)
class _Answer:
    """Bars that are being made for a request."""

    request: ask.HistoryAsked
    details: Details
    end: float
    slices: Iterator[tuple[Bar, ...]]
    bars: list[Bar] = field(default_factory=list)


@dataclass(slots=True)
class _Live:
    request: ask.RealTimeBarsAsked
    con_id: int
    next_end: int


class History(Theme):
    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._answers: dict[int, _Answer] = {}
        self._updating: dict[int, _Updating] = {}
        self._live: dict[int, _Live] = {}

    def handlers(self) -> dict[type[Request], Handler]:
        return {
            ask.HistoryAsked: self._history,
            ask.HistoryCancelled: self._cancel_history,
            ask.HeadAsked: self._head,
            ask.HeadCancelled: self._ignore,
            ask.RealTimeBarsAsked: self._live_bars,
            ask.RealTimeBarsCancelled: self._cancel_live,
        }

    def on_step(self, beat: Beat) -> None:
        for answer in list(self._answers.values()):
            self._go_on(answer)
        if not self.context.desk.data_stopped:
            self._update_bars(beat)
            self._send_live(beat.now)

    def on_data_lost(self) -> None:
        self._answers.clear()
        self._updating.clear()
        self._live.clear()

    def _history(self, request: ask.HistoryAsked) -> None:
        cause = _wrong(request)
        if cause:
            self.context.invalid(request.req_id, cause)
            return
        try:
            details = self._one(request.contract)
            self._pace(request, details.contract)
            if request.what == "SCHEDULE":
                self._schedule(request, details)
            else:
                self._bars(request, details)
        except SimError as error:
            self.context.refuse(request.req_id, error)

    def _one(self, query: Contract) -> Details:
        con_id = self.broker.resolve(query).con_id
        return self.broker.find(Contract(con_id=con_id, include_expired=query.include_expired))[0]

    def _pace(self, request: ask.HistoryAsked, contract: Contract) -> None:
        identity: Hashable = (contract.con_id, request.contract.exchange, request.what)
        same: Hashable = (identity, request.end, request.bar_size, request.duration)
        weight = 2 if request.what == "BID_ASK" else 1
        desk = self.context.desk
        if not desk.history.allows(self.broker.now(), identity, same, weight):
            raise SimError(162, f"{SERVICE}{PACING}")
        if desk.history_farm_down or desk.link_down:
            raise SimError(162, f"{SERVICE}HMDS server is not connected")
        if request.keep_up_to_date and len(self._updating) >= self.context.settings.history_open:
            raise SimError(322, "Only 50 simultaneous API historical data requests allowed.")

    def _bars(self, request: ask.HistoryAsked, details: Details) -> None:
        end = parse_end(request.end, details.time_zone, self.broker.now())
        slices = self.broker.bar_slices(
            details.contract.con_id,
            end=end,
            seconds=parse_duration(request.duration) or 0.0,
            bar_seconds=BAR_SIZES[request.bar_size],
            what=request.what,
            rth=request.rth,
        )
        self._go_on(_Answer(request, details, end, slices))

    def _go_on(self, answer: _Answer) -> None:
        """A short answer goes at once; a long one is made a little at every step."""
        self._answers[answer.request.req_id] = answer
        until = time.monotonic() + AT_ONCE
        for bars in answer.slices:
            answer.bars += bars
            if time.monotonic() > until:
                return
        del self._answers[answer.request.req_id]
        self._answer(answer)

    def _answer(self, answer: _Answer) -> None:
        request, details, end = answer.request, answer.details, answer.end
        zone, con_id = details.time_zone, details.contract.con_id
        seconds = parse_duration(request.duration) or 0.0
        bar_seconds = BAR_SIZES[request.bar_size]
        if not answer.bars:
            named = f"{details.contract.symbol}@{details.contract.exchange} {request.what.title()}"
            text = f"{SERVICE}HMDS query returned no data: {named}"
            self.error(request.req_id, 162, text)
            return
        rows = tuple(self._dated(bar, request, zone, bar_seconds) for bar in answer.bars)
        start_text = self.context.moment(end - seconds, zone)
        reply = say.HistoricalBars(request.req_id, rows, start_text, self.context.moment(end, zone))
        self.send(reply)
        if request.keep_up_to_date:
            self._updating[request.req_id] = _Updating(
                request, con_id, zone, bar_seconds, self.broker.now()
            )

    def _dated(
        self, bar: Bar, request: ask.HistoryAsked, zone: str, bar_seconds: int
    ) -> say.DatedBar:
        epoch = request.format_date == 2
        return say.DatedBar(bar_time(bar.start_at, zone, bar_seconds, epoch=epoch), bar)

    def _schedule(self, request: ask.HistoryAsked, details: Details) -> None:
        end = parse_end(request.end, details.time_zone, self.broker.now())
        bars = self.broker.bars(
            details.contract.con_id,
            end=end,
            seconds=parse_duration(request.duration) or 0.0,
            bar_seconds=DAY,
            what="TRADES",
            rth=request.rth,
        )
        rows = sessions_of(bars, details)
        self.send(say.HistoricalSchedule(request.req_id, details.time_zone, rows))

    def _update_bars(self, beat: Beat) -> None:
        for req_id, kept in list(self._updating.items()):
            if beat.now < kept.due or kept.con_id not in beat.changed:
                continue
            kept.due = beat.now + self.context.settings.history_updates_every
            try:
                bars = self._recent(kept, beat.now)
            except SimError as error:
                del self._updating[req_id]
                self.context.refuse(req_id, error)
                continue
            if bars and bars[-1] != kept.sent:
                kept.sent = bars[-1]
                row = self._dated(bars[-1], kept.request, kept.zone, kept.bar_seconds)
                self.send(say.HistoricalUpdate(req_id, row))

    def _recent(self, kept: _Updating, now: float) -> tuple[Bar, ...]:
        return self.broker.bars(
            kept.con_id,
            end=now,
            seconds=2.0 * kept.bar_seconds,
            bar_seconds=kept.bar_seconds,
            what=kept.request.what,
            rth=kept.request.rth,
        )

    def _cancel_history(self, request: ask.HistoryCancelled) -> None:
        made = self._answers.pop(request.req_id, None)
        if self._updating.pop(request.req_id, None) is None and made is None:
            text = f"No historical data query found for ticker id:{request.req_id}"
            self.error(request.req_id, 366, text)
            return
        self.error(
            request.req_id, 162, f"{SERVICE}API historical data query cancelled: {request.req_id}"
        )

    def _head(self, request: ask.HeadAsked) -> None:
        try:
            con_id = self.broker.resolve(request.contract).con_id
            at = self.broker.head_timestamp(con_id, request.what)
        except SimError as error:
            self.context.refuse(request.req_id, error)
            return
        written = f"{datetime.fromtimestamp(at, UTC):%Y%m%d-%H:%M:%S}"
        self.send(
            say.HeadTimestamp(request.req_id, str(at) if request.format_date == 2 else written)
        )

    def _ignore(self, _: ask.HeadCancelled) -> None:
        """The answer has gone already."""

    def _live_bars(self, request: ask.RealTimeBarsAsked) -> None:
        try:
            con_id = self._live_con_id(request)
        except SimError as error:
            self.context.refuse(request.req_id, error)
            return
        next_end = (int(self.broker.now()) // FIVE_SECONDS + 1) * FIVE_SECONDS
        self._live[request.req_id] = _Live(request, con_id, next_end)

    def _live_con_id(self, request: ask.RealTimeBarsAsked) -> int:
        """SimError where TWS would not serve five-second bars."""
        desk = self.context.desk
        if request.what not in LIVE_KINDS:
            raise SimError(420, f"Invalid Real-time Query: {request.what} is not a kind of bar")
        con_id = self.broker.resolve(request.contract).con_id
        if self.broker.data_permission(con_id) != "live" or desk.delayed_only:
            raise SimError(10089, NEEDS_SUBSCRIPTION)
        if self.broker.now() < desk.history.violate_until:
            raise SimError(420, f"Invalid Real-time Query: {PACING}")
        return con_id

    def _send_live(self, now: float) -> None:
        for req_id, live in list(self._live.items()):
            if now < live.next_end:
                continue
            try:
                bars = self._five_seconds(live)
            except SimError as error:
                del self._live[req_id]
                self.error(req_id, 420, error.text)
                continue
            live.next_end = (int(now) // FIVE_SECONDS + 1) * FIVE_SECONDS
            if bars:
                self.send(say.RealTimeBar(req_id, bars[-1]))

    def _five_seconds(self, live: _Live) -> tuple[Bar, ...]:
        return self.broker.bars(
            live.con_id,
            end=live.next_end,
            seconds=FIVE_SECONDS,
            bar_seconds=FIVE_SECONDS,
            what=live.request.what,
            rth=live.request.rth,
        )

    def _cancel_live(self, request: ask.RealTimeBarsCancelled) -> None:
        if self._live.pop(request.req_id, None) is None:
            self.error(request.req_id, 300, f"Can't find EId with tickerId:{request.req_id}")


def _wrong(request: ask.HistoryAsked) -> str:
    """What TWS would find fault with before looking at the contract; empty when nothing."""
    if request.what not in KINDS:
        return f"Historical data request for invalid what to show: {request.what}"
    if request.bar_size not in BAR_SIZES:
        legal = ", ".join(BAR_SIZES)
        return f"Historical data bar size setting is invalid. Legal ones are: {legal}"
    if parse_duration(request.duration) is None:
        return "Historical data query duration must be a number and one of S, D, W, M, Y"
    if request.keep_up_to_date and request.end:
        return "End date and time is not supported with keepUpToDate"
    if parse_end(request.end, "UTC", 0.0) < 0:
        return f"Invalid end date and time: {request.end}"
    return ""
