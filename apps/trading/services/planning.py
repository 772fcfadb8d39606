"""From frozen inputs to a plan that passed the gate, or to the reasons why there is none."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_noop as _n

from apps.accounts.models import BrokerAccount
from apps.accounts.selectors import link_effective
from apps.lib.queue import enqueue, gateway_queue
from apps.marketdata.models import Instrument
from apps.marketdata.services import stream_targets_set
from apps.risk import services as risk
from apps.risk.alerts.said import Said, said_from
from apps.risk.models import GateDecision
from apps.trading import pricing
from apps.trading.models import DecisionSnapshot, Order, Plan, PlanLine, Source, Strategy, TradeRun
from apps.trading.rebalance import Line, PlanResult, Quoted, plan
from apps.trading.rebalance.digest import plain
from apps.trading.services.freezing import Frozen, freeze
from apps.trading.services.margins import asks
from apps.trading.services.run_steps import enter, first_event, note
from apps.trading.services.terms import intent_from, step_at
from apps.trading.shapes import stepped
from apps.trading.states import RunState
from apps.trading.told import joined, link_said, verdict_said
from ibkr.types import LinkState

PRICE_WAIT = timedelta(seconds=45)
"""How long a run waits for prices and details of what it targets."""
DETAILS = "marketdata.details_fetch"
WAITING = "waiting"


def run_plan(run: TradeRun, *, at: datetime) -> None:
    """One try: to planned, awaiting_answer, refused or blocked, or it stays in planning while
    prices are on their way. The caller holds the run's lock; twice does no harm."""
    link = link_effective(run.account.connection)
    if not link.worker or link.state is not LinkState.READY:
        sentence = link_said(_n("The link to the broker is not ready: %(why)s"), link)
        enter(run, RunState.BLOCKED, at, code="connection_unavailable", sentence=sentence)
        return
    frozen = freeze(run, at=at)
    if _wait(run, frozen, at):
        return
    kept = {"inputs": frozen.told(run), "inputs_digest": frozen.digest}
    if frozen.absent:
        names = ", ".join(str(con_id) for con_id in frozen.absent)
        template = _n("The broker does not describe these contracts: %(names)s.")
        sentence = Said(template, {"names": names})
        enter(run, RunState.BLOCKED, at, code="unknown_instrument", sentence=sentence, **kept)
        return
    result = plan(frozen.inputs)
    if result.refusals:
        _refuse(run, _refusals(result), at, **kept)
    elif result.questions:
        _ask(run, result, at, **kept)
    else:
        _gate_and_keep(run, frozen, result, at, kept)


def targets_stream(account: BrokerAccount) -> None:
    """Has the account's connection stream the newest snapshot of each of its strategies."""
    strategies = Strategy.objects.filter(account__connection=account.connection, enabled=True)
    newest = [
        found.pk
        for strategy in strategies
        if (found := DecisionSnapshot.objects.filter(strategy=strategy).first()) is not None
    ]
    rows = Instrument.objects.filter(
        pk__in=DecisionSnapshot.objects.filter(pk__in=newest).values("weights__instrument")
    )
    stream_targets_set(connection=account.connection, con_ids=rows.values_list("pk", flat=True))


def _first_order(run: TradeRun, row: PlanLine, quoted: Quoted) -> Order:
    """What a line begins with, unsaved: the gate judges it as it will be placed."""
    side = "BUY" if row.quantity > 0 else "SELL"
    price = quoted.price or Decimal(0)
    touch = pricing.Touch(price, quoted.bid, quoted.ask, price)
    style = pricing.first(run.policy.style, side, touch, run.policy.collar)
    limit, instrument = style.limit_price, row.instrument
    return Order(
        account=run.account,
        connection=run.account.connection,
        instrument=instrument,
        source=Source.RUN,
        strategy=run.strategy.name,
        plan_line=row,
        side=side,
        quantity=abs(row.quantity),
        order_type=style.order_type,
        tif=style.tif,
        limit_price=limit and stepped(limit, step_at(instrument, limit), side),
        algo_strategy=style.algo_strategy,
        algo_params=list(style.algo_params),
    )


