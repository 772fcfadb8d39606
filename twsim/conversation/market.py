"""Market data lines: permission first, then parameters, kind and ticks, then what changes."""

from collections.abc import Callable
from dataclasses import dataclass, field

from twsim.broker import SimError
from twsim.conversation.context import Beat, Context, Handler, Theme
from twsim.conversation.ticks import (
    GENERIC_TICKS,
    Said,
    computation_ticks,
    option_answer,
    quote_ticks,
)
from twsim.domain.contracts import Contract
from twsim.domain.market import Computation
from twsim.messages import Request
from twsim.messages import replies as say
from twsim.messages import requests as ask

LIVE, DELAYED = 1, 3
MOST_GIVEN = 1e7
NO_ID = "Can't find EId with tickerId:{}"
NOT_SUBSCRIBED = "Requested market data is not subscribed."
LIVE_REFUSED = {
    354: f"{NOT_SUBSCRIBED} Delayed market data is available.",
    10089: "Requested market data requires additional subscription for API. See link in "
    "'Market Data Connections' dialog for more details. Delayed market data is available.",
    10168: f"{NOT_SUBSCRIBED} Delayed market data is not enabled.",
    10186: f"{NOT_SUBSCRIBED} Delayed market data is not enabled",
}
"""What TWS says, by its code, to a client that has not asked for delayed data."""
PARTLY = (
    "Part of requested market data is not subscribed. Subscription-independent ticks are still "
    "active. Delayed market data is available."
)


@dataclass(slots=True)
class _Line:
    contract: Contract
    generic: frozenset[int]
    delayed: bool
    partly: bool = False
    said: Said = field(default_factory=Said)
    computations_due: float = 0.0


