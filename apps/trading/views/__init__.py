"""The pages of the trading app: blotter, ticket, orders, trade runs, schedule, strategies."""

from apps.trading.views.blotter import (
    cancel,
    cancel_all,
    cancel_everything,
    executions,
    history,
    orders,
)
from apps.trading.views.newrun import run_new, template
from apps.trading.views.oneorder import change, order, settle
from apps.trading.views.outages import outages
from apps.trading.views.runs import answer, approve, cancel_run, report, resume, run, runs
from apps.trading.views.schedule import occurrence, schedule
from apps.trading.views.strategies import (
    policy,
    snapshot_upload,
    strategies,
    strategy,
    strategy_new,
)
from apps.trading.views.ticket import (
    ticket,
    ticket_check,
    ticket_confirm,
    ticket_place,
    ticket_search,
    ticket_what_if,
)

__all__ = [
    "answer",
    "approve",
    "cancel",
    "cancel_all",
    "cancel_everything",
    "cancel_run",
    "change",
    "executions",
    "history",
    "occurrence",
    "order",
    "orders",
    "outages",
    "policy",
    "report",
    "resume",
    "run",
    "run_new",
    "runs",
    "schedule",
    "settle",
    "snapshot_upload",
    "strategies",
    "strategy",
    "strategy_new",
    "template",
    "ticket",
    "ticket_check",
    "ticket_confirm",
    "ticket_place",
    "ticket_search",
    "ticket_what_if",
]
