"""Writes of the trading app: orders, changes, cancels, and the way to the wire."""

from apps.trading.services.cancels import (
    cancel_send,
    global_cancel,
    order_cancel,
    orders_cancel_all,
    orders_cancellable,
)
from apps.trading.services.changes import change_send, order_change
from apps.trading.services.execution import run_advance, runs_advance
from apps.trading.services.orders import bracket_place, known_asked, order_place
from apps.trading.services.planning import targets_stream
from apps.trading.services.providing import ProviderFailed, provider_names
from apps.trading.services.reconciling import Outage, order_settle, reconcile
from apps.trading.services.reports import run_report, run_report_csv
from apps.trading.services.runs import run_answer, run_approve, run_cancel, run_resume
from apps.trading.services.schedules import (
    calendar_load,
    occurrence_answer,
    schedule_save,
    schedules_check,
)
from apps.trading.services.sending import order_submit
from apps.trading.services.snapshots import (
    WeightsRefused,
    snapshot_create,
    snapshot_from_csv,
    snapshot_from_provider,
    snapshot_from_rows,
    snapshot_template,
)
from apps.trading.services.starting import policy_of, run_start
from apps.trading.services.strategies import policy_change, strategy_create, strategy_update
from apps.trading.services.sweep import orders_sweep
from apps.trading.services.whatif import order_what_if, what_if_here

__all__ = [
    "Outage",
    "ProviderFailed",
    "WeightsRefused",
    "bracket_place",
    "calendar_load",
    "cancel_send",
    "change_send",
    "global_cancel",
    "known_asked",
    "occurrence_answer",
    "order_cancel",
    "order_change",
    "order_place",
    "order_settle",
    "order_submit",
    "order_what_if",
    "orders_cancel_all",
    "orders_cancellable",
    "orders_sweep",
    "policy_change",
    "policy_of",
    "provider_names",
    "reconcile",
    "run_advance",
    "run_answer",
    "run_approve",
    "run_cancel",
    "run_report",
    "run_report_csv",
    "run_resume",
    "run_start",
    "runs_advance",
    "schedule_save",
    "schedules_check",
    "snapshot_create",
    "snapshot_from_csv",
    "snapshot_from_provider",
    "snapshot_from_rows",
    "snapshot_template",
    "strategy_create",
    "strategy_update",
    "targets_stream",
    "what_if_here",
]
