"""The gate's answer about an order: for whoever asks to place it, and again before the wire."""

from datetime import datetime

from apps.risk.errors import GateRefused
from apps.risk.models import GateDecision
from apps.risk.services import gate_check
from apps.risk.types import OrderIntent


def passed(intent: OrderIntent, *, at: datetime) -> GateDecision:
    """Raises GateRefused; the refusal stays stored as a decision."""
    decision = _check(intent, at=at, before_wire=False)
    if not decision.passed:
        raise GateRefused(decision)
    return decision


def verdict(intent: OrderIntent, *, at: datetime) -> GateDecision:
    """The second look, right before the wire."""
    return _check(intent, at=at, before_wire=True)


def _check(intent: OrderIntent, *, at: datetime, before_wire: bool) -> GateDecision:
    return gate_check(intent=intent, at=at, before_wire=before_wire)
