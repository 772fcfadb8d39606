"""Takes new orders and changes of working ones into the book, or refuses them with a code."""

from dataclasses import replace

from twsim.broker import SimError
from twsim.domain.contracts import Contract
from twsim.domain.events import OrderChanged, Refused
from twsim.domain.orders import Order, WorkingOrder
from twsim.exchange import rules
from twsim.exchange.checks import check_change, check_order
from twsim.exchange.entry import Entry
from twsim.exchange.floor import Floor
from twsim.exchange.margins import refuse_beyond_equity
from twsim.exchange.matching import resting_status
from twsim.exchange.timing import is_open, opens_at, schedule
from twsim.instruments import Instrument


def place(
    floor: Floor, client_id: int, order_id: int, query: Contract, order: Order, now: float
) -> None:
    """Everything about the order goes to the reports, refusals as well."""
    _record_received(floor, client_id, order_id, query, order, now)
    existing = floor.book.get(client_id, order_id)
    try:
        instrument = floor.universe.resolve(query)
        complete = completed(order, floor)
        check_order(complete, instrument, tuple(floor.accounts))
        if existing is not None:
            _change(floor, existing, instrument, complete, now)
        else:
            preset = floor.style.preset_tif and not order.tif
            _new(floor, (client_id, order_id), query, instrument, complete, now, preset=preset)
    except SimError as error:
        floor.refuse(client_id, order_id, error)
        floor.ledger.write(
            "refusal", now, client_id=client_id, order_id=order_id, code=error.code, text=error.text
        )
    floor.book.use_id(client_id, order_id)


def completed(order: Order, floor: Floor) -> Order:
    """Fills in what TWS presets fill in: the account when there is one, the time in force."""
    accounts = tuple(floor.accounts)
    if not order.account and len(accounts) > 1:
        raise SimError(435, "You must specify an account.")
    return replace(order, account=order.account or accounts[0], tif=order.tif or "DAY")


def _new(
    floor: Floor,
    ids: tuple[int, int],
    query: Contract,
    instrument: Instrument,
    order: Order,
    now: float,
    *,
    preset: bool,
) -> None:
    client_id, order_id = ids
    if order_id < floor.book.next_order_id(client_id):
        raise SimError(103, "Duplicate order id")
    if order.parent_id:
        _check_parent(floor.book.get(client_id, order.parent_id))
    view = WorkingOrder(
        order_id=order_id,
        client_id=client_id,
        perm_id=0,
        contract=instrument.routed(query.exchange),
        order=order,
        status="PreSubmitted",
        placed_at=now,
    )
    admit(floor, Entry(view=view, instrument=instrument, held=True, preset=preset), now)


def _check_parent(parent: Entry | None) -> None:
    if parent is None:
        raise SimError(10006, "Missing parent order.")
    if parent.view.done and not parent.view.filled:
        raise SimError(201, "Order rejected - reason:Parent order is being cancelled.")


def admit(floor: Floor, entry: Entry, now: float) -> None:
    """Into the book; acknowledged at once unless it waits for a transmit."""
    floor.book.add(entry)
    if entry.view.order.transmit:
        for member in _family_waiting(floor, entry):
            _acknowledge(floor, member, now)
    else:
        floor.record("held", entry, now)


def _family_waiting(floor: Floor, entry: Entry) -> list[Entry]:
    """Transmitting the last child transmits its parent and siblings, the parent first."""
    parent = floor.book.parent(entry)
    if parent is None:
        return [entry]
    family = [parent, *floor.book.children(parent)]
    return [member for member in family if member.held]


def _acknowledge(floor: Floor, entry: Entry, now: float) -> None:
    if entry.view.done:  # rejected with its parent a moment ago
        return
    entry.held = False
    entry.view.perm_id = floor.book.next_perm_id()
    entry.limit = rules.limit_in_force(entry)
    try:
        if floor.rejections:
            raise floor.rejections.pop(0)
        refuse_beyond_equity(floor, entry)
    except SimError as error:
        reject(floor, entry, error, now)
        return
    schedule(entry, now)
    status, why_held = resting_status(floor, entry, now)
    if status == "Submitted":
        floor.turn(entry, "PreSubmitted", now)
    floor.turn(entry, status, now, why_held=why_held)
    if entry.preset:
        _report_preset(floor, entry)
    _warn(floor, entry, now)


