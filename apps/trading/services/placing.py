"""Sends a line of a plan: one order at a time, each under a key that makes it happen once."""

from datetime import datetime, timedelta
from decimal import Decimal

from apps.lib.errors import PortalError
from apps.risk.alerts.said import Said
from apps.risk.errors import GateRefused
from apps.trading import pricing
from apps.trading.models import Source, TradeRun
from apps.trading.rebalance import Quoted
from apps.trading.services.approval import UNPRICED
from apps.trading.services.orders import order_place
from apps.trading.services.run_steps import note_said
from apps.trading.services.run_work import Task, Work, passing
from apps.trading.told import joined, verdict_said

PATIENCE = timedelta(seconds=90)
"""How long a line waits for a price or for a passing refusal of the gate."""
KILL = "kill"


class Killed(Exception):
    """The kill level forbids it, and everything after it."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.english)
        self.said = said


def line_place(
    run: TradeRun, work: Work, task: Task, quoted: Quoted | None, *, at: datetime
) -> bool:
    """True when the order is committed. False: it waits, or an event says why it never will.

    Raises Killed. The caller holds the run's lock.
    """
    line = task.line
    if quoted is None or quoted.price is None or quoted.at is None:
        _wait(run, work, task, "stale_price", Said(UNPRICED, {"name": str(line.instrument)}), at)
        return False
    try:
        _place(run, task, quoted, quoted.price, at)
    except GateRefused as error:
        refusals = error.decision.refusals
        said = joined(verdict_said(verdict) for verdict in refusals)
        if KILL in {str(verdict["code"]) for verdict in refusals}:
            raise Killed(said) from error
        if passing(error.decision):
            _wait(run, work, task, error.code, said, at)
        else:
            line_over(run, task, error.code, said, at)
        return False
    except PortalError as error:
        line_over(run, task, error.code, error.sentence, at)
        return False
    return True


def line_over(run: TradeRun, task: Task, code: str, said: Said | str, at: datetime) -> None:
    task.over = code
    note_said(run, "line_over", at, said, line=task.line.number, code=code)


def arrival_of(task: Task, price: Decimal) -> Decimal:
    """What the collar is measured from: the middle when the line's first order was accepted."""
    first = task.orders[0] if task.orders else None
    return first.arrival_price or price if first is not None else price


def touch_of(task: Task, quoted: Quoted, price: Decimal) -> pricing.Touch:
    return pricing.Touch(price, quoted.bid, quoted.ask, arrival_of(task, price))


def _place(run: TradeRun, task: Task, quoted: Quoted, price: Decimal, at: datetime) -> None:
    line, policy = task.line, run.policy
    style = pricing.first(policy.style, task.side, touch_of(task, quoted, price), policy.collar)
    order = order_place(
        user=None,
        account=run.account,
        instrument=line.instrument,
        source=Source.RUN,
        at=at,
        side=task.side,
        quantity=task.wanted,
        order_type=style.order_type,
        tif=style.tif,
        limit_price=style.limit_price,
        algo_strategy=style.algo_strategy,
        algo_params=style.algo_params,
        strategy=run.strategy.name,
        plan_line=line,
        idempotency_key=f"run-{run.pk}/{line.number}/{len(task.orders) + 1}",
    )
    task.orders.append(order)


def _wait(run: TradeRun, work: Work, task: Task, code: str, said: Said | str, at: datetime) -> None:
    waits = work.of_line("line_waits", task)
    if not waits:
        note_said(run, "line_waits", at, said, line=task.line.number, code=code)
    elif at - waits[0].at > PATIENCE:
        line_over(run, task, code, said, at)