class Market(Theme):
    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._kind = LIVE
        self._lines: dict[int, _Line] = {}
        self._told_competing: set[int] = set()
        self._behind = False
        """Prices may have moved unheard: the next beat looks at every line."""

    def handlers(self) -> dict[type[Request], Handler]:
        return {
            ask.DataKindAsked: self._choose_kind,
            ask.DataAsked: self._subscribe,
            ask.DataCancelled: self._cancel,
            ask.VolatilityAsked: self._volatility,
            ask.OptionPriceAsked: self._option_price,
            ask.VolatilityCancelled: self._ignore,
            ask.OptionPriceCancelled: self._ignore,
        }

    def on_step(self, beat: Beat) -> None:
        if self.context.desk.competing:
            self._tell_competing(self._lines)
        else:
            self._told_competing.clear()
        if self.context.desk.data_stopped:
            self._behind = True
            return
        for req_id, line in self._lines.items():
            if self._behind or line.contract.con_id in beat.changed:
                self._tick(req_id, line, beat.now)
        self._behind = False

    def on_data_lost(self) -> None:
        self.close()

    def close(self) -> None:
        self.context.desk.lines -= len(self._lines)
        self._lines.clear()

    def _choose_kind(self, request: ask.DataKindAsked) -> None:
        if request.kind not in (1, 2, 3, 4):
            self.context.invalid(-1, f"Invalid market data type: {request.kind}")
            return
        self._kind = request.kind

    def _subscribe(self, request: ask.DataAsked) -> None:
        req_id = request.req_id
        generic = self._generic(request)
        if generic is None or not self._has_room(request):
            return
        try:
            contract = self.broker.resolve(request.contract)
        except SimError as error:
            self.context.refuse(req_id, error)
            return
        delayed = self._permission(req_id, contract.con_id)
        if delayed is None:
            return
        line = _Line(contract, generic, delayed, partly=self.context.desk.partly and not delayed)
        if line.partly:
            self.error(req_id, 10090, PARTLY)
        self._open(req_id, line)
        if request.snapshot:
            self.send(say.SnapshotEnd(req_id))
        else:
            self._lines[req_id] = line
            self.context.desk.lines += 1

    def _generic(self, request: ask.DataAsked) -> frozenset[int] | None:
        names = [name.strip() for name in request.generic.split(",") if name.strip()]
        wrong = [name for name in names if not name.isdigit() or int(name) not in GENERIC_TICKS]
        if wrong:
            legal = ",".join(str(number) for number in sorted(GENERIC_TICKS))
            cause = f"Incorrect generic tick list of {','.join(wrong)}. Legal ones are: {legal}"
            self.context.invalid(request.req_id, cause)
            return None
        if names and request.snapshot:
            cause = "Snapshot market data subscription is not applicable to generic ticks"
            self.context.invalid(request.req_id, cause)
            return None
        return frozenset(int(name) for name in names)

    def _has_room(self, request: ask.DataAsked) -> bool:
        if request.req_id in self._lines:
            self.error(request.req_id, 102, "Duplicate ticker ID.")
            return False
        if self.context.desk.lines >= self.context.settings.lines:
            self.error(request.req_id, 101, "Max number of tickers has been reached.")
            return False
        return True

    def _permission(self, req_id: int, con_id: int) -> bool | None:
        """Whether the line is delayed, or None after an error that ends it."""
        desk = self.context.desk
        if desk.competing:
            self._tell_competing((req_id,))
            return None
        permission = self.broker.data_permission(con_id)
        enough = not desk.partly or self._kind < DELAYED
        if permission == "live" and enough and not desk.delayed_only:
            return False
        if permission == "none":
            self.error(req_id, 354, f"{NOT_SUBSCRIBED} Delayed market data is not available.")
            return None
        if self._kind < DELAYED:
            self.error(req_id, desk.live_refused, LIVE_REFUSED[desk.live_refused])
            return None
        self.error(req_id, 10167, f"{NOT_SUBSCRIBED} Displaying delayed market data.")
        return True

    def _open(self, req_id: int, line: _Line) -> None:
        details = self.broker.find(Contract(con_id=line.contract.con_id))[0]
        self.send(
            say.TickParameters(req_id, details.min_tick, "9c0001", 4 if line.delayed else 3),
            say.DataKind(req_id, DELAYED if line.delayed else LIVE),
        )
        if not self.context.desk.data_stopped:
            self._tick(req_id, line, self.broker.now())

    def _tick(self, req_id: int, line: _Line, now: float) -> None:
        quote = self.broker.quote(line.contract.con_id)
        for reply in quote_ticks(
            req_id, quote, line.said, line.generic, delayed=line.delayed, partly=line.partly
        ):
            self.send(reply)
        if line.partly:
            return
        if line.contract.sec_type == "OPT" and now >= line.computations_due:
            line.computations_due = now + self.context.settings.computations_every
            computed = self.broker.computations(line.contract.con_id)
            for tick in computation_ticks(req_id, computed, line.said, delayed=line.delayed):
                self.send(tick)

    def _tell_competing(self, req_ids: dict[int, _Line] | tuple[int, ...]) -> None:
        for req_id in req_ids:
            if req_id not in self._told_competing:
                self._told_competing.add(req_id)
                self.error(req_id, 10197, "No market data during competing live session")

    def _cancel(self, request: ask.DataCancelled) -> None:
        if self._lines.pop(request.req_id, None) is None:
            self.error(request.req_id, 300, NO_ID.format(request.req_id))
            return
        self.context.desk.lines -= 1

    def _volatility(self, request: ask.VolatilityAsked) -> None:
        price, underlying = request.price, request.underlying

        def solve(con_id: int) -> Computation:
            return self.broker.implied_volatility(con_id, price, underlying)

        self._calculate(request, (price, underlying), solve)

    def _option_price(self, request: ask.OptionPriceAsked) -> None:
        volatility, underlying = request.volatility, request.underlying

        def solve(con_id: int) -> Computation:
            return self.broker.option_price(con_id, volatility, underlying)

        self._calculate(request, (volatility, underlying), solve)

    def _calculate(
        self,
        request: ask.VolatilityAsked | ask.OptionPriceAsked,
        given: tuple[float, float],
        solve: Callable[[int], Computation],
    ) -> None:
        if not all(0 < value < MOST_GIVEN for value in given):
            self.context.invalid(request.req_id, "Values to calculate with must be above zero")
            return
        try:
            contract = self.broker.resolve(request.contract)
            if contract.sec_type != "OPT":
                self.context.invalid(request.req_id, f"{contract.symbol} is not an option")
                return
            self.send(option_answer(request.req_id, solve(contract.con_id)))
        except SimError as error:
            self.context.refuse(request.req_id, error)

    def _ignore(self, _: ask.VolatilityCancelled | ask.OptionPriceCancelled) -> None:
        """The answer has gone already."""