def _report_preset(floor: Floor, entry: Entry) -> None:
    """TWS reports an order without time in force as cancelled, with 10349, though it lives."""
    untrue = replace(entry.snapshot(), status="Cancelled")
    floor.reports.send(OrderChanged(untrue, status_only=True))
    error = SimError(10349, "Order TIF was set to DAY based on order preset.")
    floor.refuse(entry.view.client_id, entry.view.order_id, error)


def reject(floor: Floor, entry: Entry, error: SimError, now: float) -> None:
    """An order that the broker takes in only to refuse it: error, then Inactive."""
    entry.held = False
    entry.view.completed_status = error.text
    floor.refuse(entry.view.client_id, entry.view.order_id, error)
    floor.turn(entry, "Inactive", now)
    for child in floor.book.children(entry):
        if not child.view.done:
            reject(floor, child, SimError(201, "Order rejected - reason:Parent rejected"), now)


def _warn(floor: Floor, entry: Entry, now: float) -> None:
    order = entry.view.order
    if is_open(entry, now) or entry.auction_at is not None or entry.view.done:
        return
    opening = entry.instrument.venue.local_text(opens_at(entry, now))
    name = f"{order.action} {order.quantity:g} {entry.instrument.contract.local_symbol}"
    text = (
        f"Order Message:\n{name} {entry.instrument.home}\n"
        f"Warning: Your order will not be placed at the exchange until {opening}."
    )
    view = entry.view
    floor.reports.send(Refused(view.client_id, view.order_id, 399, text))


def _change(floor: Floor, entry: Entry, instrument: Instrument, order: Order, now: float) -> None:
    """The same order with other prices, size, type or time."""
    view = entry.view
    if view.status == "Filled":
        raise SimError(104, "Cannot modify a filled order.")
    if view.done or entry.cancelled_by is not None:
        raise SimError(103, "Duplicate order id")
    same_contract = instrument.con_id == entry.instrument.con_id
    check_change(view.order, order, same_contract=same_contract)
    if order.quantity < view.filled + 1e-9:
        raise SimError(201, "Order rejected - reason:The size is below what has been filled")
    view.order = order
    if entry.held:
        if order.transmit:
            for member in _family_waiting(floor, entry):
                _acknowledge(floor, member, now)
        else:
            floor.record("held", entry, now)
        return
    _restart(floor, entry, now)


def _restart(floor: Floor, entry: Entry, now: float) -> None:
    view = entry.view
    entry.seen, view.stop_triggered, view.trail_stop = False, False, None
    entry.limit = rules.limit_in_force(entry)
    schedule(entry, now)
    status, why_held = resting_status(floor, entry, now)
    floor.turn(entry, status, now, why_held=why_held)


def _record_received(
    floor: Floor, client_id: int, order_id: int, query: Contract, order: Order, now: float
) -> None:
    floor.ledger.write(
        "order",
        now,
        client_id=client_id,
        order_id=order_id,
        account=order.account,
        con_id=query.con_id,
        symbol=query.local_symbol or query.symbol,
        action=order.action,
        quantity=order.quantity,
        order_type=order.order_type,
        limit_price=order.limit_price,
        aux_price=order.aux_price,
        trailing_percent=order.trailing_percent,
        trail_stop_price=order.trail_stop_price,
        tif=order.tif,
        good_till=order.good_till,
        outside_rth=order.outside_rth,
        algo_strategy=order.algo_strategy,
        algo_params=[list(pair) for pair in order.algo_params],
        order_ref=order.order_ref,
        parent_id=order.parent_id,
        oca_group=order.oca_group,
        oca_type=order.oca_type,
        transmit=order.transmit,
        changes=floor.book.get(client_id, order_id) is not None,
    )
