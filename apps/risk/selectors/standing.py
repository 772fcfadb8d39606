"""What kill switch, guard and locks say of an account and one instrument."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from apps.accounts.models import BrokerAccount
from apps.lib.prepared import Asked, Prepared, Row, Same
from apps.risk.levels import Guard, LockKind
from apps.risk.models import GuardEvaluation, KillSwitch, Lock
from apps.risk.snapshot import Standing

KINDS = tuple(kind.value for kind in LockKind)
Figures = dict[str, tuple[Decimal | None, Decimal | None]]


def standing_asked(account_id: int, con_id: int) -> list[Asked]:
    """What `standing_of` reads, for `together`."""
    return [STANDING.asked(account_id=account_id, con_id=con_id)]


def standing_of(account_id: int, con_id: int) -> Standing:
    """One query."""
    found, period = STANDING(account_id=account_id, con_id=con_id), Decimal(settings.GUARD_SECONDS)
    return found if found.period == period else replace(found, period=period)


def _standing(rows: list[Row]) -> Standing:
    if not rows:
        return Standing()
    state, evaluated_at, latches, released, level, figures, *locked = rows[0]
    locks = frozenset(kind for kind, open_ in zip(KINDS, locked, strict=True) if open_)
    if state is None:
        return Standing(kill_level=level or 0, locks=locks)
    return Standing(
        kill_level=level or 0,
        guard=None if evaluated_at is None else Guard(state),
        latches={code: str(told["state"]) for code, told in latches.items()},
        released={code: Decimal(value) for code, value in released.items()},
        figures=_figures(figures or []) | _latched(latches),
        locks=locks,
        evaluated_at=evaluated_at,
    )


def _rows(account_id: int, con_id: int) -> QuerySet[Any, Any]:
    mine = Q(account__isnull=True) | Q(account=OuterRef("pk"))
    levels = KillSwitch.objects.filter(mine).order_by("-level").values("level")
    figures = GuardEvaluation.objects.filter(account=OuterRef("pk")).values("figures")
    locks = Lock.objects.filter(account=OuterRef("pk"), con_id=con_id, closed_at__isnull=True)
    return BrokerAccount.objects.filter(pk=account_id).values_list(
        *(f"guard_state__{name}" for name in ("state", "evaluated_at", "latches", "released")),
        Subquery(levels[:1]),
        Subquery(figures[:1]),
        *(Exists(locks.filter(kind=kind)) for kind in KINDS),
    )


STANDING = Same(Prepared(_rows), _standing)


def _figures(told: Iterable[Mapping[str, Any]]) -> Figures:
    return {row["code"]: (_number(row.get("value")), _number(row.get("limit"))) for row in told}


def _latched(latches: Mapping[str, Any]) -> Figures:
    """What a latch fell at says more than where the number is now."""
    return {
        code: (_number(told.get("value")), _number(told.get("limit")))
        for code, told in latches.items()
    }


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
