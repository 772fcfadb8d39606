"""Rows of the risk app as they travel to pages, topics and the API: plain JSON."""

from datetime import datetime
from typing import Any

from apps.accounts.models import BrokerAccount
from apps.risk.alerts.words import spoken
from apps.risk.models import (
    Alert,
    Flatten,
    GuardEvaluation,
    GuardState,
    KillEvent,
    KillSwitch,
    Lock,
)

Row = dict[str, Any]


def kill_row(switch: KillSwitch | None) -> Row:
    """Level 0 with nothing else where the switch was never touched or is lifted."""
    if switch is None:
        return {"level": 0}
    return {
        "level": switch.level,
        "reason": switch.reason,
        "by": switch.by,
        "since_at": _iso(switch.since_at),
    }


def kill_event_row(event: KillEvent) -> Row:
    return {
        "account": event.account_id,
        "before": event.before,
        "after": event.after,
        "reason": event.reason,
        "by": event.by,
        "source": event.source,
        "at": _iso(event.at),
    }


def guard_row(account: BrokerAccount, state: GuardState | None) -> Row:
    """`state` None: the guard has not looked at the account yet."""
    told: Row = {"account": account.pk, "name": str(account), "connection": account.connection.slug}
    if state is None:
        return told | {"state": "unknown", "latches": [], "released": []}
    return told | {
        "state": state.state,
        "since_at": _iso(state.since_at),
        "evaluated_at": _iso(state.evaluated_at),
        "latches": [{"code": code, **told} for code, told in sorted(state.latches.items())],
        "released": sorted(state.released),
    }


def figures_row(evaluation: GuardEvaluation | None) -> list[Row]:
    """A list, which a merge patch replaces whole: a figure may lose its number."""
    return [] if evaluation is None else list(evaluation.figures)


def evaluation_row(evaluation: GuardEvaluation) -> Row:
    return {
        "state": evaluation.state,
        "changed": evaluation.changed,
        "figures": evaluation.figures,
        "took_ms": evaluation.took_ms,
        "at": _iso(evaluation.at),
    }


def lock_row(lock: Lock) -> Row:
    row: Row = {
        "id": lock.pk,
        "account": lock.account_id,
        "con_id": lock.con_id,
        "name": lock.name,
        "kind": lock.kind,
        "reason": lock.reason,
        "data": lock.data,
        "opened_at": _iso(lock.opened_at),
        "opened_by": lock.opened_by,
    }
    if lock.closed_at is not None:
        row |= {"closed_at": _iso(lock.closed_at), "how": lock.how, "note": lock.note}
    return row


def flatten_row(flatten: Flatten | None) -> Row | None:
    """Its sentence is in the language of whoever asks."""
    if flatten is None:
        return None
    return {
        "id": flatten.pk,
        "state": flatten.state,
        "sentence": spoken(flatten.said) or flatten.sentence,
        "opened_at": _iso(flatten.opened_at),
        "closed_at": None if flatten.closed_at is None else _iso(flatten.closed_at),
        "lines": [
            {
                "con_id": line.con_id,
                "name": line.name,
                "quantity": f"{line.quantity.normalize():f}",
                "attempts": line.attempts,
                "order": line.order_id,
                "sentence": line.sentence,
            }
            for line in flatten.lines.all()
        ],
    }


def alert_row(alert: Alert) -> Row:
    return {
        "id": alert.pk,
        "code": alert.code,
        "severity": alert.severity,
        "account": alert.account_id,
        "sentence": alert.sentence,
        "data": alert.data,
        "count": alert.count,
        "sent": alert.sent,
        "raised_at": _iso(alert.raised_at),
        "last_at": _iso(alert.last_at),
        "seen": alert.seen_at is not None,
        "recovered_at": _iso(alert.recovered_at),
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
