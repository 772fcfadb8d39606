"""Cancels: asked for at once, confirmed at the next step, as a real exchange does."""

from twsim.broker import SimError
from twsim.exchange.entry import Entry
from twsim.exchange.floor import Floor

CANCELLED_TEXT = "Order Canceled - reason:"
_FINAL = "Cancelled by Trader"
_EXPIRED = "Cancelled by System"


def ask(floor: Floor, client_id: int, order_id: int, now: float) -> None:
    """Any client may cancel any API order by the id that it sees; refusals are reported."""
    entry = floor.book.anyones(client_id, order_id)
    floor.ledger.write("cancel", now, client_id=client_id, order_id=order_id)
    error = _refusal(entry, order_id)
    if error is not None or entry is None:
        floor.refuse(client_id, order_id, error or SimError(10147, "not found"))
        return
    begin(floor, entry, client_id, now)


def begin(floor: Floor, entry: Entry, client_id: int, now: float) -> None:
    entry.cancelled_by = client_id
    if client_id != entry.view.client_id:
        entry.view.status_client_id = client_id
    if entry.held:
        finish(floor, entry, now)
    else:
        floor.turn(entry, "PendingCancel", now)


def _refusal(entry: Entry | None, order_id: int) -> SimError | None:
    if entry is None:
        return SimError(10147, f"OrderId {order_id} that needs to be cancelled is not found.")
    view = entry.view
    if view.done:
        text = f"OrderId {order_id} that needs to be cancelled cannot be cancelled, state: "
        return SimError(10148, f"{text}{view.status}.")
    if entry.cancelled_by is not None:
        text = "Cancel attempted when order is not in a cancellable state.  Order permId ="
        return SimError(161, f"{text}{view.perm_id}")
    return None


def finish(floor: Floor, entry: Entry, now: float) -> None:
    """The order is out of the book, and with it the children that waited for it."""
    asked_by, was_held = entry.cancelled_by, entry.held
    entry.held = False
    entry.view.completed_status = _EXPIRED if asked_by is None else _FINAL
    floor.turn(entry, "Cancelled", now, status_only=True)
    error = SimError(202, CANCELLED_TEXT)
    if asked_by is not None:
        floor.refuse(asked_by, entry.view.order_id, error)
    if asked_by not in (None, entry.view.client_id) and not was_held:
        floor.refuse(entry.view.client_id, entry.view.order_id, error)
    for child in floor.book.children(entry):
        if not child.view.done:
            _orphan(floor, child, entry.view.filled, now)


def _orphan(floor: Floor, child: Entry, filled: float, now: float) -> None:
    """A child protects what its parent bought: nothing, or the part that was filled."""
    if not filled:
        finish(floor, child, now)
        return
    floor.resize(child, min(child.view.order.quantity, filled), now)
