"""Keeps the newest value of each field of each instrument and says what changed since; pure."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from ibkr.types import DataKindChanged, Greeks, PriceKind, QuoteField, Tick

Event = Tick | Greeks | DataKindChanged
Value = Decimal | datetime | str | bool
Wire = str | int | bool
Quote = dict[str, Value]
WireQuote = dict[str, Wire]
Patch = dict[str, dict[str, Wire | None] | None]

PRICES = frozenset({QuoteField.BID, QuoteField.ASK, QuoteField.LAST, QuoteField.MARK})
"""Their arrival moves `at`, the time of the newest price."""

PLACES = {field: (field.value, field in PRICES) for field in QuoteField}
KINDS = {kind: kind.value for kind in PriceKind}
"""Looked up for each tick: reading the value of an enum costs five times as much."""

_COMPUTED = ("iv", "delta", "gamma", "vega", "theta", "option_price", "und", "dividends_pv")
"""In the order of the fields of Greeks."""
GREEKS = {
    "model": _COMPUTED,
    **{side: tuple(f"{side}_{name}" for name in _COMPUTED) for side in ("bid", "ask", "last")},
}
"""An option's greeks are the model's; those of its bid, ask and last stand beside them."""

SESSION_FACTS = frozenset(
    field.value
    for field in QuoteField
    if field.value.startswith(("high", "low", "open", "close", "volume", "average_volume"))
)
"""What outlives a lost link: nobody trades on yesterday's close or the year's high."""

STALE = "stale"
CLOSE = PriceKind.CLOSE


class Conflate:
    """What the broker's thread writes into. The caller holds a lock around every method."""

    def __init__(self) -> None:
        self._quotes: dict[int, Quote] = {}
        self._changed: set[int] = set()

    def put(self, event: Event) -> None:
        self.put_all((event,))

    def put_all(self, events: Iterable[Event]) -> None:
        """Takes the newest values; earlier ones that nobody took yet are overwritten."""
        quotes, changed = self._quotes, self._changed
        for event in events:
            if not isinstance(event, Tick):
                self._put_other(event)
                continue
            con_id, field, value, kind, at = event
            changed.add(con_id)
            quote = quotes.get(con_id)
            if quote is None:
                quote = quotes[con_id] = {}
            name, is_price = PLACES[field]
            if value is None:
                quote.pop(name, None)
                continue
            if STALE in quote:
                _freshen(quote)
            quote[name] = value
            quote["kind"] = KINDS[kind]
            if is_price or kind is CLOSE:
                quote["at"] = at

    def _put_other(self, event: Greeks | DataKindChanged) -> None:
        if isinstance(event, Greeks):
            _put_greeks(self._quotes.setdefault(event.con_id, {}), event)
        else:
            quote = self._quotes.setdefault(event.con_id, {})
            if STALE not in quote:  # the next tick brings the kind along with a fresh value
                quote["kind"] = event.kind.value
        self._changed.add(event.con_id)

    def forget(self, con_ids: Iterable[int]) -> None:
        """Drops instruments that are no longer streamed."""
        for con_id in con_ids:
            if self._quotes.pop(con_id, None) is not None:
                self._changed.add(con_id)

    def mark_stale(self, kind: PriceKind) -> None:
        """Nothing streams any more: values stay as the last known ones, stale and of `kind`.

        The first fresh value of an instrument lifts its mark and removes every moving value from
        before, so that no old price stands unmarked beside a new one.
        """
        for con_id, quote in self._quotes.items():
            quote[STALE] = True
            quote["kind"] = kind.value
            self._changed.add(con_id)

    def take(self) -> dict[int, Quote | None]:
        """Copies of what changed since the last call; None is an instrument forgotten."""
        taken = {
            con_id: dict(quote) if (quote := self._quotes.get(con_id)) is not None else None
            for con_id in self._changed
        }
        self._changed.clear()
        return taken


class Board:
    """The state the pages have been told, in the form that travels; the flusher's own."""

    def __init__(self) -> None:
        self._quotes: dict[int, Quote] = {}
        self.state: dict[str, WireQuote] = {}

    def apply(self, taken: dict[int, Quote | None]) -> Patch:
        """Brings the state up to date and returns the JSON merge patch that does the same."""
        patch: Patch = {}
        for con_id, quote in taken.items():
            if quote is None:
                self._drop(con_id, patch)
            else:
                self._update(con_id, quote, patch)
        return patch

    def _drop(self, con_id: int, patch: Patch) -> None:
        if self._quotes.pop(con_id, None) is not None:
            del self.state[str(con_id)]
            patch[str(con_id)] = None

    def _update(self, con_id: int, quote: Quote, patch: Patch) -> None:
        before = self._quotes.get(con_id)
        changes = _changes(before or {}, quote)
        if before is not None and not changes:
            return
        wire = self.state.setdefault(str(con_id), {})
        for name, value in changes.items():
            if value is None:
                del wire[name]
            else:
                wire[name] = value
        self._quotes[con_id] = quote
        patch[str(con_id)] = changes


class Cadence:
    """When to flush: at the first change after quiet, then at most once an interval (seconds)."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._flushed: float | None = None

    def wait(self, moment: float) -> float:
        """Seconds from `moment` until a change may go out; 0 is at once."""
        if self._flushed is None:
            return 0.0
        return max(0.0, self._flushed + self._interval - moment)

    def flushed(self, moment: float) -> None:
        self._flushed = moment


def _put_greeks(quote: Quote, greeks: Greeks) -> None:
    names = GREEKS[greeks.side]
    pairs = zip(names, greeks[3:11], strict=True)
    computed = {name: value for name, value in pairs if value is not None}
    if computed:
        if STALE in quote:
            _freshen(quote)
        quote["kind"] = KINDS[greeks.kind]
        quote.update(computed)
    for name in names:
        if name not in computed:
            quote.pop(name, None)


def _freshen(quote: Quote) -> None:
    for name in [name for name in quote if name not in SESSION_FACTS]:
        del quote[name]


def _changes(before: Quote, after: Quote) -> dict[str, Wire | None]:
    changes: dict[str, Wire | None] = {name: None for name in before if name not in after}
    for name, value in after.items():
        if name not in before or before[name] != value:
            changes[name] = _wire(value)
    return changes


def _wire(value: Value) -> Wire:
    """Decimals travel as plain decimal text, times as epoch milliseconds."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    return value
