"""What a trade is expected to cost: commission by IB's fixed schedule and half the spread; pure."""

from dataclasses import dataclass
from decimal import Decimal

from apps.trading.rebalance.types import Quoted

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Schedule:
    """In the instrument's currency. `ceiling` is a fraction of the trade's value."""

    per_unit: Decimal = ZERO
    of_value: Decimal = ZERO
    minimum: Decimal = ZERO
    ceiling: Decimal | None = None


US_STOCKS = Schedule(per_unit=Decimal("0.005"), minimum=Decimal(1), ceiling=Decimal("0.01"))
HK_STOCKS = Schedule(of_value=Decimal("0.0008"), minimum=Decimal(18))
OTHER_STOCKS = Schedule(of_value=Decimal("0.0005"), minimum=Decimal(4))
CONTRACTS = Schedule(per_unit=Decimal("0.85"))
"""Options and futures."""
HALF_SPREAD = Decimal("0.0005")
"""Of the price, where there is no bid and ask."""


def trade_cost(quoted: Quoted, quantity: Decimal) -> Decimal:
    """In base currency, for a quantity of either sign. An estimate: exchange and regulatory fees
    are not in it. Splitting a trade never makes it cheaper."""
    if not quantity or quoted.price is None or quoted.fx is None:
        return ZERO
    units = abs(quantity)
    value = units * quoted.price * quoted.multiplier
    spread = units * quoted.multiplier * half_spread(quoted)
    return (_commission(_schedule(quoted), units, value) + spread) * quoted.fx


def half_spread(quoted: Quoted) -> Decimal:
    """In price; a crossed or one-sided quote counts as none."""
    if quoted.bid and quoted.ask and 0 < quoted.bid <= quoted.ask:
        return (quoted.ask - quoted.bid) / 2
    return (quoted.price or ZERO) * HALF_SPREAD


def _schedule(quoted: Quoted) -> Schedule:
    if quoted.sec_type in {"OPT", "FOP", "FUT"}:
        return CONTRACTS
    return {"USD": US_STOCKS, "HKD": HK_STOCKS}.get(quoted.currency, OTHER_STOCKS)


def _commission(schedule: Schedule, units: Decimal, value: Decimal) -> Decimal:
    amount = max(schedule.per_unit * units + schedule.of_value * value, schedule.minimum)
    return amount if schedule.ceiling is None else min(amount, schedule.ceiling * value)
