"""Strategies, policies and target weights as JSON, the same for API and pages."""

from typing import Any

from apps.trading.models import DecisionSnapshot, Policy, Strategy
from apps.trading.rebalance.digest import plain

Row = dict[str, Any]
POLICY_ROW = (
    "version",
    "cash_buffer",
    "drift_absolute",
    "drift_relative",
    "minimum_trade",
    "turnover_cap",
    "allow_short",
    "not_targeted",
    "overrides",
    "style",
    "collar",
    "leftover",
    "leftover_after_seconds",
    "reprices",
    "plan_minutes",
    "price_drift",
    "automatic",
)


def strategy_row(strategy: Strategy) -> Row:
    return {
        "id": strategy.pk,
        "account": strategy.account_id,
        "name": strategy.name,
        "provider": strategy.provider,
        "params": strategy.params,
        "enabled": strategy.enabled,
    }


def policy_row(policy: Policy) -> Row:
    """Numbers as texts with all their digits."""
    row = {name: plain(getattr(policy, name)) for name in POLICY_ROW}
    return row | {"made_by": _by(policy), "made_at": policy.made_at.isoformat()}


def snapshot_row(snapshot: DecisionSnapshot) -> Row:
    return {
        "id": snapshot.pk,
        "strategy": snapshot.strategy_id,
        "dated_on": snapshot.dated_on.isoformat(),
        "origin": snapshot.origin,
        "digest": snapshot.digest,
        "note": snapshot.note,
        "made_by": _by(snapshot),
        "made_at": snapshot.made_at.isoformat(),
    }


def snapshot_whole(snapshot: DecisionSnapshot) -> Row:
    """With its weights, the largest first; needs them prefetched with their instruments."""
    weights = [
        {
            "con_id": weight.instrument_id,
            "symbol": str(weight.instrument),
            "kind": weight.instrument.kind,
            "currency": weight.instrument.currency,
            "weight": plain(weight.weight),
        }
        for weight in snapshot.weights.all()
    ]
    return snapshot_row(snapshot) | {"weights": weights}


def _by(row: Policy | DecisionSnapshot) -> str:
    """Empty: the portal itself."""
    return "" if row.made_by is None else row.made_by.get_username()
