"""Sizes the buys of a plan again, from the money that is really there after the sells."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext_noop as _n

from apps.risk.alerts.said import Said
from apps.trading.models import Order, TradeRun
from apps.trading.rebalance import Line, PlanResult, Quoted, resize_buys
from apps.trading.services.freezing import funds_of, prices_of, rules_of
from apps.trading.services.placing import line_over
from apps.trading.services.run_steps import note
from apps.trading.services.run_work import Task, Work
from apps.trading.states import OPEN

ZERO = Decimal(0)
PRICE_WAIT = timedelta(seconds=60)
SENTENCES = {
    "no_cash": _n("There was no cash left for it above the buffer."),
    "price_missing": _n("There was no price of it when the buys were sized."),
}


def buys_size(run: TradeRun, work: Work, quotes: dict[int, Quoted], *, at: datetime) -> bool:
    """Stores each buy's quantity; False while prices are waited for."""
    buys = [task for task in work.buys if task.to_place and task.newest is None]
    missing = [t for t in buys if (q := quotes.get(t.line.instrument_id)) is None or not q.price]
    if missing and _wait(run, work, missing, at):
        return False
    funds = _funds(run, work, at)
    result = PlanResult(
        lines=tuple(_line(task) for task in buys), buffer=run.plan.buffer, rules=rules_of(run)
    )
    sized = {line.con_id: line for line in resize_buys(result, funds, quotes)}
    quantities = {t.line.number: sized[t.line.instrument_id].quantity for t in buys}
    note(run, "buys_sized", at, funds=funds, buffer=run.plan.buffer, quantities=quantities)
    for task in buys:
        line = sized[task.line.instrument_id]
        if not line.quantity:
            said = Said(SENTENCES.get(line.reason, line.reason))
            line_over(run, task, line.reason, said, at)
    return True


def _funds(run: TradeRun, work: Work, at: datetime) -> Decimal:
    """Cash or available funds, whichever is smaller, without what open buys will still take and
    what this run got by selling short, which is the lender's."""
    told = funds_of(run.account)
    money = told.spendable or ZERO
    rows = Order.objects.filter(account=run.account, side="BUY", state__in=sorted(OPEN))
    open_buys = list(rows.select_related("instrument"))
    prices = prices_of(run.account, {o.instrument for o in open_buys}, rates=told.rates, at=at)
    for order in open_buys:
        money -= order.remaining * _unit(order, prices[order.instrument_id])
    for task in work.sells:
        short = task.filled - max(task.line.position, ZERO)
        if short > 0:
            money -= short * (task.line.price or ZERO) * (task.line.fx or ZERO)
    return money


def _unit(order: Order, quoted: Quoted) -> Decimal:
    price = order.limit_price or quoted.price or order.arrival_price or ZERO
    return price * quoted.multiplier * (quoted.fx or ZERO)


def _wait(run: TradeRun, work: Work, missing: list[Task], at: datetime) -> bool:
    waits = work.event("prices_wait")
    if waits is None:
        names = [str(task.line.instrument) for task in missing]
        note(run, "prices_wait", at, names=names)
        return True
    return at - waits.at < PRICE_WAIT


def _line(task: Task) -> Line:
    row = task.line
    return Line(
        con_id=row.instrument_id,
        target_weight=row.target_weight,
        weight_before=row.weight_before,
        weight_after=row.weight_after,
        position=row.position,
        working=row.working,
        wanted=row.quantity,
        quantity=row.quantity,
        price=row.price,
        price_kind=row.price_kind,
        price_at=row.price_at,
        fx=row.fx,
        multiplier=row.instrument.multiplier or Decimal(1),
        lot=row.instrument.lot,
        value=row.value,
        cost=ZERO,
        drift=ZERO,
        reason=row.reason,
    )
