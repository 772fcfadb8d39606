"""What can be limited, what holds where nobody has set anything, and which setting wins; pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache

Value = Decimal | str


class Scope(StrEnum):
    """From wide to narrow: what is traded is narrower than who trades it."""

    GLOBAL = "global"
    CONNECTION = "connection"
    ACCOUNT = "account"
    SEC_TYPE = "sec_type"
    STRATEGY = "strategy"
    INSTRUMENT = "instrument"


NARROWNESS = {scope: rank for rank, scope in enumerate(Scope)}


class Looser(StrEnum):
    """Which way of changing a parameter lets more through."""

    HIGHER = "higher"
    LOWER = "lower"
    ANY = "any"
    """Any change of a word may."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """`default` holds where no row does; `by_kind` goes before it for those kinds.

    With `of_nlv` the default is that share of the account's net liquidation value.
    """

    name: str
    unit: str
    meaning: str
    default: Value | None = None
    of_nlv: Decimal | None = None
    by_kind: Mapping[str, Decimal] = field(default_factory=dict)
    looser: Looser = Looser.HIGHER
    choices: tuple[str, ...] = ()
    """The words there are; empty where any may be meant."""

    @property
    def words(self) -> bool:
        return self.looser is Looser.ANY

    def fallback(self, kind: str, nlv: Decimal | None) -> Value | None:
        if self.of_nlv is not None:
            share = self.by_kind.get(kind, self.of_nlv)
            return None if nlv is None else share * nlv
        return self.by_kind.get(kind, self.default)

    def parsed(self, text: str) -> Value:
        """Raises ValueError for what is not a finite number."""
        if self.words:
            return text.strip()
        try:
            number = Decimal(text.strip())
        except InvalidOperation as error:
            raise ValueError(text) from error
        if not number.is_finite():
            raise ValueError(text)
        return number


@dataclass(frozen=True, slots=True)
class Row:
    """One stored limit. What is None or empty does not narrow it."""

    id: int
    code: str
    parameters: Mapping[str, str]
    connection_id: int | None = None
    account_id: int | None = None
    sec_type: str = ""
    strategy: str = ""
    con_id: int | None = None

    @property
    def weight(self) -> int:
        """A narrower scope outweighs all wider ones together."""
        narrowed = {
            Scope.CONNECTION: self.connection_id is not None,
            Scope.ACCOUNT: self.account_id is not None,
            Scope.SEC_TYPE: bool(self.sec_type),
            Scope.STRATEGY: bool(self.strategy),
            Scope.INSTRUMENT: self.con_id is not None,
        }
        return sum(1 << NARROWNESS[scope] for scope, yes in narrowed.items() if yes)

    @property
    def scope(self) -> Scope:
        """The narrowest thing it is about."""
        return list(Scope)[self.weight.bit_length() - 1] if self.weight else Scope.GLOBAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What limits are resolved for; unknown parts match no row that names one."""

    connection_id: int | None = None
    account_id: int | None = None
    kind: str = ""
    sec_type: str = ""
    strategy: str = ""
    con_id: int | None = None
    net_liquidation: Decimal | None = None

    def matches(self, row: Row) -> bool:
        return (
            row.connection_id in {None, self.connection_id}
            and row.account_id in {None, self.account_id}
            and row.sec_type in {"", self.kind, self.sec_type}
            and row.strategy in {"", self.strategy}
            and row.con_id in {None, self.con_id}
        )


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and the row it is from; None is the default."""

    value: Value | None
    row: int | None


class Limits:
    """The narrowest setting of every parameter, for one subject."""

    def __init__(self, subject: Subject, rows: Iterable[Row] = ()) -> None:
        self._subject = subject
        self._found: dict[tuple[str, str], tuple[int, str, int]] = {}
        for row in rows:
            if subject.matches(row):
                self._take(row)

    def _take(self, row: Row) -> None:
        for name, text in row.parameters.items():
            held = self._found.get((row.code, name))
            if held is None or held[0] <= row.weight:
                self._found[row.code, name] = row.weight, text, row.id

    def setting(self, code: str, name: str) -> Setting:
        parameter = PARAMETERS[code, name]
        found = self._found.get((code, name))
        if found is not None:
            return Setting(parameter.parsed(found[1]), found[2])
        subject = self._subject
        return Setting(parameter.fallback(subject.kind, subject.net_liquidation), None)

    def number(self, code: str, name: str) -> Decimal | None:
        """None: no limit is set, or its default needs a value that is missing."""
        value = self._value(code, name)
        return value if isinstance(value, Decimal) else None

    def word(self, code: str, name: str) -> str:
        return str(self._value(code, name) or "")

    def words(self, code: str, name: str) -> frozenset[str]:
        """A comma-separated list."""
        return _parts(self.word(code, name))

    def _value(self, code: str, name: str) -> Value | None:
        key = code, name
        if key in self._found:
            return self.setting(code, name).value
        subject = self._subject
        return PARAMETERS[key].fallback(subject.kind, subject.net_liquidation)

    @property
    def version(self) -> str:
        """Digest of the rows that apply and of the defaults in the code."""
        return _version(tuple(sorted(self._found.items())))


@dataclass(frozen=True, slots=True)
class Policy:
    """One code that has limits: which scopes make sense and what its numbers are."""

    code: str
    scope: str
    meaning: str
    parameters: tuple[Parameter, ...] = ()


POLICIES: dict[str, Policy] = {}
PARAMETERS: dict[tuple[str, str], Parameter] = {}


def declare(policy: Policy) -> Policy:
    """Each code is declared once, by its check or by the guard."""
    if policy.code in POLICIES:
        raise ValueError(f"{policy.code} is declared twice")
    POLICIES[policy.code] = policy
    PARAMETERS.update({(policy.code, p.name): p for p in policy.parameters})
    return policy


@lru_cache(maxsize=256)
def _parts(text: str) -> frozenset[str]:
    parts = (part.strip() for part in text.split(","))
    return frozenset(part for part in parts if part)


@lru_cache(maxsize=256)
def _version(found: tuple[tuple[tuple[str, str], tuple[int, str, int]], ...]) -> str:
    rows = {f"{code}.{name}": setting for (code, name), setting in found}
    text = json.dumps([_defaults(), rows], default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=1)
def _defaults() -> str:
    told = [
        [code, p.name, p.default, p.of_nlv, sorted(p.by_kind.items())]
        for code, policy in sorted(POLICIES.items())
        for p in policy.parameters
    ]
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()
