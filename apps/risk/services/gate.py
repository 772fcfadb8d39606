"""The one door: every order is judged here, and every answer is kept."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.lib.prepared import insert
from apps.risk.case import Case
from apps.risk.checks import evaluate
from apps.risk.checks.margin import wants_what_if
from apps.risk.models import GateDecision
from apps.risk.selectors.snapshot import snapshot_take
from apps.risk.sentences import row_of
from apps.risk.types import OrderIntent, Verdict
from ibkr.types import MarginImpact

AskMargin = Callable[[], MarginImpact | None]
"""None: the broker did not answer."""
INTENT = (
    "side", "quantity", "order_type", "tif", "limit_price", "stop_price", "outside_rth",
    "algo_strategy", "strategy", "idempotency_key", "plan_line_id", "order_id", "oca_group",
    "parent_signed",
)  # fmt: skip


def gate_check(
    *,
    intent: OrderIntent,
    at: datetime,
    before_wire: bool = False,
    margin: MarginImpact | None = None,
    freed: Decimal = Decimal(0),
    ask_margin: AskMargin | None = None,
) -> GateDecision:
    """Runs all checks on a fresh snapshot, stores the decision and returns it.

    Takes what `gate_judge` takes.
    """
    decision = gate_judge(
        intent=intent,
        at=at,
        before_wire=before_wire,
        margin=margin,
        freed=freed,
        ask_margin=ask_margin,
    )
    return decision_keep(decision)


def decision_keep(decision: GateDecision) -> GateDecision:
    """Stores it in the caller's transaction, anew where an earlier one was rolled back."""
    decision.pk = None
    insert(decision)
    return decision


def gate_judge(
    *,
    intent: OrderIntent,
    at: datetime,
    before_wire: bool = False,
    margin: MarginImpact | None = None,
    freed: Decimal = Decimal(0),
    ask_margin: AskMargin | None = None,
) -> GateDecision:
    """Runs all checks on a fresh snapshot; the decision is not stored yet.

    Never raises for a refusal. `margin` is the broker's what-if answer, where somebody asked;
    `ask_margin` gets it and is only called where the order cannot be judged without it.
    `freed` is what earlier orders of the same plan will have freed by then, in base currency; only
    for a look ahead, never for an order that is placed now.
    """
    taken, limits = snapshot_take(
        intent, at=at, before_wire=before_wire, margin=margin, freed=freed
    )
    if ask_margin is not None and wants_what_if(Case(intent, taken, limits)):
        taken = replace(taken, margin=ask_margin())
    verdicts = evaluate(intent, taken, limits)
    return GateDecision(
        account_id=intent.account_id,
        con_id=intent.con_id,
        source=intent.source,
        passed=all(verdict.passed for verdict in verdicts),
        intent=_told(intent),
        verdicts=[row_of(verdict) for verdict in verdicts],
        policy_version=limits.version,
        before_wire=before_wire,
        at=at,
    )


def gate_preview(
    *,
    intent: OrderIntent,
    at: datetime,
    margin: MarginImpact | None = None,
    freed: Decimal = Decimal(0),
) -> tuple[Verdict, ...]:
    """What the gate would say; nothing is stored."""
    taken, limits = snapshot_take(intent, at=at, margin=margin, freed=freed)
    return evaluate(intent, taken, limits)


def _told(intent: OrderIntent) -> dict[str, Any]:
    """JSON without what was not asked for; numbers as texts."""
    told: dict[str, Any] = {}
    for name in INTENT:
        value = getattr(intent, name)
        if isinstance(value, Decimal):
            told[name] = f"{value:f}"
        elif value not in {None, "", False}:
            told[name] = value
    return told
