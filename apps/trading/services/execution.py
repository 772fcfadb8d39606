"""Carries an approved plan out, one idempotent step at a time; everything it knows is in rows.

A process that dies anywhere is continued by the next beat: an order exists or it does not, and
its key (run, line, attempt) lets it exist once.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_noop as _n

from apps.accounts.selectors import link_effective
from apps.lib.queue import enqueue, gateway_queue
from apps.risk.alerts.said import Said
from apps.risk.selectors import kill_level
from apps.trading.models import Execution, Source, TradeRun
from apps.trading.rebalance import Quoted
from apps.trading.services.approval import EXPIRED, approve_by_policy
from apps.trading.services.cancels import order_cancel
from apps.trading.services.freezing import funds_of, prices_of
from apps.trading.services.leftovers import left, tend
from apps.trading.services.placing import KILL, Killed, line_place
from apps.trading.services.planning import run_plan
from apps.trading.services.run_news import is_seen, mark_seen, runs_to_advance, trace_of
from apps.trading.services.run_steps import enter, note, run_locked
from apps.trading.services.run_work import Task, Work, work_of
from apps.trading.services.sizing import buys_size
from apps.trading.states import OPEN, OrderState, RunState
from ibkr.types import LinkState

log = logging.getLogger(__name__)

BATCH = 10
"""Orders a transaction; SQLite writes nothing else meanwhile."""
ROUNDS = 200
DONE = _n("%(full)s of %(all)s lines are filled as planned.")
STILL_WORKING = _n(
    "%(full)s of %(all)s lines are filled as planned; %(working)s still work at the broker."
)
UNKNOWN_WAIT = timedelta(seconds=120)
ANSWER_WAIT = timedelta(seconds=120)
LINK_WAIT = timedelta(minutes=10)
FUNDS_WAIT = timedelta(seconds=30)
REFRESH = "gateway.refresh"
Quotes = dict[int, Quoted]


def runs_advance(*, at: datetime) -> None:
    """Takes every run as far as it can go now; harmless twice and in two workers at once."""
    for run_id in runs_to_advance(at):
        try:
            trace = trace_of(run_id)
            if is_seen(run_id, trace):
                continue
            for _round in range(ROUNDS):
                if not run_advance(run_id=run_id, at=at):
                    break
            mark_seen(run_id, trace)
        except Exception:
            # One run's trouble must not hold up the others; the next beat tries it again.
            log.exception("run %d could not be advanced", run_id)


def run_advance(*, run_id: int, at: datetime) -> bool:
    """One step under the run's lock; True when there is more to do at once."""
    with transaction.atomic():
        run = run_locked(run_id, wait=False)
        if run is None:
            return False
        if run.state == RunState.PLANNING:
            run_plan(run, at=at)
            approve_by_policy(run, at)
            return False
        if run.state in {RunState.PLANNED, RunState.APPROVED}:
            return _begin(run, at)
        return run.state == RunState.EXECUTING and _execute(run, at)


def _begin(run: TradeRun, at: datetime) -> bool:
    if run.dry:
        return False
    if at >= run.plan.expires_at:
        sentence = Said(EXPIRED, {"at": f"{run.plan.expires_at:%R}"})
        enter(run, RunState.EXPIRED, at, code="plan_expired", sentence=sentence)
        return False
    if run.state == RunState.PLANNED or not _ready(run) or kill_level(run.account_id):
        return False
    enter(run, RunState.EXECUTING, at)
    return True


def _execute(run: TradeRun, at: datetime) -> bool:
    work = work_of(run)
    held_up = (_stopped, _killed, _unknown, _without_link)
    if any(check(run, work, at) for check in held_up):
        return False
    quotes = _quotes(run, work, at)
    for task in work.tasks:
        tend(run, work, task, quotes.get(task.line.instrument_id), at=at)
    try:
        return _place(run, work, quotes, at)
    except Killed as killed:
        _halt(run, work, KILL, killed.said, at)
        return False


def _place(run: TradeRun, work: Work, quotes: Quotes, at: datetime) -> bool:
    """Sells first; buys once no sell is waited for and they are sized from real funds."""
    if not work.acknowledged and work.orders and not _first_is_settled(run, work, at):
        return False
    count = BATCH if work.acknowledged else 1
    if pending := [task for task in work.sells if task.to_place]:
        return _send(run, work, pending, quotes, count, at)
    if not _over(run, work.sells, at):
        return False
    pending = [task for task in work.buys if task.to_place]
    if pending and work.event("buys_sized") is None:
        return _funds_are_in(run, work, at) and buys_size(run, work, quotes, at=at)
    if pending:
        return _send(run, work, pending, quotes, count, at)
    if _over(run, work.buys, at):
        _finish(run, work, at)
    return False


def _send(
    run: TradeRun, work: Work, pending: list[Task], quotes: Quotes, count: int, at: datetime
) -> bool:
    """True when another batch may follow at once."""
    sent = 0
    for task in pending:
        if sent == count:
            return work.acknowledged
        sent += line_place(run, work, task, quotes.get(task.line.instrument_id), at=at)
    return False


