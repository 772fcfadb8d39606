"""The gate's answer about an order: for whoever asks to place it, and again before the wire."""

from datetime import datetime

from apps.risk.errors import GateRefused
from apps.risk.models import GateDecision
from apps.risk.services.gate import AskMargin, decision_keep, gate_judge
from apps.risk.types import OrderIntent


def passed(
    intent: OrderIntent, *, at: datetime, ask_margin: AskMargin | None = None
) -> GateDecision:
    """Raises GateRefused; the refusal stays stored as a decision.

    What passed is not stored yet: `decision_keep` it with what was decided on, in one transaction.
    """
    decision = gate_judge(intent=intent, at=at, ask_margin=ask_margin)
    if not decision.passed:
        decision_keep(decision)
        raise GateRefused(decision)
    return decision


def second_look(intent: OrderIntent, *, at: datetime) -> GateDecision:
    """Right before the wire. `decision_keep` it when that costs the order no time any more."""
    return gate_judge(intent=intent, at=at, before_wire=True)
