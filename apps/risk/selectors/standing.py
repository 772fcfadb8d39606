"""What kill switch, guard and locks say of an account and one instrument; few queries."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings

from apps.risk.levels import Guard
from apps.risk.models import GuardEvaluation, GuardState, Lock
from apps.risk.selectors.kill import kill_level
from apps.risk.snapshot import Standing

Figures = dict[str, tuple[Decimal | None, Decimal | None]]


def standing_of(account_id: int, con_id: int) -> Standing:
    state = GuardState.objects.filter(account=account_id).first()
    kinds = Lock.objects.filter(account=account_id, con_id=con_id, closed_at__isnull=True)
    locks = frozenset(kinds.values_list("kind", flat=True))
    level = kill_level(account_id)
    if state is None:
        return Standing(kill_level=level, locks=locks)
    return Standing(
        kill_level=level,
        guard=None if state.evaluated_at is None else Guard(state.state),
        latches={code: str(told["state"]) for code, told in state.latches.items()},
        released={code: Decimal(value) for code, value in state.released.items()},
        figures=_figures(account_id) | _latched(state.latches),
        locks=locks,
        evaluated_at=state.evaluated_at,
        period=Decimal(settings.GUARD_SECONDS),
    )


def _figures(account_id: int) -> Figures:
    rows = GuardEvaluation.objects.filter(account=account_id).values_list("figures", flat=True)[:1]
    return {
        row["code"]: (_number(row.get("value")), _number(row.get("limit")))
        for figures in rows
        for row in figures
    }


def _latched(latches: Mapping[str, Any]) -> Figures:
    """What a latch fell at says more than where the number is now."""
    return {
        code: (_number(told.get("value")), _number(told.get("limit")))
        for code, told in latches.items()
    }


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
