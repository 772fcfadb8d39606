"""Folds an opening position and its trades into quantity, cost, realised profit and cash flows."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from twsim.instruments import Instrument


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One execution as booked: quantity is signed, the fee is in the instrument's currency."""

    exec_id: str
    con_id: int
    quantity: float
    price: float
    fee: float
    at: float


@dataclass(slots=True, kw_only=True)
class Position:
    """Costs contain the multiplier. `average_cost` contains fees, `average_price` does not."""

    quantity: float = 0.0
    average_cost: float = 0.0
    average_price: float = 0.0
    realized: float = 0.0
    """Since `since`, net of fees."""
    opened_with: float = 0.0
    """Quantity held at `since`."""
    day_cost: float = 0.0
    """Paid for trades since `since`, fees included; negative when received."""
    flows: dict[str, float] = field(default_factory=dict)
    realized_by: dict[str, float] = field(default_factory=dict)
    """By execution that closed something."""


def fold(
    instrument: Instrument, opening: tuple[float, float], trades: Iterable[Trade], since: float
) -> Position:
    """`opening` is quantity and average cost, as booked before the simulation began."""
    quantity, cost = opening
    state = Position(quantity=quantity, average_cost=cost, average_price=cost, opened_with=quantity)
    for trade in trades:
        _apply(state, instrument, trade, today=trade.at >= since)
    return state


def _apply(state: Position, instrument: Instrument, trade: Trade, *, today: bool) -> None:
    unit = trade.price * instrument.multiplier
    gross, net, closed = _close(state, trade, unit)
    if closed:
        state.realized_by[trade.exec_id] = net
    _open(state, trade, unit, closed)
    _flow(state, instrument, trade, gross)
    if today:
        state.realized += net
        state.day_cost += trade.quantity * unit + trade.fee
    else:
        state.opened_with = state.quantity


def _close(state: Position, trade: Trade, unit: float) -> tuple[float, float, float]:
    """Profit before and after fees, and the quantity that this trade closes."""
    if state.quantity * trade.quantity >= 0:
        return 0.0, 0.0, 0.0
    closed = min(abs(trade.quantity), abs(state.quantity))
    side = 1.0 if state.quantity > 0 else -1.0
    fee = trade.fee * closed / abs(trade.quantity)
    gross = (unit - state.average_price) * closed * side
    return gross, (unit - state.average_cost) * closed * side - fee, closed


def _open(state: Position, trade: Trade, unit: float, closed: float) -> None:
    opened = abs(trade.quantity) - closed
    side = 1.0 if trade.quantity > 0 else -1.0
    kept = abs(state.quantity) - closed
    state.quantity += trade.quantity
    if abs(state.quantity) < 1e-9:
        state.quantity, state.average_cost, state.average_price = 0.0, 0.0, 0.0
    elif opened > 1e-9:
        fee = trade.fee * opened / abs(trade.quantity)
        held = kept + opened
        paid = kept * state.average_cost + opened * unit + side * fee
        state.average_cost = paid / held
        state.average_price = (kept * state.average_price + opened * unit) / held


def _flow(state: Position, instrument: Instrument, trade: Trade, gross: float) -> None:
    """Cash moved: futures pay their profit when closed, a currency pair moves both sides."""
    paid = trade.quantity * trade.price * instrument.multiplier
    if instrument.kind == "FUT":
        paid = -gross
    if instrument.kind == "CASH":
        bought = instrument.contract.symbol
        state.flows[bought] = state.flows.get(bought, 0.0) + trade.quantity
    currency = instrument.currency
    state.flows[currency] = state.flows.get(currency, 0.0) - paid - trade.fee
