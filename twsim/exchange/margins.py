"""What an order would do to an account's margin."""

from twsim.books.fees import commission
from twsim.broker import SimError
from twsim.domain.orders import Margin, Order
from twsim.exchange.entry import Entry
from twsim.exchange.floor import Floor
from twsim.instruments import Instrument


def what_if(floor: Floor, instrument: Instrument, order: Order) -> Margin:
    """Margins and equity in the account's base currency, as if it filled at the market."""
    account = floor.accounts[order.account]
    total = floor.valuer.in_base(account)
    rate = floor.valuer.rate(instrument.currency, account.base)
    held = account.position(instrument.con_id).quantity
    change = order.quantity if order.action == "BUY" else -order.quantity
    before = floor.valuer.margin(instrument, held)
    after = floor.valuer.margin(instrument, held + change)
    price = order.limit_price or floor.market.last(instrument.con_id)
    fee = commission(instrument, order.quantity, order.quantity * price * instrument.multiplier)
    return Margin(
        initial_before=round(total.initial, 2),
        initial_after=round(total.initial + (after[0] - before[0]) * rate, 2),
        maintenance_before=round(total.maintenance, 2),
        maintenance_after=round(total.maintenance + (after[1] - before[1]) * rate, 2),
        equity_before=round(total.equity, 2),
        equity_after=round(total.equity - fee * rate, 2),
        commission=fee,
        commission_currency=instrument.currency,
    )


def refuse_beyond_equity(floor: Floor, entry: Entry) -> None:
    """SimError 201 when the position wanted needs more margin than there is equity."""
    if not floor.style.margin_checks:
        return
    order = entry.view.order
    margin = what_if(floor, entry.instrument, order)
    if margin.initial_after <= max(margin.initial_before, margin.equity_after):
        return
    base = floor.accounts[order.account].base
    raise SimError(
        201,
        "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED "
        f"POSITION YOUR EQUITY WITH LOAN VALUE [{margin.equity_after:.2f} {base}] MUST EXCEED "
        f"THE INITIAL MARGIN [{margin.initial_after:.2f} {base}]",
    )