def _first_is_settled(run: TradeRun, work: Work, at: datetime) -> bool:
    """Before anything else is sent, the broker has to take one order."""
    newest = max(work.orders, key=lambda order: order.pk)
    if newest.state == OrderState.REJECTED:
        template = _n("The broker rejected the first order: %(reason)s")
        sentence = Said(template, {"reason": newest.reason})
        _halt(run, work, "first_order_rejected", sentence, at)
        return False
    if newest.state not in OPEN:
        return True
    if at - newest.accepted_at > ANSWER_WAIT:
        sentence = Said(_n("The broker has not answered the first order for two minutes."))
        _halt(run, work, "no_acknowledgement", sentence, at)
    return False


def _over(run: TradeRun, tasks: Iterable[Task], at: datetime) -> bool:
    """Whether none of these is waited for."""
    return not any((task.working and not left(run, task, at)) or task.to_place for task in tasks)


def _funds_are_in(run: TradeRun, work: Work, at: datetime) -> bool:
    """Account values from after the last sell; after a while those there are, which lack them."""
    sold = Execution.objects.filter(order__in=[o.pk for task in work.sells for o in task.orders])
    last_at = sold.aggregate(last=Max("recorded_at"))["last"]
    told_at = run.account.values_at
    if last_at is None or (told_at is not None and told_at > last_at):
        return True
    asked = work.event("funds_asked")
    if asked is None:
        note(run, "funds_asked", at)
        enqueue(REFRESH, queue=gateway_queue(run.account.connection.slug), expires=20.0)
        return False
    return at - asked.at > FUNDS_WAIT


def _stopped(run: TradeRun, work: Work, at: datetime) -> bool:
    asked = work.event("stop_asked")
    if asked is None:
        return False
    who, reason = asked.data.get("by", ""), asked.data.get("reason", "")
    template = _n("%(who)s stopped it. %(reason)s") if reason else _n("%(who)s stopped it.")
    _halt(run, work, "stopped", Said(template, {"who": who, "reason": reason}), at)
    return True


def _killed(run: TradeRun, work: Work, at: datetime) -> bool:
    """A run stops at any level; what works is cancelled by the kill levels that say so."""
    level = kill_level(run.account_id)
    if level:
        _halt(run, work, KILL, Said(_n("Kill level %(level)s is set."), {"level": level}), at)
    return bool(level)


def _unknown(run: TradeRun, work: Work, at: datetime) -> bool:
    """Nothing is sent beside an order of unknown outcome, and it is never replaced."""
    if not work.unknown:
        return False
    order = work.unknown[0]
    seen = work.event("unknown_order")
    if seen is None:
        note(run, "unknown_order", at, order=order.pk)
    elif at - seen.at > UNKNOWN_WAIT:
        template = _n(
            "Nobody can say whether order %(order)s of %(name)s reached the broker. Look for "
            "%(ref)s at the broker, settle the order on its page, then let the run go on."
        )
        facts = {"order": str(order.pk), "name": str(order.instrument), "ref": order.ref}
        _halt(run, work, "unknown_order", Said(template, facts), at)
    return True


def _without_link(run: TradeRun, work: Work, at: datetime) -> bool:
    last = work.newest("link_lost", "link_back")
    lost = last is not None and last.kind == "link_lost"
    if _ready(run):
        if lost:
            note(run, "link_back", at)
        return False
    if last is None or not lost:
        note(run, "link_lost", at)
    elif at - last.at > LINK_WAIT:
        sentence = Said(
            _n("The link to the broker was away for ten minutes while the run executed.")
        )
        _halt(run, work, "connection_unavailable", sentence, at)
    return True


def _halt(run: TradeRun, work: Work, code: str, sentence: Said | str, at: datetime) -> None:
    """What still works is cancelled: nobody would look after it any more."""
    enter(run, RunState.HALTED, at, code=code, sentence=sentence)
    for order in [] if code == KILL else work.orders:
        if order.state in OPEN - {OrderState.UNKNOWN} and order.cancel_asked_at is None:
            order_cancel(user=None, order=order, at=at, source=Source.RUN)


def _finish(run: TradeRun, work: Work, at: datetime) -> None:
    full = sum(task.filled == abs(task.line.quantity) for task in work.tasks)
    left_over = sum(task.working for task in work.tasks)
    facts = {"full": full, "all": len(work.tasks), "working": left_over}
    enter(run, RunState.DONE, at, sentence=Said(STILL_WORKING if left_over else DONE, facts))


def _quotes(run: TradeRun, work: Work, at: datetime) -> Quotes:
    rows = [task.line.instrument for task in work.tasks if task.to_place or task.working]
    return prices_of(run.account, rows, rates=funds_of(run.account).rates, at=at)


def _ready(run: TradeRun) -> bool:
    link = link_effective(run.account.connection)
    return link.worker and link.state is LinkState.READY
