"""Finds the instruments that lines of weights name: stored ones first, then the broker's."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from apps.accounts.models import BrokerAccount
from apps.lib.errors import PortalError, Unavailable
from apps.lib.queue import NoAnswer
from apps.marketdata.models import Instrument
from apps.marketdata.services import (
    Ambiguous,
    Query,
    UnknownInstrument,
    instrument_fetch,
    instrument_resolve,
)
from apps.trading.weightfile import Read, Row

CANDIDATES_SHOWN = 5
LOOK_UP_FOR = 45.0
"""Seconds of asking the broker in one go: somebody waits for the answer."""


@dataclass(slots=True)
class Resolver:
    """Once the broker cannot be asked, it is not asked for the remaining lines either."""

    account: BrokerAccount
    until: float = field(default_factory=lambda: time.monotonic() + LOOK_UP_FOR)
    silent: PortalError | None = None
    by_symbol: dict[str, list[Instrument]] = field(default_factory=dict)
    by_con_id: dict[int, Instrument] = field(default_factory=dict)

    def prepare(self, rows: Sequence[Row]) -> None:
        """Reads everything stored that the lines may mean, in two queries."""
        con_ids = [row.con_id for row in rows if row.con_id is not None]
        self.by_con_id = Instrument.objects.in_bulk(con_ids)
        symbols = {name for row in rows if row.con_id is None for name in _spellings(row.symbol)}
        for found in Instrument.objects.filter(symbol__in=symbols):
            self.by_symbol.setdefault(found.symbol, []).append(found)

    def find(self, row: Row) -> Instrument:
        """Raises Ambiguous, UnknownInstrument, Mismatch, or what the broker says."""
        if row.con_id is not None:
            return self._by_con_id(row, row.con_id)
        for symbol in _spellings(row.symbol):
            stored = [found for found in self.by_symbol.get(symbol, []) if _fits(found, row)]
            if stored:
                return self._one(stored, row)
        *others, last = _spellings(row.symbol)
        for symbol in others:
            try:
                return self._look_up(row, symbol)
            except UnknownInstrument:
                continue
        return self._look_up(row, last)

    def _look_up(self, row: Row, symbol: str) -> Instrument:
        query = Query(
            symbol=symbol,
            sec_type=row.sec_type or "STK",
            currency=row.currency,
            exchange=row.exchange,
        )
        try:
            return self._ask(query)
        except Ambiguous as error:
            return self._one(error.candidates, row)

    def _by_con_id(self, row: Row, con_id: int) -> Instrument:
        found = self.by_con_id.get(con_id) or self._fetch(con_id)
        if row.symbol and not {found.symbol, found.local_symbol.upper()} & set(
            _spellings(row.symbol)
        ):
            raise Mismatch(
                _("The conId %(con_id)s is %(name)s, not %(symbol)s.")
                % {"con_id": con_id, "name": found.symbol, "symbol": row.symbol}
            )
        return found

    def _one(self, found: Sequence[Instrument], row: Row) -> Instrument:
        """A line without a currency means the account's own, where that leaves one instrument."""
        if len(found) > 1 and not row.currency:
            own = [one for one in found if one.currency == self.account.base_currency]
            found = own if len(own) == 1 else found
        if len(found) > 1:
            raise Ambiguous(found)
        return found[0]

    def _fetch(self, con_id: int) -> Instrument:
        self._check_heard()
        try:
            return instrument_fetch(connection=self.account.connection, con_id=con_id)
        except (Unavailable, NoAnswer) as error:
            self.silent = error
            raise

    def _ask(self, query: Query) -> Instrument:
        self._check_heard()
        try:
            return instrument_resolve(connection=self.account.connection, query=query)
        except (Unavailable, NoAnswer) as error:
            self.silent = error
            raise

    def _check_heard(self) -> None:
        if self.silent is None and time.monotonic() > self.until:
            self.silent = Unavailable(
                _("Looking up so many takes too long. Those found are stored now: try again.")
            )
        if self.silent is not None:
            raise self.silent


class Mismatch(PortalError):
    """Two cells of a line name two instruments."""

    code = "unknown_instrument"


def rows_resolve(
    found: Read, rows: Iterable[Row], *, account: BrokerAccount
) -> dict[Instrument, Row]:
    """The line of each instrument; what cannot be found is complained about in `found`."""
    wanted = list(rows)
    resolver = Resolver(account)
    resolver.prepare(wanted)
    lines: dict[Instrument, Row] = {}
    for row in wanted:
        try:
            instrument = resolver.find(row)
        except PortalError as error:
            code = error.code if error.code == Ambiguous.code else UnknownInstrument.code
            found.complain(row.line, code, _sentence(row, error))
            continue
        if instrument in lines:
            sentence = _("%(name)s stands in line %(line)s already.")
            places = {"name": _name(row), "line": lines[instrument].line}
            found.complain(row.line, "duplicate_target", sentence % places)
        else:
            lines[instrument] = row
    return lines


def _spellings(symbol: str) -> list[str]:
    """BRK.B elsewhere is BRK B at IB."""
    return [symbol, symbol.replace(".", " ")] if "." in symbol else [symbol]


def _fits(instrument: Instrument, row: Row) -> bool:
    wanted = row.sec_type or "STK"
    exchanges = {instrument.exchange, instrument.primary_exchange}
    return (
        wanted in {instrument.sec_type, instrument.kind}
        and row.currency in {"", instrument.currency}
        and (row.exchange in {"", "SMART"} or row.exchange in exchanges)
    )


def _sentence(row: Row, error: PortalError) -> str:
    name = _name(row)
    if isinstance(error, Ambiguous):
        shown = [_candidate(one) for one in error.candidates[:CANDIDATES_SHOWN]]
        sentence = _("%(name)s may be any of these: %(candidates)s. Add a conId.")
        return sentence % {"name": name, "candidates": "; ".join(shown)}
    if isinstance(error, UnknownInstrument):
        return _("Neither the portal nor the broker knows %(name)s.") % {"name": name}
    if isinstance(error, Mismatch):
        return error.sentence
    sentence = _("%(name)s is not known here, and the broker could not be asked: %(why)s")
    return sentence % {"name": name, "why": error.sentence}


def _candidate(instrument: Instrument) -> str:
    exchange = instrument.primary_exchange or instrument.exchange
    return f"{instrument} {exchange} {instrument.currency} ({instrument.con_id})"


def _name(row: Row) -> str:
    return row.symbol or str(row.con_id)
