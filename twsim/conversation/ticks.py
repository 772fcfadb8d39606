"""Turns a quote into the ticks that differ from what was said before, live or delayed."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from twsim.domain.market import Computation, Quote
from twsim.messages import replies as say
from twsim.messages.replies import Reply

# (quote's price, quote's size, live price tick, live size tick, delayed price, delayed size)
SIDES = (
    ("bid", "bid_size", 1, 0, 66, 69),
    ("ask", "ask_size", 2, 3, 67, 70),
    ("last", "last_size", 4, 5, 68, 71),
)
LEVELS = (("high", 6, 72), ("low", 7, 73), ("close", 9, 75), ("open", 14, 76))
VOLUME = (8, 74)
LAST_TIME = (45, 88)
HALTED = (49, 90)
COMPUTATIONS = (("bid", 10, 80), ("ask", 11, 81), ("last", 12, 82), ("model", 13, 83))
CUSTOM_COMPUTATION = 53

YEAR_RANGE = (
    ("low_13w", 15),
    ("high_13w", 16),
    ("low_26w", 17),
    ("high_26w", 18),
    ("low_52w", 19),
    ("high_52w", 20),
)
MISCELLANEOUS, MARK, RT_VOLUME, SHORTABLE, MARK_TOO = 165, 232, 233, 236, 221
GENERIC_TICKS = frozenset({100, 101, 104, 105, 106, 165, 221, 225, 232, 233, 236, 258, 292, 293})
GENERIC_TICKS |= frozenset({294, 295, 318, 375, 411, 456, 460, 577, 586, 587, 588, 595, 614, 619})
"""All that TWS knows; those without a line below are accepted and stay silent."""


@dataclass(slots=True)
class Said:
    """The last value sent for each tick type, and the volume of the last real-time volume."""

    values: dict[int, object] = field(default_factory=dict)

    def is_news(self, tick: int, value: object) -> bool:
        if self.values.get(tick) == value:
            return False
        self.values[tick] = value
        return True


def quote_ticks(
    req_id: int,
    quote: Quote,
    said: Said,
    generic: frozenset[int],
    *,
    delayed: bool,
    partly: bool = False,
) -> Iterator[Reply]:
    """`partly` leaves out what needs a subscription."""
    if not partly:
        yield from _sides(req_id, quote, said, delayed=delayed)
    yield from _levels(req_id, quote, said, delayed=delayed)
    yield from _generic(req_id, quote, said, generic)


def _sides(req_id: int, quote: Quote, said: Said, *, delayed: bool) -> Iterator[Reply]:
    """A price carries its size; a size alone changes alone. No price is said as -1."""
    for price_name, size_name, *ticks in SIDES:
        price_tick, size_tick = ticks[2:] if delayed else ticks[:2]
        price: float | None = getattr(quote, price_name)
        size: float = getattr(quote, size_name)
        fresh_price = said.is_news(price_tick, price)
        fresh_size = said.is_news(size_tick, size)
        automatic = 1 if price_name != "last" and not delayed and price is not None else 0
        if fresh_price and (price is not None or price_name != "last"):
            shown = -1.0 if price is None else price
            yield say.TickPrice(req_id, price_tick, shown, size if price else 0.0, automatic)
        if fresh_size and not fresh_price:
            yield say.TickSize(req_id, size_tick, size)
    last_at = LAST_TIME[delayed]
    if quote.last_at and said.is_news(last_at, quote.last_at):
        yield say.TickString(req_id, last_at, str(quote.last_at))


def _levels(req_id: int, quote: Quote, said: Said, *, delayed: bool) -> Iterator[Reply]:
    for name, *ticks in LEVELS:
        value: float | None = getattr(quote, name)
        if value is not None and said.is_news(ticks[delayed], value):
            yield say.TickPrice(req_id, ticks[delayed], value, 0.0)
    if said.is_news(VOLUME[delayed], quote.volume):
        yield say.TickSize(req_id, VOLUME[delayed], quote.volume)
    if said.is_news(HALTED[delayed], quote.halted):
        yield say.TickGeneric(req_id, HALTED[delayed], 1.0 if quote.halted else 0.0)


def _generic(req_id: int, quote: Quote, said: Said, asked: frozenset[int]) -> Iterator[Reply]:
    if MISCELLANEOUS in asked:
        for name, tick in YEAR_RANGE:
            value: float | None = getattr(quote, name)
            if value is not None and said.is_news(tick, value):
                yield say.TickPrice(req_id, tick, value, 0.0)
        if quote.average_volume is not None and said.is_news(21, quote.average_volume):
            yield say.TickSize(req_id, 21, quote.average_volume)
    if asked & {MARK, MARK_TOO} and quote.mark is not None and said.is_news(37, quote.mark):
        yield say.TickPrice(req_id, 37, quote.mark, 0.0)
    if SHORTABLE in asked and said.is_news(46, 3.0):
        yield say.TickGeneric(req_id, 46, 3.0)
        yield say.TickSize(req_id, 89, 1_000_000.0)
    if RT_VOLUME in asked and quote.last is not None and said.is_news(48, quote.volume):
        yield say.TickString(req_id, 48, _rt_volume(quote, quote.last))


def _rt_volume(quote: Quote, last: float) -> str:
    """price;size;time in ms;day's volume;average price;whether one market maker filled it."""
    average = quote.mark if quote.mark is not None else last
    at = quote.last_at * 1000
    return f"{last:.10g};{quote.last_size:.10g};{at};{quote.volume:.16g};{average:.10g};true"


def computation_ticks(
    req_id: int, computed: dict[str, Computation], said: Said, *, delayed: bool
) -> Iterator[Reply]:
    for name, *ticks in COMPUTATIONS:
        computation = computed.get(name)
        if computation is not None and said.is_news(ticks[delayed], computation):
            yield say.TickComputation(req_id, ticks[delayed], computation)


def option_answer(req_id: int, computation: Computation) -> Reply:
    """The answer to a calculation a client asked for."""
    return say.TickComputation(req_id, CUSTOM_COMPUTATION, computation)
