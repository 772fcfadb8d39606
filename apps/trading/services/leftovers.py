"""What becomes of an order that has not filled after a while, as the policy says."""

from datetime import datetime, timedelta
from decimal import Decimal

from apps.lib.errors import PortalError
from apps.risk.errors import GateRefused
from apps.trading import pricing
from apps.trading.models import Order, OrderChange, Policy, Source, TradeRun
from apps.trading.rebalance import Quoted
from apps.trading.services.cancels import order_cancel
from apps.trading.services.changes import order_change
from apps.trading.services.placing import PATIENCE, touch_of
from apps.trading.services.run_steps import note
from apps.trading.services.run_work import Task, Work, passing
from apps.trading.states import OrderState

MOVABLE = {OrderState.PRE_SUBMITTED, OrderState.SUBMITTED}
IN_FLIGHT = [OrderChange.State.ACCEPTED, OrderChange.State.SENT]


def left(run: TradeRun, task: Task, at: datetime) -> bool:
    """Whether the line still works and nobody waits for it any more."""
    order, policy = task.newest, run.policy
    if order is None or order.state not in MOVABLE:
        return False
    if policy.style == Policy.Style.CLOSE:
        return True
    return policy.leftover == Policy.Leftover.LEAVE and at - order.accepted_at >= span_of(policy)


def span_of(policy: Policy) -> timedelta:
    """How long an order may work untouched."""
    span = timedelta(seconds=policy.leftover_after_seconds)
    return max(span, pricing.ALGO_SPAN) if policy.style in pricing.PATIENT else span


def tend(run: TradeRun, work: Work, task: Task, quoted: Quoted | None, *, at: datetime) -> None:
    """Cancels, re-prices or crosses when the time has come. The caller holds the run's lock."""
    order, policy = task.newest, run.policy
    if order is None or order.state not in MOVABLE or order.cancel_asked_at is not None:
        return
    if policy.leftover == Policy.Leftover.LEAVE or policy.style == Policy.Style.CLOSE:
        return
    tries = work.of_line("repriced", task)
    since_at = tries[-1].at if tries else order.acknowledged_at or order.accepted_at
    if at - since_at < span_of(policy) or order.changes.filter(state__in=IN_FLIGHT).exists():
        return
    late = at - since_at > span_of(policy) + PATIENCE
    if len(tries) >= _tries(policy) or late or not _move(run, task, order, quoted, at):
        order_cancel(user=None, order=order, at=at, source=Source.RUN)
        note(run, "leftover_cancelled", at, line=task.line.number, order=order.pk)


def _tries(policy: Policy) -> int:
    if policy.style in pricing.PATIENT:
        return 0
    return {Policy.Leftover.REPRICE: policy.reprices, Policy.Leftover.CROSS: 1}.get(
        Policy.Leftover(policy.leftover), 0
    )


def _move(run: TradeRun, task: Task, order: Order, quoted: Quoted | None, at: datetime) -> bool:
    """False when it cannot be moved, which ends in a cancel; what the gate refuses only for the
    moment is tried again with the next beat."""
    if quoted is None or quoted.price is None:
        return False
    aim = pricing.crossing if run.policy.leftover == Policy.Leftover.CROSS else pricing.again
    limit = aim(task.side, touch_of(task, quoted, quoted.price), run.policy.collar)
    try:
        if _nearer(order, limit):
            order_change(user=None, order=order, limit_price=limit, at=at)
    except GateRefused as error:
        return passing(error.decision)
    except PortalError as error:
        note(run, "reprice_refused", at, line=task.line.number, sentence=error.sentence)
        return False
    note(run, "repriced", at, line=task.line.number, order=order.pk, limit=limit)
    return True


def _nearer(order: Order, limit: Decimal) -> bool:
    """A limit only moves towards the market: the other way it would undo the collar's use."""
    if order.limit_price is None:
        return False
    return limit > order.limit_price if order.side == "BUY" else limit < order.limit_price
