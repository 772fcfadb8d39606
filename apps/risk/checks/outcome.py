"""What is not settled, and orders that would trade with each other."""

from decimal import Decimal

from apps.risk.book import WorkingOrder
from apps.risk.case import LIMITED, Case
from apps.risk.checks.base import (
    GUARD,
    ORDERS,
    PRICE,
    check,
    gettext_noop,
    missing,
    passed,
    refused,
)
from apps.risk.types import Verdict

WAITING = frozenset({"STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MIT", "LIT"})
"""These rest at the broker and not in the market until they trigger."""


@check(
    "mismatch",
    scope="instrument",
    meaning=gettext_noop(
        "Broker position ≠ our ledger after a grace time: that instrument is reduce-only until "
        "a person adopts, explains, balances or closes."
    ),
)
def mismatch(case: Case) -> Verdict:
    code, standing = "mismatch", case.snapshot.standing
    if standing.guard is None:
        return missing(case, code, GUARD)
    if "mismatch" not in standing.locks or case.lowers:
        return passed(code)
    return refused(
        code,
        gettext_noop("The broker's position is not what our executions add up to: reduce only."),
        limit=Decimal(0),
        value=Decimal(1),
        unit="count",
    )


@check(
    "unknown_order",
    scope="instrument",
    meaning=gettext_noop("An order of unknown outcome in that instrument."),
)
def unknown_order(case: Case) -> Verdict:
    code = "unknown_order"
    if case.here is None:
        return missing(case, code, ORDERS)
    found = [order for order in case.here if order.state == "unknown"]
    count = len(found) or int("unknown" in case.snapshot.standing.locks)
    if not count:
        return passed(code, Decimal(0), Decimal(0), "count")
    return refused(
        code,
        gettext_noop("%(value)s orders in this instrument have an unknown outcome."),
        limit=Decimal(0),
        value=Decimal(count),
        unit="count",
    )


@check(
    "self_match",
    scope="global",
    meaning=gettext_noop("Would cross an own working order, of any own account."),
)
def self_match(case: Case) -> Verdict:
    code, shelf = "self_match", case.shelf
    if shelf is None:
        return missing(case, code, ORDERS)
    here = shelf.anywhere.get(case.intent.con_id, ())
    opposite = [order for order in here if _rests_against(case, order)]
    if not opposite:
        return passed(code)
    reach = _reach(case)
    if reach is None:
        return missing(case, code, PRICE)
    crossed = [order for order in opposite if _crosses(case, order, reach)]
    if not crossed:
        return passed(code, None, reach, "price")
    price = crossed[0].limit_price
    return refused(
        code,
        gettext_noop("It would trade with our own order %(order)s at %(limit)s."),
        limit=price,
        value=reach,
        unit="price",
        order=str(crossed[0].order_id),
    )


def _rests_against(case: Case, order: WorkingOrder) -> bool:
    intent = case.intent
    if order.side == intent.side or intent.parent_signed:
        # A child sleeps until its parent is filled: it meets nothing before.
        return False
    if order.order_id == intent.order_id or order.order_type in WAITING or not order.remaining:
        return False
    same_group = bool(intent.oca_group) and order.oca_group == intent.oca_group
    return not same_group and order.parent_id is None and intent.order_type not in WAITING


def _reach(case: Case) -> Decimal | None:
    """The worst price the order takes: its limit, or the side of the quote it meets."""
    intent = case.intent
    if intent.order_type in LIMITED and intent.limit_price is not None:
        return intent.limit_price
    return case.far


def _crosses(case: Case, order: WorkingOrder, reach: Decimal) -> bool:
    if order.limit_price is None:
        return True  # the other one takes any price
    return reach >= order.limit_price if case.buys else reach <= order.limit_price
