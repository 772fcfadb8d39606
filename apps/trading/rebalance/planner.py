"""Turns target weights into trades: sells first, buys from the cash there is; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal, localcontext

from apps.trading.rebalance import cash, turnover
from apps.trading.rebalance.checks import bad_price, price_refusal, refusals, unpriced
from apps.trading.rebalance.costs import trade_cost
from apps.trading.rebalance.digest import digest
from apps.trading.rebalance.draft import NO_QUOTE, Draft, by_drift
from apps.trading.rebalance.sizing import size
from apps.trading.rebalance.types import (
    Holding,
    Line,
    PlanInputs,
    PlanResult,
    Quoted,
    Reason,
    Refusal,
)
from apps.trading.rebalance.untargeted import leave

ZERO = Decimal(0)
PRECISION = 40
"""Digits enough that a product of price, quantity and rate is exact."""


def plan(inputs: PlanInputs) -> PlanResult:
    """Whole lots of V·w / (price·multiplier·fx) with V = NLV·(1 − cash buffer), minus positions
    and open orders.

    A result with refusals or open questions is to be shown, never executed. All cash is base
    currency: what IB lends or converts to pay for a buy in another currency is not modelled.
    """
    with localcontext(prec=PRECISION):
        wrong = refusals(inputs)
        if wrong:
            return _result(inputs, [], wrong)
        drafts = _drafts(inputs)
        bad = tuple(_size_all(drafts, inputs))
        turnover.cap(drafts, nlv=inputs.nlv, rules=inputs.rules)
        cash.fund(drafts, inputs=inputs, buffer=_buffer(inputs))
        return _result(inputs, drafts, bad)


def resize_buys(
    result: PlanResult, available_funds: Decimal, prices: Mapping[int, Quoted]
) -> tuple[Line, ...]:
    """The planned buys again, at these prices, from the funds that the sells really left.

    Never more than planned and never below the plan's buffer; a buy that can no longer be paid
    for has quantity 0 and the reason no_cash. Give the smaller of cash and available funds: on
    margin, available funds reach beyond the cash. `result` may hold only the buys not sent yet;
    the funds must then be without what the sent ones will still take.
    """
    with localcontext(prec=PRECISION):
        left = available_funds - result.buffer
        lines = []
        for line in result.buys:
            again = _afford(line, prices.get(line.con_id, NO_QUOTE), left, result)
            left -= again.value * (1 + result.rules.price_reserve) + again.cost
            lines.append(again)
        return tuple(lines)


def _afford(line: Line, quoted: Quoted, funds: Decimal, result: PlanResult) -> Line:
    rules = result.rules
    if unpriced(quoted):
        return replace(line, quantity=ZERO, value=ZERO, cost=ZERO, reason=Reason.PRICE_MISSING)
    unit = _unit(quoted)
    quantity = cash.most(
        quoted, unit, at_most=line.quantity, funds=funds, reserve=rules.price_reserve
    )
    too_little = quantity * unit < rules.minimum_trade or quantity < quoted.least
    if quantity < line.quantity and too_little:
        quantity = ZERO
    return replace(
        line,
        quantity=quantity,
        value=quantity * unit,
        cost=trade_cost(quoted, quantity),
        price=quoted.price,
        price_kind=quoted.kind,
        price_at=quoted.at,
        fx=quoted.fx,
        reason=Reason.NO_CASH if quantity < line.quantity else line.reason,
    )


def _drafts(inputs: PlanInputs) -> list[Draft]:
    """One for everything that is targeted, held or in open orders, by conId."""
    targets = {target.con_id: target.weight for target in inputs.targets}
    holdings = {h.con_id: h for h in inputs.holdings if h.quantity or h.buys or h.sells}
    investable = inputs.nlv * (1 - inputs.rules.cash_buffer)
    drafts = []
    for con_id in sorted({*targets, *holdings}):
        quoted = inputs.prices.get(con_id, NO_QUOTE)
        drafts.append(
            Draft(
                holding=holdings.get(con_id) or Holding(con_id, ZERO),
                quoted=quoted,
                target=targets.get(con_id),
                unit=ZERO if unpriced(quoted) else _unit(quoted),
                investable=investable,
            )
        )
    return drafts


def _size_all(drafts: list[Draft], inputs: PlanInputs) -> Iterator[Refusal]:
    """Sizes each line alone; yields a refusal for each that needs a price and has no good one."""
    rules, at = inputs.rules, inputs.at
    for draft in drafts:
        bad = bad_price(draft.quoted, rules, at)
        left = leave(draft, rules) if draft.target is None else ""
        if left or bad:
            draft.skip(left or bad or "")
        else:
            size(draft, draft.target or ZERO, rules)
        takes_cash = draft.holding.buys > 0 and not draft.unit
        if bad and (takes_cash or (rules.bad_price == "refuse" and not left)):
            yield price_refusal(draft.con_id, draft.quoted, bad, at)


def _result(inputs: PlanInputs, drafts: list[Draft], wrong: tuple[Refusal, ...]) -> PlanResult:
    drafts = sorted(drafts, key=_execution_order)
    lines = tuple(_line(draft) for draft in drafts)
    spent = sum((line.value + line.cost for line in lines), ZERO)
    result = PlanResult(
        lines=lines,
        questions=tuple(sorted(d.con_id for d in drafts if d.reason == Reason.ASKED)),
        refusals=wrong,
        cash_before=inputs.cash,
        cash_after=inputs.cash - spent,
        buffer=_buffer(inputs),
        turnover=turnover.turnover(drafts, inputs.nlv) if drafts else ZERO,
        cost=sum((line.cost for line in lines), ZERO),
        rules=inputs.rules,
    )
    return replace(result, digest=_digest(inputs, result))


def _digest(inputs: PlanInputs, result: PlanResult) -> str:
    """Binds what was given and what is to be done; everything else of a plan follows."""
    trades = [(line.con_id, line.quantity, line.reason) for line in result.lines]
    codes = [(refusal.code, refusal.con_id) for refusal in result.refusals]
    return digest([inputs_digest(inputs), trades, codes, result.cash_after])


def inputs_digest(inputs: PlanInputs) -> str:
    """The same for the same inputs in any order; the moment of planning is part of them."""
    targets = sorted(inputs.targets, key=lambda target: (target.con_id, target.weight))
    holdings = sorted(inputs.holdings, key=lambda holding: holding.con_id)
    return digest(replace(inputs, targets=tuple(targets), holdings=tuple(holdings)))


def _line(draft: Draft) -> Line:
    quoted, holding = draft.quoted, draft.holding
    return Line(
        con_id=draft.con_id,
        target_weight=draft.target,
        weight_before=draft.weight_before,
        weight_after=draft.weight(draft.projected + draft.quantity),
        position=holding.quantity,
        working=holding.working_signed,
        wanted=draft.wanted,
        quantity=draft.quantity,
        price=quoted.price,
        price_kind=quoted.kind,
        price_at=quoted.at,
        fx=quoted.fx,
        multiplier=quoted.multiplier,
        lot=quoted.lot,
        value=draft.value,
        cost=draft.cost,
        drift=draft.drift,
        reason=str(draft.reason),
    )


def _execution_order(draft: Draft) -> tuple[int, Decimal, int]:
    rank = 0 if draft.quantity < 0 else 1 if draft.quantity > 0 else 2
    return rank, *by_drift(draft)


def _unit(quoted: Quoted) -> Decimal:
    if quoted.price is None or quoted.fx is None:
        raise ValueError("an instrument without price or rate has no value")
    return quoted.price * quoted.multiplier * quoted.fx


def _buffer(inputs: PlanInputs) -> Decimal:
    return inputs.nlv * inputs.rules.cash_buffer
