"""Builds the gate's frozen snapshot and the limits that hold for an order."""

import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from apps.accounts.models import BrokerAccount
from apps.lib.prepared import Asked, Derived, together
from apps.marketdata.models import Instrument as InstrumentRow
from apps.marketdata.selectors import quotes_and_link
from apps.risk import snapshot as pure
from apps.risk.book import Activity, ActivityQuestion, BookMissing, WorkingOrder, book
from apps.risk.policy import Limits, Subject
from apps.risk.selectors.facts import (
    account_facts,
    account_get,
    facts_asked,
    instrument_facts,
    instrument_get,
    link_facts,
    quote_facts,
)
from apps.risk.selectors.limits import limits_asked, limits_for, restricted_for
from apps.risk.selectors.lines import lines_asked, lines_of
from apps.risk.selectors.standing import standing_asked, standing_of
from apps.risk.types import OrderIntent
from ibkr.types import MarginImpact

log = logging.getLogger(__name__)

RECENT = timedelta(days=7)
"""How far back losing exits and twins are asked for."""


class Own(NamedTuple):
    """Working orders of one account; `unpriced` are the conIds that only a quote can value."""

    orders: tuple[WorkingOrder, ...]
    unpriced: Collection[int]


NOBODYS = Own((), ())


def snapshot_take(
    intent: OrderIntent,
    *,
    at: datetime,
    before_wire: bool = False,
    margin: MarginImpact | None = None,
    freed: Decimal = Decimal(0),
) -> tuple[pure.Snapshot, Limits]:
    """Everything the checks look at, from Redis and from one statement: it is of one moment.

    Nothing is left out before the wire: whatever an order was accepted on may have changed since.
    Raises BrokerAccount.DoesNotExist for an unknown account.
    """
    question = _question(intent, at)
    with together(_asked(intent, question)):
        account, row = account_get(intent.account_id), instrument_get(intent.con_id)
        working, activity = _orders(question)
        own = OWN(None, working).get(intent.account_id, NOBODYS)
        quotes, link = quotes_and_link(account.connection, {intent.con_id, *own.unpriced})
        facts, quote = account_facts(account, at), quotes.get(intent.con_id)
        restricted = restricted_for(account.pk, intent.con_id, at)
        taken = pure.Snapshot(
            at=at,
            account=facts,
            link=link_facts(account.connection, link, at),
            standing=standing_of(account.pk, intent.con_id),
            instrument=None if row is None else instrument_facts(row, quote, at),
            quote=quote_facts(quote, link),
            lines=lines_of(account, facts.rates, own.orders, row, _prices(quotes)),
            working=working,
            activity=activity,
            restricted=restricted,
            margin=margin,
            freed=freed,
            before_wire=before_wire,
        )
        return taken, limits_for(_subject(account, intent, row, facts))


def _asked(intent: OrderIntent, question: ActivityQuestion) -> list[Asked]:
    account_id, con_id = intent.account_id, intent.con_id
    asked = [
        *facts_asked(account_id, con_id),
        *standing_asked(account_id, con_id),
        *lines_asked(account_id),
        *limits_asked(account_id, con_id, question.at),
    ]
    try:
        return [*asked, *book().ahead(question)]
    except BookMissing:
        return asked


def _subject(
    account: BrokerAccount, intent: OrderIntent, row: InstrumentRow | None, facts: pure.Account
) -> Subject:
    return Subject(
        connection_id=account.connection_id,
        account_id=account.pk,
        kind="" if row is None else row.kind,
        sec_type="" if row is None else row.sec_type,
        strategy=intent.strategy,
        con_id=intent.con_id,
        net_liquidation=facts.net_liquidation,
    )


def _orders(
    question: ActivityQuestion,
) -> tuple[tuple[WorkingOrder, ...] | None, Activity | None]:
    """Nothing known where no order book is registered."""
    try:
        found = book()
    except BookMissing:
        log.warning("no order book is registered: orders that raise risk are refused")
        return None, None
    return tuple(found.working(None)), found.activity(question)


def _question(intent: OrderIntent, at: datetime) -> ActivityQuestion:
    day_at = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return ActivityQuestion(
        account_id=intent.account_id,
        con_id=intent.con_id,
        strategy=intent.strategy,
        plan_line_id=intent.plan_line_id,
        at=at,
        day_at=day_at,
        week_at=day_at - timedelta(days=day_at.weekday()),
        recent_at=at - RECENT,
        twins=intent.may_be_twin,
    )


def _own(working: Iterable[WorkingOrder] | None) -> dict[int, Own]:
    found: dict[int, list[WorkingOrder]] = {}
    for order in working or ():
        found.setdefault(order.account_id, []).append(order)
    return {
        account_id: Own(tuple(orders), {o.con_id for o in orders if o.limit_price is None})
        for account_id, orders in found.items()
    }


OWN = Derived(_own)


def _prices(quotes: Mapping[int, dict[str, Any]]) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for con_id, quote in quotes.items():
        text = next((quote[n] for n in ("last", "mark", "ask", "bid", "close") if n in quote), None)
        if text is not None:
            found[con_id] = Decimal(str(text))
    return found
