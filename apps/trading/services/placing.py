"""Sends a line of a plan: one order at a time, each under a key that makes it happen once."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.lib.errors import PortalError
from apps.risk.errors import GateRefused
from apps.trading import pricing
from apps.trading.models import Source, TradeRun
from apps.trading.rebalance import Quoted
from apps.trading.services.orders import order_place
from apps.trading.services.run_steps import note
from apps.trading.services.run_work import Task, Work, passing

PATIENCE = timedelta(seconds=90)
"""How long a line waits for a price or for a passing refusal of the gate."""
KILL = "kill"


class Killed(Exception):
    """The kill level forbids it, and everything after it."""


def line_place(
    run: TradeRun, work: Work, task: Task, quoted: Quoted | None, *, at: datetime
) -> bool:
    """True when the order is committed. False: it waits, or an event says why it never will.

    Raises Killed. The caller holds the run's lock.
    """
    if quoted is None or quoted.price is None or quoted.at is None:
        sentence = _("There is no fresh price of %(name)s.") % {"name": task.line.instrument}
        _wait(run, work, task, "stale_price", sentence, at)
        return False
    try:
        _place(run, task, quoted, quoted.price, at)
    except GateRefused as error:
        codes = {str(verdict["code"]) for verdict in error.decision.refusals}
        if KILL in codes:
            raise Killed(error.sentence) from error
        if passing(error.decision):
            _wait(run, work, task, error.code, error.sentence, at)
        else:
            line_over(run, task, error.code, error.sentence, at)
        return False
    except PortalError as error:
        line_over(run, task, error.code, error.sentence, at)
        return False
    return True


def line_over(run: TradeRun, task: Task, code: str, sentence: str, at: datetime) -> None:
    task.over = code
    note(run, "line_over", at, line=task.line.number, code=code, sentence=sentence)


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


def _wait(run: TradeRun, work: Work, task: Task, code: str, sentence: str, at: datetime) -> None:
    waits = work.of_line("line_waits", task)
    if not waits:
        note(run, "line_waits", at, line=task.line.number, code=code, sentence=sentence)
    elif at - waits[0].at > PATIENCE:
        line_over(run, task, code, sentence, at)
