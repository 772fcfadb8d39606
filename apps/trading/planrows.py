"""Plans, reports and schedules as plain rows for pages and the API; missing is left out."""

from dataclasses import asdict
from typing import Any

from apps.accounts.masks import mask_text
from apps.accounts.numbers import plain
from apps.trading.models import Occurrence, Plan, PlanLine, Schedule, TradeRun
from apps.trading.reporting import Report
from apps.trading.rows import present, run_row
from apps.trading.selectors import NextRun
from apps.trading.told import reader_text

Row = dict[str, Any]


def run_whole(run: TradeRun) -> Row:
    """A run with its plan, refusals and open questions."""
    made = getattr(run, "plan", None)
    return run_row(run) | present(
        {
            "snapshot": run.snapshot_id,
            "policy_version": run.policy.version,
            "inputs_digest": run.inputs_digest or None,
            "answers": run.answers or None,
            "refused": [_refusal(entry) for entry in run.refusals] or None,
            "questions": questions(run) or None,
            "plan": plan_row(made) if made is not None else None,
            "lines": plan_lines(made) if made is not None else None,
        }
    )


def questions(run: TradeRun) -> list[int]:
    """conIds that a person has to say keep or sell for."""
    if run.state != "awaiting_answer":
        return []
    asked = run.events.filter(kind="questions").order_by("-number").first()
    return [] if asked is None else list(asked.data["con_ids"])


def plan_row(made: Plan) -> Row:
    return {
        "digest": made.digest,
        "nlv": plain(made.nlv),
        "cash_before": plain(made.cash_before),
        "cash_after": plain(made.cash_after),
        "buffer": plain(made.buffer),
        "turnover": plain(made.turnover),
        "cost": plain(made.cost),
        "made_at": made.made_at,
        "expires_at": made.expires_at,
    }


def plan_lines(made: Plan) -> list[Row]:
    return [_line(line) for line in made.lines.select_related("instrument").order_by("number")]


def report_row(found: Report) -> Row:
    lines = [present({k: _plain(v) for k, v in asdict(li).items()}) for li in found.lines]
    totals = present({key: _plain(value) for key, value in asdict(found.totals).items()})
    return {"lines": lines, "totals": totals}


def schedule_row(schedule: Schedule, following: list[NextRun]) -> Row:
    return {
        "id": schedule.pk,
        "strategy": schedule.strategy_id,
        "calendar": schedule.calendar,
        "session": schedule.session,
        "anchor": schedule.anchor,
        "minutes": schedule.minutes,
        "missed": schedule.missed,
        "late_minutes": schedule.late_minutes,
        "enabled": schedule.enabled,
        "changed_at": schedule.changed_at,
        "next": [
            {
                "period": each.period,
                "due_at": each.due_at,
                "local": each.local.isoformat(),
                "closed": list(each.closed),
            }
            for each in following
        ],
    }


def occurrence_row(row: Occurrence) -> Row:
    return present(
        {
            "id": row.pk,
            "schedule": row.schedule_id,
            "period": row.period,
            "due_at": row.due_at,
            "state": row.state,
            "sentence": reader_text(row.said, row.sentence) or None,
            "run": row.run_id,
        }
    )


def _line(line: PlanLine) -> Row:
    return present(
        {
            "number": line.number,
            "con_id": line.instrument_id,
            "name": str(line.instrument),
            "currency": line.instrument.currency,
            "target_weight": plain(line.target_weight),
            "weight_before": plain(line.weight_before),
            "weight_after": plain(line.weight_after),
            "position": plain(line.position),
            "working": plain(line.working),
            "quantity": plain(line.quantity),
            "price": plain(line.price),
            "price_kind": line.price_kind,
            "price_at": line.price_at,
            "fx": plain(line.fx),
            "value": plain(line.value),
            "reason": line.reason or None,
        }
    )


def _refusal(entry: Row) -> Row:
    told = reader_text(entry.get("said", {}), str(entry["sentence"]))
    return present({**entry, "said": None, "sentence": mask_text(told)})


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | None) else plain(value)
