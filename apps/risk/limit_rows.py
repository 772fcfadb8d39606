"""Limits, their changes, restrictions and decisions as plain rows for pages and the API."""

from typing import Any

from django.utils.translation import gettext as _

from apps.risk.checks import ORDER
from apps.risk.models import GateDecision, LimitChange, Restriction, RiskLimit
from apps.risk.policy import POLICIES, Limits
from apps.risk.sentences import sentence_of

Row = dict[str, Any]


def control_rows(limits: Limits) -> list[Row]:
    """Every control with what holds; the gate's forty first, then the guard's own."""
    codes = [*ORDER, *(code for code in POLICIES if code not in ORDER)]
    return [_control(code, limits) for code in codes]


def _control(code: str, limits: Limits) -> Row:
    policy = POLICIES[code]
    found = [(p, limits.setting(code, p.name)) for p in policy.parameters]
    return {
        "code": code,
        "scope": policy.scope,
        "meaning": _(policy.meaning),
        "parameters": [
            {
                "name": parameter.name,
                "unit": parameter.unit,
                "meaning": _(parameter.meaning),
                "value": None if setting.value is None else f"{setting.value}",
                "limit": setting.row,
            }
            for parameter, setting in found
        ],
    }


def limit_row(limit: RiskLimit) -> Row:
    return _scope(limit) | {
        "id": limit.pk,
        "code": limit.code,
        "scope": limit.scope.value,
        "parameters": limit.parameters,
        "changed_at": limit.changed_at,
    }


def change_row(change: LimitChange) -> Row:
    names = ("code", "name", "old", "new", "raises", "reason", "state", "asked_at", "decided_at")
    decided = change.decided_by
    return (
        _scope(change)
        | {name: getattr(change, name) for name in names}
        | {
            "id": change.pk,
            "asked_by": change.asked_by.get_username(),
            "decided_by": None if decided is None else decided.get_username(),
        }
    )


def restriction_row(entry: Restriction) -> Row:
    names = ("con_id", "issuer", "reduce_only", "reason", "added_at")
    return {
        "id": entry.pk,
        "account": entry.account_id,
        "added_by": entry.added_by.get_username(),
        **{name: getattr(entry, name) for name in names},
    }


def decision_row(decision: GateDecision) -> Row:
    names = ("con_id", "source", "passed", "before_wire", "intent", "policy_version", "at")
    shown = ("code", "passed", "warning", "value", "limit", "unit")
    return {
        "id": decision.pk,
        **{name: getattr(decision, name) for name in names},
        "verdicts": [
            {name: verdict[name] for name in shown} | {"message": sentence_of(verdict)}
            for verdict in decision.verdicts
        ],
    }


def _scope(row: RiskLimit | LimitChange) -> Row:
    return {
        "connection": None if row.connection is None else row.connection.slug,
        "account": row.account_id,
        "sec_type": row.sec_type,
        "strategy": row.strategy,
        "con_id": row.con_id,
    }
