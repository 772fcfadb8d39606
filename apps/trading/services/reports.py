"""The report of a run, made from its rows each time, so that late fills and corrections count."""

import csv
import io
from collections.abc import Iterable
from dataclasses import fields
from decimal import Decimal
from typing import Any

from apps.trading.models import Order, PlanLine, TradeRun
from apps.trading.rebalance.digest import number
from apps.trading.reporting import Facts, Report, ReportLine, report
from apps.trading.services.freezing import funds_of
from apps.trading.services.run_work import Task, work_of

ZERO = Decimal(0)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would run a text that begins like this."""


def run_report(run: TradeRun) -> Report:
    """Every line of the plan; empty for a run without one."""
    if not hasattr(run, "plan"):
        return report([])
    tasks = {task.line.pk: task for task in work_of(run).tasks}
    rates = funds_of(run.account).rates
    investable = run.plan.nlv - run.plan.buffer
    lines = run.plan.lines.select_related("instrument").order_by("number")
    return report(_facts(line, tasks.get(line.pk), rates, investable) for line in lines)


def run_report_csv(run: TradeRun) -> str:
    """One line for each line of the plan, numbers with every digit."""
    names = [field.name for field in fields(ReportLine)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(names)
    for line in run_report(run).lines:
        writer.writerow([_cell(getattr(line, name)) for name in names])
    return text.getvalue()


def _facts(
    line: PlanLine, task: Task | None, rates: dict[str, Decimal], investable: Decimal
) -> Facts:
    orders = task.orders if task is not None else []
    filled = sum((order.filled for order in orders), ZERO)
    paid = [order for order in orders if order.filled]
    multiplier = line.instrument.multiplier or Decimal(1)
    return Facts(
        number=line.number,
        name=str(line.instrument),
        con_id=line.instrument_id,
        target_weight=line.target_weight,
        before=line.position + line.working,
        intended=line.quantity,
        filled=filled if line.quantity > 0 else -filled,
        price=line.price,
        average_price=_average(paid, filled),
        arrival_price=next((o.arrival_price for o in orders if o.arrival_price), line.price),
        unit=None if line.fx is None else multiplier * line.fx,
        commission=_commission(paid, rates),
        reason=_reason(line, task),
        investable=investable,
    )


def _average(paid: Iterable[Order], filled: Decimal) -> Decimal | None:
    worth = sum((o.filled * (o.average_price or ZERO) for o in paid), ZERO)
    return (worth / filled).quantize(Decimal("1e-6")) if filled else None


def _commission(paid: Iterable[Order], rates: dict[str, Decimal]) -> Decimal | None:
    total = ZERO
    for order in paid:
        rate = rates.get(order.commission_currency)
        if order.commission is None or rate is None:
            return None
        total += order.commission * rate
    return total.quantize(Decimal("0.0001"))


def _reason(line: PlanLine, task: Task | None) -> str:
    """Why it was skipped or cut by the plan, left over, or ended by the broker."""
    if task is None:
        return line.reason
    newest = task.newest
    parts = [line.reason, task.over]
    if newest is not None and newest.remaining:
        parts.append(newest.reason or newest.state)
    return "; ".join(part for part in parts if part)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return number(value)
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
