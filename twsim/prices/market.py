"""Moves all prices to a moment and answers for quotes, greeks and exchange rates."""

import math
from dataclasses import dataclass

from twsim.blackscholes import Terms, computation, computation_at, implied_volatility, price
from twsim.domain.market import Computation, Quote
from twsim.instruments import Instrument, Universe
from twsim.prices.options import option_quote, smile, terms
from twsim.prices.pace import progress
from twsim.prices.roots import Roots
from twsim.prices.tape import Tape, quote_of
from twsim.walk import uniform

_SAMPLES_SO_FAR = 96
_WEEK = 7 * 86400.0
_MUCH_TRADED = 1e6
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketStyle:
    """`calm` scales movement; a frozen market stays where it starts and is anchored there."""

    calm: float = 0.6
    frozen: bool = False
    seconds_between_ticks: float = 1.0
    flicker: float = 0.0
    """Ticks by which the price of what is much traded jumps around the walk, at every beat."""


class Market:
    """Everything here is at `self.at`, the moment of the last step."""

    def __init__(self, universe: Universe, style: MarketStyle, *, seed: int, start: float) -> None:
        self._universe = universe
        self._style = style
        self._roots = Roots(
            universe, seed=seed, calm=style.calm, start=start, anchored=style.frozen
        )
        self._start = start
        self.at = start
        self._factors: dict[int, list[tuple[float, float]]] = {}
        self._volatilities: dict[int, float] = {}
        self._watched: dict[int, set[int]] = {}
        self._touched: set[int] = set()
        self.halted: set[int] = set()
        self._tapes = {con_id: self._tape(con_id, seed) for con_id in self._roots.con_ids}

    def step(self, now: float) -> frozenset[int]:
        """Moves to `now`; the conIds asked for before whose quote changed."""
        self.at = self._start if self._style.frozen else max(now, self.at)
        active = [(con_id, tape) for con_id, tape in self._tapes.items() if tape.beat >= 0]
        moved = {con_id for con_id, tape in active if self._advance(tape)}
        moved |= self._touched
        self._touched = set()
        options = {option for con_id in moved for option in self._watched.get(con_id, ())}
        return frozenset(moved | options)

    def quote(self, con_id: int) -> Quote:
        item = self._universe[con_id]
        halted = con_id in self.halted
        if item.kind != "OPT":
            return quote_of(self._ready(con_id), halted=halted)
        under = self._under(item)
        _, share = progress(item.venue, self.at)
        return option_quote(item, under, self.at, self.volatility(item), share, halted=halted)

    def last(self, con_id: int) -> float:
        """The price that values positions: mid of an option, last trade of everything else."""
        item = self._universe[con_id]
        if item.kind == "OPT":
            under = self._under(item)
            return price(terms(item, under.mid, self.at), self.volatility(item))
        return self._ready(con_id).last

    def close(self, con_id: int) -> float:
        """The previous session's close."""
        item = self._universe[con_id]
        if item.kind == "OPT":
            moment = self.at - 86400
            return price(terms(item, self._under(item).close, moment), self.volatility(item))
        return self._ready(con_id).close

    def opened_at(self, con_id: int) -> float:
        """When the session under way, or the last one, began."""
        return self._universe[con_id].venue.session(self.at)[1][0]

    def price_at(self, con_id: int, at: float) -> float:
        """The middle at any moment, past or present, not rounded."""
        item = self._universe[con_id]
        if item.kind != "OPT":
            walked = self._roots.price(con_id, at) * self._factor(con_id, at)
            return walked + self._flicker(self._tapes[con_id], at, walked)
        underlying = self.price_at(item.under_con_id, at)
        return price(terms(item, underlying, at), self.volatility(item))

    def last_beat(self, con_id: int) -> float:
        """The moment of the price that stands now; later ones are not known yet."""
        item = self._universe[con_id]
        return self._moment(self._tapes[item.under_con_id if item.kind == "OPT" else con_id])

    def computations(self, con_id: int) -> dict[str, Computation]:
        item = self._universe[con_id]
        if item.kind != "OPT":
            return {}
        given, quote = self.terms(item), self.quote(con_id)
        return {
            "bid": computation_at(given, quote.bid),
            "ask": computation_at(given, quote.ask),
            "last": computation_at(given, quote.last),
            "model": computation(given, self.volatility(item)),
        }

    def terms(self, item: Instrument) -> Terms:
        return terms(item, self._under(item).mid, self.at)

    def terms_with(self, con_id: int, underlying: float) -> Terms:
        """An option's terms as if its underlying stood there."""
        return terms(self._universe[con_id], underlying, self.at)

    def volatility(self, item: Instrument) -> float:
        """The implied volatility of one option: the smile, unless its price was set."""
        given = self._volatilities.get(item.con_id)
        if given is not None:
            return given
        return smile(self.terms(item), self._roots.volatility(item.under_con_id))

    def historical_volatility(self, con_id: int) -> float:
        item = self._universe[con_id]
        return self._roots.volatility(item.under_con_id if item.kind == "OPT" else con_id)

    def rate(self, currency: str, base: str) -> float:
        """What one unit of `currency` is worth in `base`, from the pairs' middles."""
        return self._dollars(currency) / self._dollars(base)

    def set_price(self, con_id: int, value: float) -> float:
        """From now on the instrument trades around this price; an option by its volatility.

        Answers what `resume_price` wants: the factor on the walk, or the volatility.
        """
        if value <= 0 or not math.isfinite(value):
            raise ValueError(f"a price is positive, not {value}")
        item = self._universe[con_id]
        if item.kind == "OPT":
            found = implied_volatility(self.terms(item), value)
            if found is None:
                raise ValueError(f"{item.contract.local_symbol} cannot be worth {value} now")
            self._volatilities[con_id] = found
            self._touched.add(con_id)
            return found
        tape = self._ready(con_id)
        factor = value / tape.mid
        self._factors.setdefault(con_id, []).append((self.at, factor))
        tape.beat += 1
        tape.trade(value, self.at, tape.volume)
        self._touched.add(con_id)
        return factor

    def resume_price(self, *, at: float, con_id: int, kept: float) -> None:
        """What was set by an earlier process, before any price was asked for here."""
        if self._universe[con_id].kind == "OPT":
            self._volatilities[con_id] = kept
        else:
            self._factors.setdefault(con_id, []).append((min(at, self.at), kept))

    def _dollars(self, currency: str) -> float:
        if currency == "USD":
            return 1.0
        pair = self._universe.local(f"{currency}.USD")
        if pair is not None:
            return self._ready(pair.con_id).mid
        pair = self._universe.local(f"USD.{currency}")
        if pair is None:
            raise ValueError(f"no exchange rate for {currency}")
        return 1 / self._ready(pair.con_id).mid

    def _under(self, option: Instrument) -> Tape:
        self._watched.setdefault(option.under_con_id, set()).add(option.con_id)
        return self._ready(option.under_con_id)

    def _tape(self, con_id: int, seed: int) -> Tape:
        item = self._universe[con_id]
        slow = 1 + 2 * uniform(seed, con_id)
        if self._style.flicker and _lively(item):
            slow = 1.0
        elif item.kind == "CASH":
            slow /= 2
        period = self._style.seconds_between_ticks * slow
        return Tape(instrument=item, period=period, phase=period * uniform(seed + 1, con_id))

    def _moment(self, tape: Tape) -> float:
        if self._style.frozen:
            return self.at
        beats = math.floor((self.at - tape.phase) / tape.period)
        return beats * tape.period + tape.phase

    def _ready(self, con_id: int) -> Tape:
        tape = self._tapes[con_id]
        if tape.beat < 0:
            self._advance(tape)
        return tape

    def _advance(self, tape: Tape) -> bool:
        """Takes the next price if its moment has come."""
        moment = self._moment(tape)
        beat = round((moment - tape.phase) / tape.period)
        if beat <= tape.beat and tape.beat >= 0:
            return False
        con_id = tape.instrument.con_id
        day, share = progress(tape.instrument.venue, moment)
        if day != tape.day:
            self._begin(tape, moment)
        before = tape.mid
        mid = self._roots.price(con_id, moment) * self._factor(con_id, self.at)
        mid += self._flicker(tape, moment, mid)
        tape.beat = beat
        volume = tape.instrument.daily_volume * (0.8 + 0.4 * uniform(con_id, day.toordinal()))
        tape.trade(mid, moment, math.floor(volume * share))
        return mid != before

    def _flicker(self, tape: Tape, at: float, mid: float) -> float:
        """Never the same at two beats in a row, and zero on average."""
        if not self._style.flicker or not _lively(tape.instrument):
            return 0.0
        beat = math.floor((at - tape.phase) / tape.period + _ROUNDING)
        return (beat % 3 - 1) * self._style.flicker * tape.instrument.tick(mid)

    def _begin(self, tape: Tape, moment: float) -> None:
        item = tape.instrument
        day, (start, _) = item.venue.session(moment)
        previous = item.venue.session(start - 1)[1][1]
        close = self.price_at(item.con_id, previous)
        step = (moment - start) / _SAMPLES_SO_FAR
        moments = [start + step * number for number in range(_SAMPLES_SO_FAR)]
        tape.begin(day, close, [self.price_at(item.con_id, at) for at in moments])
        tape.ranges = self._ranges(item, moment)

    def _ranges(self, item: Instrument, moment: float) -> tuple[float, ...]:
        weeks = [self.price_at(item.con_id, moment - week * _WEEK) for week in range(53)]
        spans = [weeks[: count + 1] for count in (13, 26, 52)]
        return tuple(item.rounded(edge) for span in spans for edge in (min(span), max(span)))

    def _factor(self, con_id: int, at: float) -> float:
        factors = self._factors.get(con_id)
        if not factors:
            return 1.0
        return math.prod(factor for since, factor in factors if since <= at)


def _lively(item: Instrument) -> bool:
    return item.kind == "CASH" or item.daily_volume >= _MUCH_TRADED
