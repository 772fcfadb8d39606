"""Reads what of an account a change may touch, in one statement that is made once."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from apps.accounts.models import AccountValue, BrokerAccount, Connection, Position
from apps.lib.prepared import Whole, together

RATES = frozenset({"ExchangeRate"})
"""The only values that the figures of a position depend on."""
NAMED_AT_ONCE = 512
"""Of more positions than this all are read."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What may change, and so has to be read: None is everything.

    A change of exchange rates reaches every position; any other change only what is named here.
    """

    con_ids: frozenset[int] | None = frozenset()
    tags: frozenset[str] | None = RATES


EVERYTHING = Scope(con_ids=None, tags=None)

_ACCOUNT = Whole(
    BrokerAccount,
    lambda code: BrokerAccount.objects.filter(code=code).order_by(),
    connection=Connection,
)
_POSITIONS = Whole(Position, lambda code: Position.objects.filter(account__code=code).order_by())
_NAMED = Whole(
    Position,
    lambda code, **con_ids: Position.objects.filter(
        account__code=code, con_id__in=con_ids.values()
    ).order_by(),
)


@dataclass(frozen=True, slots=True)
class Found:
    account: BrokerAccount
    values: list[AccountValue]
    positions: list[Position]


def read(code: str, scope: Scope) -> Found | None:
    """None where there is no such account."""
    values = None if scope.tags == frozenset() else _values(scope.tags)
    positions, named = _positions(scope.con_ids)
    asked = [_ACCOUNT.asked(code=code)]
    if values is not None:
        asked.append(values.asked(code=code))
    if positions is not None:
        asked.append(positions.asked(code=code, **named))
    with together(asked):
        account = _ACCOUNT.first(code=code)
        if account is None:
            return None
        return Found(
            account,
            [] if values is None else values.rows(code=code),
            [] if positions is None else positions.rows(code=code, **named),
        )


@cache
def _values(tags: frozenset[str] | None) -> Whole[AccountValue]:
    rows = AccountValue.objects.order_by()
    wanted = rows if tags is None else rows.filter(tag__in=sorted(tags))
    return Whole(AccountValue, lambda code: wanted.filter(account__code=code))


def _positions(con_ids: frozenset[int] | None) -> tuple[Whole[Position] | None, dict[str, Any]]:
    if con_ids is None or len(con_ids) > NAMED_AT_ONCE:
        return _POSITIONS, {}
    return (_NAMED, _padded(sorted(con_ids))) if con_ids else (None, {})


def _padded(con_ids: Iterable[int]) -> dict[str, int]:
    """As many as a power of two: few statements do for all sizes."""
    told = list(con_ids)
    size = 1 << (len(told) - 1).bit_length()
    told += told[-1:] * (size - len(told))
    return {f"c{number}": con_id for number, con_id in enumerate(told)}
