"""Writes of the trading app: orders, changes, cancels, and the way to the wire."""

from apps.trading.services.cancels import (
    cancel_send,
    global_cancel,
    order_cancel,
    orders_cancel_all,
    orders_cancellable,
)
from apps.trading.services.changes import change_send, order_change
from apps.trading.services.orders import bracket_place, order_place
from apps.trading.services.sending import order_submit
from apps.trading.services.sweep import orders_sweep
from apps.trading.services.whatif import order_what_if, what_if_here

__all__ = [
    "bracket_place",
    "cancel_send",
    "change_send",
    "global_cancel",
    "order_cancel",
    "order_change",
    "order_place",
    "order_submit",
    "order_what_if",
    "orders_cancel_all",
    "orders_cancellable",
    "orders_sweep",
    "what_if_here",
]
