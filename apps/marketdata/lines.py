"""The market data lines of one connection as its gateway sees them: states and the next step; pure.

Not thread-safe: the owner holds a lock around every call.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from apps.marketdata.budget import Allotment, Reason, Want, allot
from apps.marketdata.fallback import CODES, NO_DATA, Step, next_step
from ibkr.errors import explain
from ibkr.types import QUOTES, BrokerError, MarketDataType, PriceKind

BEGINNING = datetime.min.replace(tzinfo=UTC)
NO_TICK = (BEGINNING, PriceKind.MISSING)
NO_DATA_AFTER = timedelta(seconds=20)
REFUSED_RETRY = timedelta(hours=1)
"""When a refusal that no other kind of data helps against is tried again."""
FULL_RETRY = timedelta(minutes=5)
MAX_TICKERS = 101
NOTICES = range(1100, 2200)
"""About the link or a farm, not about a line."""
OURS = frozenset({"", QUOTES})
"""What an error about an instrument may be about for its line to care: no order, no history."""


class LineState(StrEnum):
    REQUESTED = "requested"
    STREAMING = "streaming"
    WAITING = "waiting"
    REFUSED = "refused"


@dataclass(slots=True)
class Line:
    """One wanted instrument. `asked` None: no kind of data is left, only the last close.

    `code` is TWS's for what went wrong (0: our own, no data came; None: nothing did).
    """

    con_id: int
    reason: Reason
    asked: MarketDataType | None
    since_at: datetime
    state: LineState = LineState.REQUESTED
    code: int | None = None
    text: str = ""
    """TWS's own words, for codes that nobody knows."""
    taken: dict[str, int] = field(default_factory=dict)
    """While it waits: how many lines there are and what for they are used."""
    retry_at: datetime | None = None
    again: bool = False
    kind: PriceKind = PriceKind.MISSING
    """Of the newest tick."""

    @property
    def resting(self) -> bool:
        """Needs no line now: it was refused and is not due to be tried again."""
        return self.state is LineState.REFUSED


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send: first `drop`, then `ask` kind by kind. `clear` lists those whose values on
    the pages are no longer what streams."""

    drop: tuple[int, ...]
    ask: dict[MarketDataType, list[int]]
    clear: tuple[int, ...]
    allotment: Allotment


@dataclass(slots=True)
class Lines:
    """Everything a connection wants streamed, and what became of it."""

    by_id: dict[int, Line] = field(default_factory=dict)
    full: int | None = None
    """How many lines TWS turned out to have, until `full_until`."""
    full_until: datetime | None = None
    began_at: datetime = BEGINNING
    """When the link came up, which opens its lines anew by itself."""
    faded: set[int] = field(default_factory=set)
    """Their values on the pages came from data that has ended."""

    def reset(self, at: datetime) -> None:
        """A new link: whatever was refused on the old one may work now."""
        self.by_id.clear()
        self.faded.clear()
        self.full = self.full_until = None
        self.began_at = at

    def try_again(self, at: datetime) -> None:
        """Whatever went wrong may work now: somebody asks for it."""
        self.full = self.full_until = None
        for line in self.by_id.values():
            if line.code is not None:
                line.retry_at = at

    def refuse(self, error: BrokerError) -> bool:
        """Takes an error about one instrument; True when the lines have to be looked at again."""
        line = self.by_id.get(error.con_id or 0)
        if line is None or line.asked is None or not _concerns_a_line(error):
            return False
        line.code, line.text = error.code, error.text
        if error.code == MAX_TICKERS:
            line.state = LineState.WAITING
            self.full, self.full_until = self._open(), error.at + FULL_RETRY
            return True
        step = next_step(line.asked, error.code)
        if step is None:
            line.state, line.retry_at = LineState.REFUSED, error.at + REFUSED_RETRY
            self.faded.add(line.con_id)
        else:
            self._fall_back(line, step, error.at)
        return True

    def plan(
        self,
        wants: Iterable[Want],
        *,
        budget: int,
        live: Collection[int],
        preferred: MarketDataType,
        at: datetime,
    ) -> Plan:
        """Brings the lines in step with what is wanted and says what has to be sent for it."""
        wanted = {want.con_id: want for want in wants}
        self._retry(at, preferred)
        gone = [con_id for con_id in self.by_id if con_id not in wanted]
        unwanted = sorted({*gone, *(con_id for con_id in live if con_id not in wanted)})
        for con_id in gone:
            del self.by_id[con_id]
        resting = {con_id for con_id, line in self.by_id.items() if line.resting}
        seeking = [want for want in wanted.values() if want.con_id not in resting]
        allotment = allot(seeking, lines=self._limit(budget, at), holding=live)
        self._wait(allotment, preferred, at)
        again = self._again(allotment, live)
        parted = [con_id for con_id in allotment.left_out if con_id in live]
        silent = [con_id for con_id in resting if con_id in live]
        ask = self._ask(allotment, set(live) - set(again), preferred, at)
        drop = (*unwanted, *parted, *silent, *again)
        clear = (*unwanted, *parted, *sorted(self.faded - set(unwanted)))
        self.faded.clear()
        return Plan(drop, ask, clear, allotment)

    def note_ticks(
        self,
        last_tick: Callable[[int], tuple[datetime, PriceKind] | None],
        *,
        market_open: Callable[[int], bool | None],
        at: datetime,
    ) -> bool:
        """Marks lines on which data comes; True when one has been silent for too long."""
        silent = False
        for line in self.by_id.values():
            ticked_at, line.kind = last_tick(line.con_id) or NO_TICK
            if line.state is LineState.REQUESTED and not line.again:
                if ticked_at >= line.since_at:
                    line.state = LineState.STREAMING
                elif at - line.since_at > NO_DATA_AFTER and market_open(line.con_id) is not False:
                    silent = self._silent(line, at) or silent
        return silent

    def _silent(self, line: Line, at: datetime) -> bool:
        step = None if line.asked is None else next_step(line.asked, NO_DATA)
        if step is None or step.ask is None:
            # The line stays open: a first tick is still welcome, the close stands in meanwhile.
            line.code = NO_DATA if line.code is None else line.code
            return False
        line.code, line.text = NO_DATA, ""
        self._fall_back(line, step, at)
        return True

    def _fall_back(self, line: Line, step: Step, at: datetime) -> None:
        line.asked, line.retry_at, line.again = step.ask, at + step.retry_in, step.again
        if step.ask is None:
            line.state = LineState.REFUSED
        elif step.again or line.state is LineState.REFUSED:
            line.state, line.since_at = LineState.REQUESTED, at
        if step.ask is None or step.again:
            self.faded.add(line.con_id)

    def _open(self) -> int:
        states = (LineState.REQUESTED, LineState.STREAMING)
        return sum(line.state in states for line in self.by_id.values())

    def _retry(self, at: datetime, preferred: MarketDataType) -> None:
        for line in self.by_id.values():
            if line.retry_at is None or at < line.retry_at:
                continue
            line.retry_at, line.again = None, True
            line.asked, line.state, line.code, line.text = preferred, LineState.REQUESTED, None, ""

    def _limit(self, budget: int, at: datetime) -> int:
        if self.full_until is not None and at >= self.full_until:
            self.full = self.full_until = None
        return budget if self.full is None else min(budget, self.full)

    def _wait(self, allotment: Allotment, preferred: MarketDataType, at: datetime) -> None:
        taken = allotment.taken
        for con_id, reason in allotment.left_out.items():
            line = self.by_id.get(con_id)
            if line is None or line.state is not LineState.WAITING:
                line = Line(con_id, reason, preferred, at, LineState.WAITING)
                self.by_id[con_id] = line
            line.reason, line.taken = reason, taken

    def _again(self, allotment: Allotment, live: Collection[int]) -> list[int]:
        lines = (self.by_id.get(con_id) for con_id in allotment.granted if con_id in live)
        return [line.con_id for line in lines if line is not None and line.again]

    def _ask(
        self,
        allotment: Allotment,
        live: Collection[int],
        preferred: MarketDataType,
        at: datetime,
    ) -> dict[MarketDataType, list[int]]:
        ask: dict[MarketDataType, list[int]] = {}
        for con_id, reason in allotment.granted.items():
            line = self.by_id.get(con_id)
            if line is None or line.state is LineState.WAITING:
                since_at = self.began_at if con_id in live else at
                line = self.by_id[con_id] = Line(con_id, reason, preferred, since_at)
            line.reason = reason
            if con_id not in live and line.asked is not None:
                line.again, line.since_at, line.state = False, at, LineState.REQUESTED
                ask.setdefault(line.asked, []).append(con_id)
        return ask


def _concerns_a_line(error: BrokerError) -> bool:
    if error.code in NOTICES or error.about not in OURS:
        return False
    return error.code in CODES or explain(error.code, error.text).ends
