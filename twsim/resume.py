"""Goes on where an earlier process stopped: the book, the accounts and the ids of its ledger."""

from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

from twsim.books import Account
from twsim.broker import SimError
from twsim.exchange import Floor
from twsim.exchange.clearing import Record
from twsim.exchange.kept import entry_of, execution_of
from twsim.instruments import Universe
from twsim.instruments.catalogue import Catalogue
from twsim.ledger import START, Ledger, Row
from twsim.scenario import Scenario, read

REMOVE = "remove the file to start afresh"


class Past:
    """What a ledger says of the time before this process; empty for a new one."""

    def __init__(self, ledger: Ledger, scenario: Scenario, seed: int) -> None:
        """ValueError when the ledger was made for another scenario, seed or set of accounts."""
        self._path = ledger.path
        self._rows = [row for row in ledger.earlier if row["kind"] != START]
        starts = [row for row in ledger.earlier if row["kind"] == START]
        if ledger.earlier and ledger.earlier[0]["kind"] != START:
            raise ValueError(f"the ledger {ledger.path} does not say what it began with; {REMOVE}")
        self._first: Row = starts[0] if starts else {}
        if starts:
            self._check(scenario, seed)
        self.days = [date.fromisoformat(row["day"]) for row in starts]
        """Of every start: other days, other options and futures."""
        self.accounts: dict[str, Row] = self._first.get("accounts", {})
        """Cash and positions by account, as they were before the first order."""

    def __bool__(self) -> bool:
        return bool(self._first)

    @property
    def ended_at(self) -> float | None:
        """When it was last written."""
        moments = [row["at"] for row in self._rows[-1:]] or [self._first.get("at", "")]
        return datetime.fromisoformat(moments[0]).timestamp() if moments[0] else None

    @cached_property
    def con_ids(self) -> frozenset[int]:
        """Every instrument that was held, ordered or priced."""
        held = {int(con_id) for given in self.accounts.values() for con_id in given["positions"]}
        states = [row["state"] for row in self._rows if "state" in row]
        return frozenset(held | {state.get("entry", state)["con_id"] for state in states})

    def replay(self, floor: Floor) -> None:
        """Into empty books; ValueError when a row cannot be understood."""
        for row in self._rows:
            try:
                _play(floor, row)
            except (KeyError, TypeError, ValueError, StopIteration, SimError) as error:
                where = f"row {row.get('seq')} of the ledger {self._path}"
                raise ValueError(f"{where} cannot be resumed from ({error}); {REMOVE}") from error
        self._rows = []

    def _check(self, scenario: Scenario, seed: int) -> None:
        codes = sorted(given["code"] for given in scenario.accounts)
        wanted = (scenario.name, seed, codes)
        found = (self._first["scenario"], self._first["seed"], sorted(self._first["accounts"]))
        if wanted != found:
            raise ValueError(
                f"the ledger {self._path} was made for scenario {found[0]} with seed {found[1]} "
                f"and accounts {', '.join(found[2])}, not for {scenario.name} with seed {seed} "
                f"and {', '.join(codes)}; {REMOVE}, or name another"
            )


def check(path: Path, scenario: str | Path, seed: int) -> None:
    """ValueError, with the sentence for a person, when no process could go on from this file."""
    Past(Ledger(path), read(scenario), seed)


def begin(ledger: Ledger, scenario: Scenario, floor: Floor, *, seed: int, at: float) -> None:
    """The line that a later process checks and resumes from."""
    accounts = {code: _opening(account) for code, account in floor.accounts.items()}
    day = day_of(at).isoformat()
    ledger.begin(at, scenario=scenario.name, seed=seed, day=day, accounts=accounts)


def _opening(account: Account) -> Row:
    return {"cash": account.opening_cash, "positions": account.openings}


def universe(scenario: Scenario, at: float, past: Past) -> Universe:
    """What is listed on this day, and what the past knew and is not listed any more."""
    catalogue = Catalogue(day_of(at), scenario.calendar)
    listed = {item.con_id: item for item in catalogue.instruments()}
    for day in past.days:
        missing = past.con_ids - set(listed)
        if missing:
            earlier = Catalogue(day, scenario.calendar).instruments()
            listed |= {item.con_id: item for item in earlier if item.con_id in missing}
    return Universe(listed.values(), catalogue.rules)


def day_of(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).date()


def positions_of(given: Row) -> dict[int, tuple[float, float]]:
    """Quantity and average cost by contract id."""
    return {int(con_id): (held, cost) for con_id, (held, cost) in given["positions"].items()}


def _play(floor: Floor, row: Row) -> None:
    kind, state = row["kind"], row.get("state", {})
    if kind == "order":
        floor.book.use_id(row["client_id"], row["order_id"])
    elif kind == "price":
        floor.market.resume_price(**state)
    elif "entry" in state:
        entry = floor.book.put(entry_of(state["entry"], floor.universe))
        if kind == "lost":
            floor.book.forget([entry])
        elif "execution" in state:
            record = Record(entry, *execution_of(state["execution"], entry))
            floor.clearing.resume(kind, record, replaces=row.get("replaces", ""))
