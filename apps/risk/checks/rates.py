"""How often orders may come."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from apps.risk.book import WorkingOrder
from apps.risk.case import Case
from apps.risk.checks.base import (
    HISTORY,
    ORDERS,
    above,
    check,
    gettext_noop,
    missing,
    number,
    passed,
    refused,
)
from apps.risk.policy import Looser
from apps.risk.types import Verdict


@check(
    "message_rate",
    scope="connection",
    meaning=gettext_noop("More sends and changes in a second than allowed: refused, not queued."),
    parameters=(number("messages", "count", "orders and changes in one second", "45"),),
)
def message_rate(case: Case) -> Verdict:
    """The second look comes when the order already counts among the messages."""
    code = "message_rate"
    activity = case.snapshot.activity
    own = 0 if case.intent.order_id is not None else 1
    return above(
        case,
        code,
        gettext_noop("%(value)s messages within a second, %(limit)s are allowed."),
        value=None if activity is None else Decimal(activity.messages + own),
        limit=case.limits.number(code, "messages"),
        unit="count",
        what=HISTORY,
    )


@check(
    "daily_count",
    scope="account, instrument",
    meaning=gettext_noop("Orders or cancels today above the limit of account or instrument."),
    parameters=(
        number("orders", "count", "orders of the account in a day", "1000"),
        number("orders_instrument", "count", "orders of one instrument in a day", "200"),
        number("cancels", "count", "cancels of the account in a day", "2000"),
        number("cancels_instrument", "count", "cancels of one instrument in a day", "400"),
    ),
)
def daily_count(case: Case) -> Verdict:
    code, activity = "daily_count", case.snapshot.activity
    if activity is None:
        return missing(case, code, HISTORY)
    own = 0 if case.intent.order_id is not None else 1
    counted = {
        "orders": activity.orders_account + own,
        "orders_instrument": activity.orders_instrument + own,
        "cancels": activity.cancels_account,
        "cancels_instrument": activity.cancels_instrument,
    }
    return _first(case, code, DAILY, counted)


@check(
    "duplicate",
    scope="account",
    meaning=gettext_noop(
        "The same order was accepted within so many seconds, "
        "without an idempotency key or plan line of its own."
    ),
    parameters=(
        number("seconds", "seconds", "how long the same is a twin", "5", looser=Looser.LOWER),
    ),
)
def duplicate(case: Case) -> Verdict:
    code = "duplicate"
    if not case.intent.may_be_twin:
        return passed(code)
    if case.snapshot.activity is None:
        return missing(case, code, HISTORY)
    limit = case.limits.number(code, "seconds") or Decimal(0)
    since_at = case.snapshot.at - timedelta(seconds=float(limit))
    twins = [
        order
        for order in case.snapshot.activity.recent
        if order.accepted_at > since_at and _same(case, order)
    ]
    if not twins:
        return passed(code, limit, None, "seconds")
    newest = max(order.accepted_at for order in twins)
    age = Decimal(str(round((case.snapshot.at - newest).total_seconds(), 3)))
    return refused(
        code,
        gettext_noop("The same order was accepted %(value)s s ago; wait %(limit)s s."),
        limit=limit,
        value=age,
        unit="seconds",
    )


def _same(case: Case, order: WorkingOrder) -> bool:
    intent = case.intent
    asked = (intent.con_id, intent.side, intent.quantity, intent.order_type, intent.tif)
    held = (order.con_id, order.side, order.quantity, order.order_type, order.tif)
    prices = (intent.limit_price, intent.stop_price) == (order.limit_price, order.stop_price)
    return asked == held and prices and not order.external


@check(
    "repeated",
    scope="strategy",
    meaning=gettext_noop("The same plan line submitted too often without a person."),
    parameters=(number("times", "count", "submissions of one plan line", "5"),),
)
def repeated(case: Case) -> Verdict:
    code, activity = "repeated", case.snapshot.activity
    if case.intent.plan_line_id is None:
        return passed(code)
    own = 0 if case.intent.order_id is not None else 1
    return above(
        case,
        code,
        gettext_noop("The plan line would be submitted %(value)s times, %(limit)s are allowed."),
        value=None if activity is None else Decimal(activity.line_submissions + own),
        limit=case.limits.number(code, "times"),
        unit="count",
        what=HISTORY,
    )


@check(
    "working_orders",
    scope="account, instrument",
    meaning=gettext_noop("Open orders at or above the limit of account or instrument."),
    parameters=(
        number("orders", "count", "open orders of the account", "300"),
        number("orders_instrument", "count", "open orders of one instrument", "20"),
    ),
)
def working_orders(case: Case) -> Verdict:
    code = "working_orders"
    if case.own_working is None or case.here is None:
        return missing(case, code, ORDERS)
    counted = {"orders": len(case.own_working) + 1, "orders_instrument": len(case.here) + 1}
    return _first(case, code, WORKING, counted)


def _first(case: Case, code: str, template: str, counted: dict[str, int]) -> Verdict:
    """The first count above its limit; the first one of all when none is."""
    verdicts = [
        above(
            case,
            code,
            template,
            value=Decimal(count),
            limit=case.limits.number(code, name),
            unit="count",
            what=HISTORY,
        )
        for name, count in counted.items()
    ]
    return _worst(verdicts)


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    found = list(verdicts)
    return next((verdict for verdict in found if not verdict.passed), found[0])


DAILY = gettext_noop("%(value)s today, %(limit)s are allowed.")
WORKING = gettext_noop("It would be open order number %(value)s, %(limit)s are allowed.")
