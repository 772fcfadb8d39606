"""Finds instruments the way TWS does: every filled field of the query must fit."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from twsim.broker import SimError
from twsim.domain.contracts import Contract, Details, OptionChain, PriceIncrement, SymbolMatch
from twsim.instruments.instrument import Instrument

UNKNOWN = "No security definition has been found for the request"
_RIGHTS = {"C": "C", "CALL": "C", "P": "P", "PUT": "P"}
_OLD_NAMES = {"ISLAND": "NASDAQ"}
_KINDS = {"STK", "OPT", "FUT", "CASH", "IND", "FOP", "BOND", "CFD", "FUND", "CMDTY", "WAR"}


class Universe:
    """All instruments by contract id and by symbol."""

    def __init__(
        self, instruments: Iterable[Instrument], rules: dict[int, tuple[PriceIncrement, ...]]
    ) -> None:
        self.by_id: dict[int, Instrument] = {}
        self._by_symbol: dict[str, list[Instrument]] = defaultdict(list)
        self._by_local: dict[str, list[Instrument]] = defaultdict(list)
        self._rules = rules
        for item in instruments:
            if item.con_id in self.by_id:
                raise ValueError(f"contract id {item.con_id} is given twice")
            self.by_id[item.con_id] = item
            self._by_symbol[item.contract.symbol].append(item)
            self._by_local[item.contract.local_symbol].append(item)

    def __getitem__(self, con_id: int) -> Instrument:
        try:
            return self.by_id[con_id]
        except KeyError:
            raise SimError(200, UNKNOWN) from None

    def find(self, query: Contract) -> tuple[Instrument, ...]:
        """Every instrument that fits; SimError 200 when none, 321 when the query is malformed."""
        _refuse_malformed(query)
        found = tuple(item for item in self._candidates(query) if _fits(item, query))
        if not found:
            raise SimError(200, UNKNOWN)
        return found

    def resolve(self, query: Contract) -> Instrument:
        found = self.find(query)
        if len(found) > 1:
            name = query.symbol or query.local_symbol
            raise SimError(200, f"The contract description specified for {name} is ambiguous.")
        if not query.exchange:
            raise SimError(321, "Error validating request.-'bS' : cause - Please enter exchange")
        return found[0]

    def details(self, query: Contract, at: float) -> tuple[Details, ...]:
        return tuple(item.details(at, query.exchange) for item in self.find(query))

    def search(self, pattern: str) -> tuple[SymbolMatch, ...]:
        """Stocks, indices and currencies whose symbol or name begins with the pattern."""
        wanted = pattern.strip().upper()
        if not wanted:
            return ()
        return tuple(
            SymbolMatch(
                replace(item.held, primary_exchange=item.home),
                self._derivatives(item),
                item.long_name,
            )
            for item in self.by_id.values()
            if item.kind in ("STK", "IND", "CASH") and _begins(item, wanted)
        )[:16]

    def chains(self, symbol: str, exchange: str, con_id: int) -> tuple[OptionChain, ...]:
        """One row per exchange, as IB gives them; empty when there are no options."""
        options = [
            item
            for item in self._by_symbol.get(symbol, ())
            if item.kind == "OPT" and item.under_con_id == con_id
        ]
        if not options:
            return ()
        contract = options[0].contract
        expiries = tuple(sorted({item.contract.expiry for item in options}))
        strikes = tuple(sorted({item.contract.strike for item in options}))
        exchanges = [exchange] if exchange else options[0].valid_exchanges.split(",")
        return tuple(
            OptionChain(
                venue, con_id, contract.trading_class, contract.multiplier, expiries, strikes
            )
            for venue in exchanges
            if venue in options[0].valid_exchanges.split(",")
        )

    def options_on(self, con_id: int) -> tuple[Instrument, ...]:
        symbol = self.by_id[con_id].contract.symbol
        return tuple(
            item
            for item in self._by_symbol[symbol]
            if item.kind == "OPT" and item.under_con_id == con_id
        )

    def local(self, local_symbol: str) -> Instrument | None:
        """The first instrument of this local symbol, such as EUR.USD."""
        found = self._by_local.get(local_symbol)
        return found[0] if found else None

    def market_rule(self, rule_id: int) -> tuple[PriceIncrement, ...]:
        if rule_id not in self._rules:
            raise SimError(321, "Error validating request.-'cA' : cause - Unknown market rule id")
        return self._rules[rule_id]

    def by_name(self, name: str | int) -> Instrument:
        """For tests and tools: a contract id, a local symbol (EUR.USD, ESZ6) or a plain symbol."""
        if isinstance(name, int) or (name.isdigit() and int(name) in self.by_id):
            return self[int(name)]
        found = self._by_local.get(name) or self._by_symbol.get(name)
        if not found:
            raise SimError(200, f"{UNKNOWN}: {name}")
        return found[0]

    def _candidates(self, query: Contract) -> Iterable[Instrument]:
        if query.con_id:
            return (self.by_id[query.con_id],) if query.con_id in self.by_id else ()
        if query.symbol:
            return self._by_symbol.get(query.symbol.upper(), ())
        return self._by_local.get(query.local_symbol, ())

    def _derivatives(self, item: Instrument) -> tuple[str, ...]:
        options = any(
            other.under_con_id == item.con_id for other in self._by_symbol[item.contract.symbol]
        )
        return ("OPT",) if options else ()


def _refuse_malformed(query: Contract) -> None:
    prefix = "Error validating request.-'bS' : cause - "
    if query.con_id:
        return
    if query.sec_type not in _KINDS:
        raise SimError(321, prefix + "Please enter a valid security type")
    if not query.symbol and not query.local_symbol:
        raise SimError(321, prefix + "Please enter a symbol or a local symbol")
    if query.right and query.right not in (*_RIGHTS, "?", "0"):
        raise SimError(321, prefix + "Invalid right")


def _fits(item: Instrument, query: Contract) -> bool:
    contract = item.contract
    pairs = (
        (query.sec_type, contract.sec_type),
        (query.currency, contract.currency),
        (query.multiplier, contract.multiplier),
        (query.local_symbol, contract.local_symbol),
        (query.trading_class, contract.trading_class),
        (_RIGHTS.get(query.right, ""), contract.right),
    )
    if any(wanted and wanted != found for wanted, found in pairs):
        return False
    if query.strike and abs(query.strike - contract.strike) > 1e-9:
        return False
    if not contract.expiry.startswith(query.expiry.split(" ")[0]):
        return False
    return _listed(item, query)


def _listed(item: Instrument, query: Contract) -> bool:
    exchanges = item.valid_exchanges.split(",")
    if query.exchange and _OLD_NAMES.get(query.exchange, query.exchange) not in exchanges:
        return False
    # IB itself takes the primary exchange as a hint among SMART listings only.
    primary = _OLD_NAMES.get(query.primary_exchange, query.primary_exchange)
    return not primary or item.kind != "STK" or primary == item.home


def _begins(item: Instrument, wanted: str) -> bool:
    contract = item.contract
    names = (contract.symbol, contract.local_symbol, item.long_name.upper())
    return any(name.startswith(wanted) for name in names)
