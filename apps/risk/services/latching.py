"""Latches in rows: read for an evaluation, written after it, released by a person."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.accounts.models import BrokerAccount
from apps.risk import topics
from apps.risk.guard import Figure, Latched, Memory
from apps.risk.guard.latches import lift
from apps.risk.levels import SEVERITY, Guard, worst
from apps.risk.models import GuardEvaluation, GuardState
from apps.risk.services.alerts import alert_recover


def memory_of(state: GuardState) -> Memory:
    return Memory(
        latches=tuple(_latched(code, told) for code, told in state.latches.items()),
        released={code: Decimal(value) for code, value in state.released.items()},
    )


def remember(state: GuardState, memory: Memory) -> None:
    """Puts it in the row's columns; the caller saves."""
    state.latches = {latch.code: _told(latch) for latch in memory.latches}
    state.released = {code: format(value, "f") for code, value in memory.released.items()}


def latched(account: BrokerAccount | None) -> bool:
    """Whether the guard holds something of this account that only a person ends."""
    if account is None:
        return False
    return GuardState.objects.filter(account=account).exclude(latches={}).exists()


def hold(account: BrokerAccount | None) -> None:
    """Locks the guard's state of the account until the transaction ends."""
    if account is not None:
        GuardState.objects.select_for_update(no_key=True).filter(account=account).first()


def release(account: BrokerAccount, *, at: datetime) -> None:
    """Ends the account's latches. What is still breached halts again when it grows worse by a
    quarter of its limit, or when it has been well in between."""
    state = GuardState.objects.select_for_update(no_key=True).filter(account=account).first()
    if state is None:
        return
    figures = figures_of(GuardEvaluation.objects.filter(account=account).first())
    remember(state, lift(memory_of(state), figures))
    standing = [figure.state for figure in figures if figure.code not in state.released]
    before, after = state.state, worst(standing)
    if after != before:
        guard_over(account, Guard(before), Guard(after), at=at)
        state.state, state.since_at = after, at
    state.save()
    topics.guard_changed(account.pk)


def guard_over(account: BrokerAccount, before: Guard, after: Guard, *, at: datetime) -> None:
    """Calls off the alerts of the states that the account has left downwards."""
    for passed in Guard:
        if SEVERITY[after] < SEVERITY[passed] <= SEVERITY[before]:
            alert_recover(code=f"guard_{passed.value}", account=account, at=at)


def figures_of(evaluation: GuardEvaluation | None) -> tuple[Figure, ...]:
    """The figures of a stored evaluation."""
    return () if evaluation is None else tuple(_figure(row) for row in evaluation.figures)


def figure_row(figure: Figure) -> dict[str, Any]:
    """JSON; a missing number is left out."""
    row: dict[str, Any] = {"code": figure.code, "state": figure.state.value, "unit": figure.unit}
    numbers = {"value": figure.value, "warn": figure.warn, "limit": figure.limit}
    row |= {name: format(n, "f") for name, n in numbers.items() if n is not None}
    flags = {
        "subject": figure.subject,
        "below": figure.below,
        "latch": figure.latch,
        "scoped": figure.scoped,
        "uncovered": figure.uncovered,
    }
    return row | {name: value for name, value in flags.items() if value}


def _figure(row: dict[str, Any]) -> Figure:
    return Figure(
        code=row["code"],
        state=Guard(row["state"]),
        value=_number(row.get("value")),
        warn=_number(row.get("warn")),
        limit=_number(row.get("limit")),
        unit=row.get("unit", "share"),
        subject=row.get("subject", ""),
        below=row.get("below", False),
        latch=row.get("latch", False),
        scoped=row.get("scoped", False),
        uncovered=row.get("uncovered", 0),
    )


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _latched(code: str, told: dict[str, Any]) -> Latched:
    return Latched(
        code=code,
        state=Guard(told["state"]),
        value=Decimal(told["value"]),
        limit=Decimal(told["limit"]),
        at=datetime.fromisoformat(told["at"]),
    )


def _told(latch: Latched) -> dict[str, str]:
    return {
        "state": latch.state.value,
        "value": format(latch.value, "f"),
        "limit": format(latch.limit, "f"),
        "at": latch.at.isoformat(),
    }
