"""What a strategy provider is given and what it answers; pure, needs no framework."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any, Protocol

STEP = Decimal("1e-10")


@dataclass(frozen=True, slots=True)
class Close:
    day: date
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """`closes` are daily, oldest first, of finished sessions before `dated_on` only.

    `account_id` is the portal's own number of the account; `nlv` is None where it is not known.
    """

    account_id: int
    base_currency: str
    nlv: Decimal | None
    dated_on: date
    closes: Mapping[int, Sequence[Close]] = field(default_factory=dict)

    def prices(self, con_id: int, count: int) -> list[Decimal]:
        """The last `count` closes; raises TooShort when there are fewer."""
        found = self.closes.get(con_id, ())
        if len(found) < count:
            raise TooShort(con_id, len(found), count)
        return [close.price for close in found[-count:]]


class Provider(Protocol):
    """A class with these four; named in STRATEGY_PROVIDERS it can be chosen for a strategy."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """Raises WrongParams for what it does not understand."""

    def con_ids(self) -> Sequence[int]:
        """The instruments it may give a weight to."""

    def closes_needed(self) -> int:
        """How many daily closes of each instrument; 0 for none."""

    def weights(self, given: Given) -> Mapping[int, Decimal]:
        """By conId, summing to at most 1. What is left out stays as it is; 0 sells it."""


class ProviderError(Exception):
    """A provider that cannot say; `places` fill the sentence."""

    def __init__(self, sentence: str, /, **places: object) -> None:
        super().__init__(sentence % places)
        self.sentence = sentence
        self.places = places


class WrongParams(ProviderError):
    """`name` is the parameter that makes no sense."""

    def __init__(self, name: str, sentence: str, /, **places: object) -> None:
        super().__init__(sentence, **places)
        self.name = name


class TooShort(ProviderError):
    """There are fewer closes than the computation needs."""

    def __init__(self, con_id: int, known: int, needed: int) -> None:
        sentence = "%(name)s has %(known)s daily closes, %(needed)s are needed."
        super().__init__(sentence, name=con_id, known=known, needed=needed)
        self.con_id = con_id


class Still(ProviderError):
    """An instrument whose price never moved has no volatility to divide by."""

    def __init__(self, con_id: int) -> None:
        super().__init__("The price of %(name)s did not move at all.", name=con_id)
        self.con_id = con_id


def shared(total: Decimal, parts: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """`total` in proportion to the parts, cut to ten decimals so that the sum never exceeds it."""
    whole = sum(parts.values(), Decimal(0))
    return {
        con_id: (total * part / whole).quantize(STEP, ROUND_DOWN) for con_id, part in parts.items()
    }
