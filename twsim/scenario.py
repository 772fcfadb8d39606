"""Reads a scenario file: the day to play, the accounts, what may go wrong and when."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from twsim.blackscholes import Terms, price
from twsim.broker import SimError
from twsim.exchange import ExchangeStyle
from twsim.instruments import Instrument, Universe
from twsim.instruments.catalogue import Calendar
from twsim.prices import MarketStyle
from twsim.prices.roots import RATE

FOLDER = Path(__file__).parent / "scenarios"
_BOUGHT_BEFORE_EXPIRY = 60 / 365
Given = dict[str, Any]
Openings = dict[int, tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """As written; `faults` are {at_seconds, kind, …} for whoever plays them."""

    name: str
    calendar: Calendar
    market: MarketStyle
    exchange: ExchangeStyle
    accounts: tuple[Given, ...]
    faults: tuple[Given, ...]
    data: Given
    wire: Given
    start_at: float | None
    speed: float
    seconds_between_steps: float

    def clock(
        self, now: Callable[[], float], *, resumed_at: float | None = None
    ) -> Callable[[], float]:
        """The scenario's own clock where it has one, else the caller's; it goes on if resumed."""
        if self.start_at is None:
            return now
        start, origin, speed = resumed_at or self.start_at, now(), self.speed
        return lambda: start + (now() - origin) * speed


def read(name_or_path: str | Path) -> Scenario:
    """ValueError when there is no such scenario; names are files of the scenarios folder."""
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = FOLDER / f"{name_or_path}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.toml")))
        raise ValueError(f"there is no scenario {str(name_or_path)!r}; there are: {known}")
    with path.open("rb") as file:
        given = tomllib.load(file)
    return _scenario(path.stem, given)


def _scenario(name: str, given: Given) -> Scenario:
    clock = given.get("clock", {})
    return Scenario(
        name=name,
        calendar=_calendar(given.get("hours", {})),
        market=MarketStyle(**_known(MarketStyle, name, "market", given)),
        exchange=ExchangeStyle(**_known(ExchangeStyle, name, "exchange", given)),
        accounts=_accounts(name, given),
        faults=tuple(given.get("faults", ())),
        data=given.get("data", {}),
        wire=given.get("wire", {}),
        start_at=_moment(clock["start"]) if "start" in clock else None,
        speed=float(clock.get("speed", 1.0)),
        seconds_between_steps=float(clock.get("step", 0.25)),
    )


def _known(style: type, name: str, section: str, given: Given) -> Given:
    """The section's settings; ValueError names one that there is not."""
    wanted = given.get(section, {})
    unknown = sorted(set(wanted) - {field.name for field in fields(style)})
    if unknown:
        raise ValueError(f"scenario {name}: [{section}] has no setting {', '.join(unknown)}")
    return dict(wanted)


def _accounts(name: str, given: Given) -> tuple[Given, ...]:
    accounts = tuple(given.get("accounts", ()))
    if not accounts:
        raise ValueError(f"scenario {name} has no [[accounts]]")
    for account in accounts:
        missing = sorted({"code", "base", "cash"} - set(account))
        if missing:
            raise ValueError(f"scenario {name}: an account lacks {', '.join(missing)}")
    return accounts


def _calendar(given: Given) -> Calendar:
    closes = given.get("early_closes", {})
    return Calendar(
        around_the_clock=given.get("around_the_clock", False),
        holidays=frozenset(date.fromisoformat(text) for text in given.get("holidays", ())),
        early_closes=tuple((date.fromisoformat(day), int(at)) for day, at in closes.items()),
    )


def _moment(text: str) -> float:
    """2026-04-06 09:25:00 US/Eastern."""
    moment, _, zone = text.rpartition(" ")
    return datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone)).timestamp()


def openings(account: Given, universe: Universe, volatility: Callable[[int], float]) -> Openings:
    """Opening positions by contract id: quantity and average cost, the multiplier contained.

    ValueError when the account holds something that does not exist.
    """
    try:
        return _openings(account, universe, volatility)
    except (SimError, IndexError) as error:
        held = f"account {account['code']} holds something unknown"
        raise ValueError(f"{held}: {error}") from error


def _openings(account: Given, universe: Universe, volatility: Callable[[int], float]) -> Openings:
    found: Openings = {}
    for name, quantity, cost in account.get("positions", ()):
        found[universe.by_name(name).con_id] = (float(quantity), float(cost))
    for symbol, months, quantity, factor in account.get("futures", ()):
        future = _listed(universe, symbol, "FUT")[months]
        cost = future.price * future.multiplier * factor
        found[future.con_id] = (float(quantity), round(cost, 4))
    for symbol, month, steps, right, quantity, factor in account.get("options", ()):
        option = _option(universe, symbol, month, steps, right)
        under = universe[option.under_con_id]
        cost = _bought_for(option, under, volatility(under.con_id)) * factor
        found[option.con_id] = (float(quantity), round(cost * option.multiplier, 4))
    return found


def _listed(universe: Universe, symbol: str, kind: str) -> list[Instrument]:
    items = (item for item in universe.by_id.values() if item.contract.symbol == symbol)
    return sorted((i for i in items if i.kind == kind), key=lambda i: i.contract.expiry)


def _option(universe: Universe, symbol: str, month: int, steps: int, right: str) -> Instrument:
    """`month` counts expiries from the next, `steps` strikes from the middle upwards."""
    options = [i for i in _listed(universe, symbol, "OPT") if i.contract.right == right]
    expiries = sorted({item.contract.expiry for item in options})
    chosen = [item for item in options if item.contract.expiry == expiries[month]]
    chosen.sort(key=lambda item: item.contract.strike)
    return chosen[len(chosen) // 2 + steps]


def _bought_for(option: Instrument, under: Instrument, volatility: float) -> float:
    """Its value two months before expiry: a cost that does not change from day to day."""
    terms = Terms(
        underlying=under.price,
        strike=option.contract.strike,
        years=_BOUGHT_BEFORE_EXPIRY,
        rate=RATE,
        call=option.contract.right == "C",
    )
    return price(terms, volatility)
