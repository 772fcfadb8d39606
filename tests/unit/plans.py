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


def traded(result: PlanResult) -> dict[int, int | Decimal]:
    return {row.con_id: row.quantity for row in result.trades}


def _decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(low, high, places=places, allow_nan=False, allow_infinity=False)


fractions = _decimals("0", "0.2", 3)


@st.composite
def _quotes(draw: st.DrawFn) -> Quoted:
    price = draw(_decimals("0.5", "2000", 2))
    spread = draw(st.sampled_from([Decimal(0), Decimal("0.01"), Decimal("0.2")]))
    return Quoted(
        price=price,
        at=AT - timedelta(seconds=draw(st.integers(0, 600))),
        bid=price - spread or None,
        ask=price + spread,
        fx=draw(st.sampled_from([Decimal(1), Decimal("0.128"), Decimal("1.0834")])),
        multiplier=draw(st.sampled_from([Decimal(1), Decimal(1), Decimal(100)])),
        lot=draw(st.sampled_from([Decimal(1), Decimal(1), Decimal(100)])),
        currency=draw(st.sampled_from(["USD", "HKD", "EUR"])),
        sec_type=draw(st.sampled_from(["STK", "STK", "STK", "OPT", "FUT"])),
    )


@st.composite
def _holdings(draw: st.DrawFn, con_id: int) -> Holding:
    fraction = draw(st.sampled_from([Decimal(0), Decimal(0), Decimal("0.5")]))
    quantity = draw(st.integers(-300, 900)) + fraction
    sells, buys = (draw(st.integers(0, 200).map(Decimal)) for _ in range(2))
    return Holding(con_id, quantity, buys - sells, sells)


@st.composite
def rules(draw: st.DrawFn, con_ids: list[int]) -> Rules:
    words = st.sampled_from(["no_trade", "reduce_only", "keep"])
    return Rules(
        cash_buffer=draw(fractions),
        drift_absolute=draw(fractions),
        drift_relative=draw(fractions),
        minimum_trade=draw(st.sampled_from([Decimal(0), Decimal(200)])),
        turnover_cap=draw(st.one_of(st.none(), fractions)),
        allow_short=draw(st.booleans()),
        not_targeted=draw(st.sampled_from(["keep", "sell", "ask"])),
        overrides=draw(st.dictionaries(st.sampled_from(con_ids), words, max_size=2)),
        price_reserve=draw(st.sampled_from([Decimal(0), Decimal("0.01")])),
    )


@st.composite
def inputs(draw: st.DrawFn) -> PlanInputs:
    """Accounts with any mixture of holdings, open orders, currencies, lots and rules."""
    con_ids = draw(st.lists(st.integers(1, 99), min_size=1, max_size=8, unique=True))
    policy = draw(rules(con_ids))
    prices = {con_id: draw(_quotes()) for con_id in con_ids}
    held = draw(st.sets(st.sampled_from(con_ids)))
    aimed = draw(st.sets(st.sampled_from(con_ids)))
    low = "-0.1" if policy.allow_short else "0"
    nlv = draw(_decimals("1000", "2000000", 2))
    cash = draw(_decimals("-50000", "500000", 2))
    return PlanInputs(
        nlv=nlv,
        cash=cash,
        available_funds=draw(st.one_of(st.none(), _decimals("0", "1000000", 2))),
        targets=tuple(Target(c, draw(_decimals(low, "0.125", 4))) for c in sorted(aimed)),
        holdings=tuple(draw(_holdings(c)) for c in sorted(held)),
        prices=prices,
        rules=policy,
        at=AT,
    )
