"""Positions by our own executions: the newest adopted balance and every fill after it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from apps.risk.models import LedgerBalance
from apps.trading.fills import Fill, standing
from apps.trading.models import Execution

ACCOUNT_ITSELF = 0
CLOCKS = timedelta(seconds=2)
"""The broker's times of fills are whole seconds by its own clock."""
SETTLING = timedelta(seconds=30)
Balance = tuple[Decimal, datetime]


def ledger(account_id: int) -> dict[int, Decimal]:
    """Quantity by conId, without zeros; empty where no balance was ever adopted."""
    balances = _balances(account_id)
    if not balances:
        return {}
    found = {con_id: quantity for con_id, (quantity, _at) in balances.items()}
    for con_id, rows in _by_instrument(_touched(account_id, balances)).items():
        since = balances.get(con_id) or balances.get(ACCOUNT_ITSELF)
        if since is not None:
            found[con_id] = found.get(con_id, Decimal(0)) + _after(rows, since[1])
    found.pop(ACCOUNT_ITSELF, None)
    return {con_id: quantity for con_id, quantity in found.items() if quantity}


def settled_ledger(account_id: int, at: datetime) -> dict[int, Decimal] | None:
    """For the consistency check; None without a balance, and for a while after each fill: the
    position and the execution come in two messages."""
    fresh = Execution.objects.filter(account_id=account_id, recorded_at__gt=at - SETTLING)
    if not is_kept(account_id) or fresh.exists():
        return None
    return ledger(account_id)


def is_kept(account_id: int) -> bool:
    return LedgerBalance.objects.filter(account_id=account_id, con_id=ACCOUNT_ITSELF).exists()


def _balances(account_id: int) -> dict[int, Balance]:
    """The newest of each instrument."""
    rows = LedgerBalance.objects.filter(account_id=account_id).order_by("at", "id")
    return {row.con_id: (row.quantity, row.at) for row in rows}


def _touched(account_id: int, balances: dict[int, Balance]) -> list[Execution]:
    """Every report of fills that have a report since the oldest balance that still counts."""
    oldest = min(at for _quantity, at in balances.values())
    recent = Execution.objects.filter(account_id=account_id, recorded_at__gt=oldest)
    return list(Execution.objects.filter(account_id=account_id, base__in=recent.values("base")))


def _by_instrument(rows: Iterable[Execution]) -> dict[int, list[Execution]]:
    found: dict[int, list[Execution]] = {}
    for row in rows:
        found.setdefault(row.instrument_id, []).append(row)
    return found


def _after(rows: list[Execution], since_at: datetime) -> Decimal:
    """What the fills came to, less what they came to when the balance was adopted."""
    return _signed(rows) - _signed([row for row in rows if not _is_after(row, since_at)])


def _is_after(row: Execution, since_at: datetime) -> bool:
    """A correction counts from when it came; a fill of before that came late is in the balance."""
    late = row.revision == 1 and row.at <= since_at - CLOCKS
    return row.recorded_at > since_at and not late


def _signed(rows: list[Execution]) -> Decimal:
    sides = {row.base: row.side for row in rows}
    counted = standing(Fill(r.base, r.revision, r.exec_id, r.quantity, r.price) for r in rows)
    return sum(
        (
            fill.quantity if sides[base] == "BUY" else -fill.quantity
            for base, fill in counted.items()
        ),
        Decimal(0),
    )
