"""The tables of the risk app."""

from apps.risk.models.decision import GateDecision

__all__ = ["GateDecision"]
