"""Orders, executions and runs as plain rows for pages, topics and the API; missing is left out."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.accounts.masks import mask_text
from apps.accounts.numbers import plain
from apps.trading.models import CommissionReport, Execution, Order, PlanLine, RunEvent, TradeRun
from apps.trading.told import reader_text

Row = dict[str, Any]


def order_row(order: Order) -> Row:
    """Reads the related instrument, user and plan line: select them with the order."""
    return present(order_fields(order))


def order_fields(order: Order) -> Row:
    """With None for what is missing: as a merge patch it also removes what was there."""
    return {
        **_order_intent(order),
        **_order_progress(order),
        "id": order.pk,
        "account": order.account_id,
        "source": order.source,
        "external": order.external,
        "by": order.placed_by.get_username() if order.placed_by else None,
        "strategy": order.strategy or None,
        "run": order.plan_line.plan.run_id if order.plan_line else None,
        "parent": order.parent_id,
        "reason_code": order.reason_code or None,
        "reason": mask_text(order.reason) or None,
    }


def _order_intent(order: Order) -> Row:
    instrument = order.instrument
    return {
        "con_id": instrument.con_id,
        "symbol": instrument.symbol,
        "name": str(instrument),
        "sec_type": instrument.sec_type,
        "currency": instrument.currency,
        "step": plain(instrument.min_tick),
        "side": order.side,
        "quantity": plain(order.quantity),
        "type": order.order_type,
        "tif": order.tif,
        "limit_price": plain(order.limit_price),
        "stop_price": plain(order.stop_price),
        "trailing_percent": plain(order.trailing_percent),
        "trail_stop_price": plain(order.trail_stop_price),
        "outside_rth": order.outside_rth or None,
        "good_till_at": _iso(order.good_till_at),
        "algo": order.algo_strategy or None,
        "oca_group": order.oca_group or None,
        "transmit": order.transmit,
    }


def _order_progress(order: Order) -> Row:
    return {
        "state": order.state,
        "open": order.is_open,
        "filled": plain(order.filled),
        "remaining": plain(order.remaining),
        "average_price": plain(order.average_price),
        "commission": plain(order.commission),
        "commission_currency": order.commission_currency or None,
        "perm_id": order.perm_id,
        "broker_status": order.broker_status or None,
        "why_held": order.why_held or None,
        "accepted_at": _iso(order.accepted_at),
        "sent_at": _iso(order.sent_at),
        "acknowledged_at": _iso(order.acknowledged_at),
        "cancel_asked_at": _iso(order.cancel_asked_at),
        "ended_at": _iso(order.ended_at),
    }


def execution_row(execution: Execution, commission: CommissionReport | None = None) -> Row:
    return present(execution_fields(execution, commission))


def execution_fields(execution: Execution, commission: CommissionReport | None) -> Row:
    instrument = execution.instrument
    return {
        "id": execution.pk,
        "exec_id": execution.exec_id,
        "order": execution.order_id,
        "account": execution.account_id,
        "con_id": instrument.con_id,
        "symbol": instrument.symbol,
        "name": str(instrument),
        "sec_type": instrument.sec_type,
        "currency": instrument.currency,
        "side": execution.side,
        "quantity": plain(execution.quantity),
        "price": plain(execution.price),
        "exchange": execution.exchange or None,
        "liquidation": execution.liquidation or None,
        "corrected": execution.revision > 1 or None,
        "at": _iso(execution.at),
        "commission": plain(commission.amount) if commission else None,
        "commission_currency": commission.currency if commission else None,
        "realized_pnl": plain(commission.realized_pnl) if commission else None,
    }


def run_row(run: TradeRun) -> Row:
    return present(run_fields(run))


def run_fields(run: TradeRun) -> Row:
    return {
        "id": run.pk,
        "account": run.account_id,
        "strategy": run.strategy.name,
        "period": run.period,
        "mode": run.mode,
        "state": run.state,
        "dry": run.dry or None,
        "scheduled": run.scheduled or None,
        "code": run.code or None,
        "sentence": mask_text(reader_text(run.said, run.sentence)) or None,
        "refusals": len(run.refusals) or None,
        "started_by": run.started_by.get_username() if run.started_by else None,
        "approved_by": run.approved_by.get_username() if run.approved_by else None,
        "approved_at": _iso(run.approved_at),
        "created_at": _iso(run.created_at),
        "ended_at": _iso(run.ended_at),
    }


def progress_fields(trades: int, orders: Iterable[Order]) -> Row:
    """How far the orders of a run have come; `trades` is the number of lines that trade."""
    found = list(orders)
    shares = _filled_shares(found)
    share = sum(shares, Decimal(0)) / (trades or 1)
    return {
        "trades": trades,
        "orders": len(found),
        "working": sum(order.is_open for order in found),
        "complete": sum(order.state == "filled" for order in found),
        "unknown": sum(order.state == "unknown" for order in found),
        "filled_share": plain(share.quantize(Decimal("0.0001"))) if shares and trades else None,
    }


def _filled_shares(orders: Iterable[Order]) -> list[Decimal]:
    """Of each line that has orders; its first order has the quantity that is wanted."""
    lines: dict[int, list[Order]] = {}
    for order in sorted(orders, key=lambda order: order.pk):
        lines.setdefault(order.plan_line_id or -order.pk, []).append(order)
    return [
        min(Decimal(1), sum((order.filled for order in line), Decimal(0)) / line[0].quantity)
        for line in lines.values()
    ]


def line_fields(line: PlanLine, orders: Iterable[Order]) -> Row:
    """What has become of one line of a plan; the newest order speaks for it."""
    found = sorted(orders, key=lambda order: order.pk)
    newest = found[-1]
    filled = sum((order.filled for order in found), Decimal(0))
    worth = sum((o.filled * (o.average_price or Decimal(0)) for o in found), Decimal(0))
    return {
        "line": line.number,
        "order": newest.pk,
        "orders": len(found),
        "state": newest.state,
        "filled": plain(filled),
        "average_price": plain((worth / filled).quantize(Decimal("1e-6"))) if filled else None,
        "reason": mask_text(newest.reason) or None,
    }


def run_event_row(event: RunEvent) -> Row:
    data = {name: value for name, value in event.data.items() if name != "said"}
    if data.get("sentence"):
        data["sentence"] = reader_text(event.data.get("said", {}), data["sentence"])
    return {"kind": event.kind, "at": event.at.isoformat(), "data": _told(data)}


def present(fields: Row) -> Row:
    return {key: value for key, value in fields.items() if value is not None}


def _told(value: Any) -> Any:
    """Without None, which a merge patch cannot carry."""
    if isinstance(value, dict):
        return {key: _told(inner) for key, inner in value.items() if inner is not None}
    return mask_text(value) if isinstance(value, str) else value


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
