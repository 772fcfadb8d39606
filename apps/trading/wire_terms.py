"""Quantity and prices of an order in the one form in which ours and the broker's compare; pure."""

from decimal import Decimal

from apps.accounts.numbers import plain

LIMITED = ("LMT", "LIMIT", "LOC", "LOO", "REL", "LIT")
STOPPED = ("STP", "TRAIL", "MIT", "LIT")
WireTerms = tuple[str, ...]


def wire_terms(
    order_type: str, quantity: Decimal, limit: Decimal | None, stop: Decimal | None
) -> WireTerms:
    """Only the prices that the order's type has: TWS fills in others as it likes."""
    return (
        plain(quantity) or "",
        (plain(limit) or "") if has_limit(order_type) else "",
        (plain(stop) or "") if has_stop(order_type) else "",
    )


def has_limit(order_type: str) -> bool:
    return any(part in order_type for part in LIMITED)


def has_stop(order_type: str) -> bool:
    return any(part in order_type for part in STOPPED)
