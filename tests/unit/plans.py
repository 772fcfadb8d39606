"""Inputs for the planner: short ones for examples, random ones for properties."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from apps.trading.rebalance import (
    Holding,
    Line,
    PlanInputs,
    PlanResult,
    Quoted,
    Rules,
    Target,
    plan,
)

AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
PLAIN: dict[str, Any] = {
    "cash_buffer": Decimal(0),
    "drift_absolute": Decimal(0),
    "drift_relative": Decimal(0),
    "minimum_trade": Decimal(0),
    "turnover_cap": None,
    "not_targeted": "sell",
}
"""No rule is in the way; an example adds the one it is about."""


def number(value: object) -> Decimal:
    return Decimal(str(value))


def quoted(price: object, **more: Any) -> Quoted:
    return Quoted(**{"price": number(price), "at": AT, **more})


def planned(
    weights: dict[int, object],
    prices: dict[int, Any],
    *,
    held: dict[int, object] | None = None,
    holdings: tuple[Holding, ...] = (),
    nlv: object = 10_000,
    cash: object = 10_000,
    available: object = None,
    **rules: Any,
) -> PlanResult:
    """A plan for an account of 10,000 in cash without any rule, unless told otherwise."""
    rows = (*holdings, *(Holding(con_id, number(q)) for con_id, q in (held or {}).items()))
    return plan(
        PlanInputs(
            nlv=number(nlv),
            cash=number(cash),
            available_funds=None if available is None else number(available),
            targets=tuple(Target(con_id, number(weight)) for con_id, weight in weights.items()),
            holdings=rows,
            prices={
                con_id: price if isinstance(price, Quoted) else quoted(price)
                for con_id, price in prices.items()
            },
            rules=Rules(**(PLAIN | rules)),
            at=AT,
        )
    )


def line(result: PlanResult, con_id: int) -> Line:
    (found,) = [row for row in result.lines if row.con_id == con_id]
    return found


def seen(*values: object) -> tuple[object, ...]:
    """For comparing Decimals with plain numbers."""
    return values


def traded(result: PlanResult) -> dict[int, int | Decimal]:
    return {row.con_id: row.quantity for row in result.trades}


def _one_of(*values: object) -> st.SearchStrategy[Decimal]:
    return st.sampled_from([number(value) for value in values])


def _hundredths(low: int, high: int) -> st.SearchStrategy[Decimal]:
    return st.integers(low, high).map(lambda n: Decimal(n) / 100)


PRICES = _one_of("0.37", 3, "12.34", 50, "101.25", "333.33", 1999)
ODD = _one_of(0, 0, 0, "0.5")


@st.composite
def _quotes(draw: st.DrawFn) -> Quoted:
    price, spread = draw(PRICES), draw(_one_of(0, "0.01", "0.2"))
    lot = draw(_one_of(1, 1, 1, 100))
    return Quoted(
        price=price,
        at=AT - timedelta(seconds=draw(st.integers(0, 600))),
        bid=price - spread,
        ask=price + spread,
        fx=draw(_one_of(1, 1, "0.128", "1.0834")),
        multiplier=draw(_one_of(1, 1, 1, 100)),
        lot=lot,
        least=lot * draw(_one_of(1, 1, 1, 3, 20)),
        currency=draw(st.sampled_from(["USD", "HKD", "EUR"])),
        sec_type=draw(st.sampled_from(["STK", "STK", "STK", "STK", "OPT", "FUT"])),
    )


@st.composite
def _holdings(draw: st.DrawFn, con_id: int, quote: Quoted, nlv: Decimal) -> Holding:
    """Up to 30 % of the account long, 10 % short, and open orders on both sides of it."""
    unit = (quote.price or 1) * quote.multiplier * (quote.fx or 1)

    def worth(share: Decimal) -> Decimal:
        return nlv * share // unit

    quantity = worth(draw(_hundredths(-10, 30))) + draw(ODD)
    sells, buys = (draw(st.sampled_from([Decimal(0), worth(Decimal("0.05"))])) for _ in range(2))
    return Holding(con_id, quantity, buys - sells, sells)


@st.composite
def _rules(draw: st.DrawFn, con_ids: list[int]) -> Rules:
    words = st.sampled_from(["no_trade", "reduce_only", "keep"])
    return Rules(
        cash_buffer=draw(_hundredths(0, 10)),
        drift_absolute=draw(_one_of(0, "0.005", "0.03")),
        drift_relative=draw(_one_of(0, "0.1", "0.5")),
        minimum_trade=draw(_one_of(0, 50, 200)),
        turnover_cap=draw(st.one_of(st.none(), _hundredths(0, 40))),
        allow_short=draw(st.booleans()),
        not_targeted=draw(st.sampled_from(["sell", "sell", "keep", "ask"])),
        overrides=draw(st.dictionaries(st.sampled_from(con_ids), words, max_size=1)),
        price_reserve=draw(_one_of(0, "0.01")),
    )


@st.composite
def inputs(draw: st.DrawFn) -> PlanInputs:
    """Accounts with any mixture of holdings, open orders, currencies, lots and rules."""
    con_ids = draw(st.lists(st.integers(1, 99), min_size=2, max_size=7, unique=True))
    rules, nlv = draw(_rules(con_ids)), draw(_one_of(4000, "25000.55", 100_000, 1_234_567))
    prices = {con_id: draw(_quotes()) for con_id in con_ids}
    weights = {c: draw(_hundredths(-7 if rules.allow_short else 0, 14)) for c in con_ids}
    held = draw(st.sets(st.sampled_from(con_ids)))
    without = draw(st.sets(st.sampled_from(con_ids), max_size=1))
    return PlanInputs(
        nlv=nlv,
        cash=nlv * draw(_hundredths(-5, 100)),
        available_funds=draw(st.one_of(st.none(), _hundredths(0, 150).map(nlv.__mul__))),
        targets=tuple(Target(c, weights[c]) for c in con_ids if c not in without),
        holdings=tuple(draw(_holdings(c, prices[c], nlv)) for c in con_ids if c in held),
        prices=prices,
        rules=rules,
        at=AT,
    )