def _wait(run: TradeRun, frozen: Frozen, at: datetime) -> bool:
    """Asks for what is missing, once, and says whether to look again later."""
    if not frozen.absent and not frozen.unpriced:
        return False
    asked = first_event(run, WAITING)
    if asked is None:
        targets_stream(run.account)
        if frozen.absent:
            slug = run.account.connection.slug
            enqueue(DETAILS, queue=gateway_queue(slug), slug=slug, con_ids=list(frozen.absent))
        note(run, WAITING, at, absent=list(frozen.absent), unpriced=list(frozen.unpriced))
        return True
    return at - asked.at < PRICE_WAIT


def _ask(run: TradeRun, result: PlanResult, at: datetime, **kept: Any) -> None:
    rows = Instrument.objects.in_bulk(result.questions)
    names = ", ".join(str(rows[con_id]) for con_id in result.questions)
    sentence = Said(_n("Held and not targeted: %(names)s. Keep or sell?"), {"names": names})
    enter(run, RunState.AWAITING_ANSWER, at, sentence=sentence, **kept)
    note(run, "questions", at, con_ids=list(result.questions))


def _gate_and_keep(
    run: TradeRun, frozen: Frozen, result: PlanResult, at: datetime, kept: dict[str, Any]
) -> None:
    """The plan is kept even when the gate refuses it: the page shows what was refused."""
    made = _keep(run, frozen.inputs.nlv, result, at)
    rows = {line.instrument_id: line for line in made.lines.select_related("instrument")}
    decisions = []
    freed = Decimal(0)
    for line in result.trades:
        quoted = frozen.inputs.prices[line.con_id]
        order = _first_order(run, rows[line.con_id], quoted)
        # A buy is judged with the money that the lines before it bring and take.
        decision = risk.gate_check(
            intent=intent_from(order), at=at, freed=freed, ask_margin=asks(order)
        )
        decisions.append(decision)
        freed -= _cash_taken(line)
    refused = [entry for decision in decisions for entry in _gate_refusals(decision)]
    if refused:
        _refuse(run, refused, at, **kept)
    else:
        enter(run, RunState.PLANNED, at, **kept)


def _cash_taken(line: Line) -> Decimal:
    """Negative for a sell; what selling short brings in is the lender's."""
    if line.quantity >= 0:
        return line.value + line.cost
    closing = min(-line.quantity, max(line.position, Decimal(0)))
    return line.cost + line.value * closing / -line.quantity


def _keep(run: TradeRun, nlv: Decimal, result: PlanResult, at: datetime) -> Plan:
    made = Plan.objects.create(
        run=run,
        digest=result.digest,
        nlv=nlv,
        cash_before=result.cash_before,
        cash_after=result.cash_after,
        buffer=result.buffer,
        turnover=result.turnover,
        cost=result.cost,
        made_at=at,
        expires_at=at + timedelta(minutes=run.policy.plan_minutes),
    )
    columns = {field.name for field in PlanLine._meta.concrete_fields}
    PlanLine.objects.bulk_create(
        PlanLine(
            plan=made,
            number=number,
            instrument_id=line.con_id,
            **{name: value for name, value in asdict(line).items() if name in columns},
        )
        for number, line in enumerate(result.lines, start=1)
    )
    return made


def _refuse(run: TradeRun, refusals: list[dict[str, Any]], at: datetime, **kept: Any) -> None:
    sentence = joined(said_from(entry["said"]) for entry in refusals)
    code = str(refusals[0]["code"])
    enter(run, RunState.REFUSED, at, code=code, sentence=sentence, refusals=refusals, **kept)


def _refusals(result: PlanResult) -> list[dict[str, Any]]:
    """With names instead of conIds, which is all the planner knows."""
    ids = [found.con_id for found in result.refusals if found.con_id is not None]
    names = {row.con_id: str(row) for row in Instrument.objects.filter(pk__in=ids)}
    told = []
    for found in result.refusals:
        facts = dict(found.facts)
        if found.con_id is not None:
            facts["name"] = names.get(found.con_id, str(found.con_id))
        said = Said(found.template, facts)
        entry = {"code": str(found.code), "con_id": found.con_id, "sentence": said.english}
        told.append(entry | {"said": said.row(), "numbers": plain(found.numbers)})
    return told


def _gate_refusals(decision: GateDecision) -> Iterable[dict[str, Any]]:
    for verdict in decision.refusals:
        yield {
            "code": verdict["code"],
            "con_id": decision.con_id,
            "sentence": verdict["message"],
            "said": verdict_said(verdict).row(),
            "numbers": {"limit": verdict.get("limit"), "value": verdict.get("value")},
            "decision": decision.pk,
        }
