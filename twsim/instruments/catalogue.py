"""Reads the data file of the universe; derivatives are generated from the scenario's day on."""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zlib import crc32

from twsim.domain.contracts import Contract, PriceIncrement
from twsim.hours import Venue, parse_spans, third_fridays
from twsim.instruments.instrument import Instrument

DATA = Path(__file__).parents[1] / "data" / "universe.toml"
_MONTH_CODES = "FGHJKMNQUVXZ"
Row = list[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """How a scenario wants venues to keep their hours."""

    around_the_clock: bool
    holidays: frozenset[date] = frozenset()
    early_closes: tuple[tuple[date, int], ...] = ()


class Catalogue:
    """Builds every instrument that exists on `today`."""

    def __init__(self, today: date, calendar: Calendar) -> None:
        self._today = today
        with DATA.open("rb") as file:
            self._data: dict[str, Any] = tomllib.load(file)
        self.rules = {
            int(number): tuple(PriceIncrement(low, step) for low, step in bands)
            for number, bands in self._data["rules"].items()
        }
        self._venues = {
            name: _venue(name, given, calendar) for name, given in self._data["venues"].items()
        }

    def instruments(self) -> list[Instrument]:
        stocks = [self._stock(row, "COMMON") for row in self._data["stocks"]["rows"]]
        stocks += [self._stock(row, "ETF") for row in self._data["etfs"]["rows"]]
        indices = [self._index(row) for row in self._data["indices"]["rows"]]
        roots = {item.con_id: item for item in stocks + indices}
        currencies = [self._currency(row) for row in self._data["currencies"]["rows"]]
        futures = [
            item for row in self._data["futures"]["rows"] for item in self._futures(row, roots)
        ]
        options = [
            item for row in self._data["options"]["rows"] for item in self._options(row, roots)
        ]
        return [*roots.values(), *currencies, *futures, *options]

    def _stock(self, row: Row, stock_type: str) -> Instrument:
        con_id, symbol, listing, name, price, volatility, beta, volume, sector = row
        given = self._data["listings"][listing]
        industry, _, category = sector.partition("|")
        return Instrument(
            contract=Contract(
                con_id=con_id,
                symbol=symbol,
                sec_type="STK",
                exchange="SMART",
                primary_exchange=listing,
                currency=given["currency"],
                local_symbol=symbol,
                trading_class=given.get("market", symbol),
            ),
            home=listing,
            long_name=name,
            venue=self._venues[given["venue"]],
            valid_exchanges=given["exchanges"],
            rule=given["rule"],
            increments=self.rules[given["rule"]],
            price=price,
            volatility=volatility,
            beta=beta,
            daily_volume=volume,
            industry=industry,
            category=category,
            stock_type=stock_type,
            lot=given["lots"][symbol] if "lots" in given else given.get("lot", 1.0),
            size_step=given.get("size_step"),
        )

    def _index(self, row: Row) -> Instrument:
        con_id, symbol, exchange, currency, venue, name, price, volatility, beta = row
        return Instrument(
            contract=_plain(con_id, symbol, "IND", exchange, currency, symbol),
            home=exchange,
            long_name=name,
            venue=self._venues[venue],
            valid_exchanges=exchange,
            rule=26,
            increments=self.rules[26],
            price=price,
            volatility=volatility,
            beta=beta,
            industry="Indices",
            category="Broad Range Equity Index",
        )

    def _currency(self, row: Row) -> Instrument:
        con_id, base, quote, rate, volatility, rule = row
        return Instrument(
            contract=_plain(con_id, base, "CASH", "IDEALPRO", quote, f"{base}.{quote}"),
            home="IDEALPRO",
            long_name=f"{base}.{quote} forex",
            venue=self._venues["FX"],
            valid_exchanges="IDEALPRO",
            rule=rule,
            increments=self.rules[rule],
            price=rate,
            volatility=volatility,
        )

    def _futures(self, row: Row, roots: dict[int, Instrument]) -> list[Instrument]:
        product, symbol, index_id, exchange, venue, name, multiplier, rule, count, *costs = row
        index, known = roots[index_id], self._data["futures"]["known"]
        quarters = [day for day in third_fridays(self._today, 3 * count + 2) if day.month % 3 == 0]
        return [
            Instrument(
                contract=Contract(
                    con_id=known.get(f"{symbol} {day:%Y%m}") or _derived(symbol, f"{day:%Y%m}"),
                    symbol=symbol,
                    sec_type="FUT",
                    expiry=f"{day:%Y%m%d}",
                    multiplier=str(multiplier),
                    exchange=exchange,
                    currency=index.currency,
                    local_symbol=f"{symbol}{_MONTH_CODES[day.month - 1]}{day.year % 10}",
                    trading_class=symbol,
                ),
                home=exchange,
                long_name=name,
                venue=self._venues[venue],
                valid_exchanges=exchange,
                rule=rule,
                increments=self.rules[rule],
                price=index.price,
                volatility=index.volatility,
                beta=index.beta,
                daily_volume=1.4e6 / (1 + 8 * position),
                under_con_id=product,
                under_symbol=symbol,
                under_sec_type="IND",
                walks_with=index.contract.local_symbol,
                initial_margin=costs[0],
                commission=costs[1],
                expires_at=_expiry(day, self._venues[venue]),
            )
            for position, day in enumerate(quarters[:count])
        ]

    def _options(self, row: Row, roots: dict[int, Instrument]) -> list[Instrument]:
        under_id, exchanges, trading_class, multiplier, rule, step, each_side, months = row
        under = roots[under_id]
        middle = round(under.price / step)
        strikes = [(middle + offset) * step for offset in range(-each_side, each_side + 1)]
        venue = self._venues[self._data["options"]["home"][exchanges.split(",", maxsplit=1)[0]]]
        return [
            Instrument(
                contract=_option_contract(
                    under, exchanges, trading_class, multiplier, expiry=day, strike=strike, right=cp
                ),
                home=exchanges.split(",", maxsplit=1)[0],
                long_name=under.long_name,
                venue=venue,
                valid_exchanges=exchanges,
                rule=rule,
                increments=self.rules[rule],
                price=0.0,
                daily_volume=4000.0,
                under_con_id=under_id,
                under_symbol=under.contract.symbol,
                under_sec_type=under.kind,
                expires_at=_expiry(day, venue),
            )
            for day in third_fridays(self._today, months)
            for strike in strikes
            for cp in "CP"
        ]


def _option_contract(
    under: Instrument,
    exchanges: str,
    trading_class: str,
    multiplier: int,
    *,
    expiry: date,
    strike: float,
    right: str,
) -> Contract:
    key = f"{expiry:%y%m%d}{right}{round(strike * 1000):08d}"
    return Contract(
        con_id=_derived(trading_class, key),
        symbol=under.contract.symbol,
        sec_type="OPT",
        expiry=f"{expiry:%Y%m%d}",
        strike=strike,
        right=right,
        multiplier=str(multiplier),
        exchange=exchanges.split(",", maxsplit=1)[0],
        currency=under.currency,
        local_symbol=f"{trading_class:<6}{key}",
        trading_class=trading_class,
    )


def _plain(
    con_id: int, symbol: str, sec_type: str, exchange: str, currency: str, local: str
) -> Contract:
    return Contract(
        con_id=con_id,
        symbol=symbol,
        sec_type=sec_type,
        exchange=exchange,
        currency=currency,
        local_symbol=local,
        trading_class=local,
    )


def _derived(symbol: str, key: str) -> int:
    """A contract id that stays the same from day to day, like IB's."""
    return 600_000_000 + crc32(f"{symbol} {key}".encode()) % 200_000_000


def _expiry(day: date, venue: Venue) -> float:
    return datetime.combine(day, time(16), venue.zone).timestamp()


def _venue(name: str, given: dict[str, Any], calendar: Calendar) -> Venue:
    return Venue(
        name=name,
        time_zone=given["time_zone"],
        trading=parse_spans(given["trading"]),
        liquid=parse_spans(given["liquid"]),
        around_the_clock=calendar.around_the_clock,
        holidays=calendar.holidays,
        early_closes=calendar.early_closes,
    )
