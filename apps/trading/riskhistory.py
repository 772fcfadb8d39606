"""What was lost and traded lately, for the gate and the guard."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from itertools import takewhile
from typing import Any

from django.db.models import DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Abs, Coalesce

from apps.lib.prepared import Prepared, Row, Same
from apps.risk.book import ActivityQuestion
from apps.trading.models import CommissionReport, PlanLine, Source
from apps.trading.selectors.orders import executions_standing

LOOKED_AT = 200
"""More losses in a row than this are no different."""
WORTH: "DecimalField[Decimal, Decimal]" = DecimalField(max_digits=60, decimal_places=26)
Amounts = tuple[tuple[str, Decimal], ...]
Rows = QuerySet[Any, Any]


def _exits(account_id: int, since_at: datetime, **which: Any) -> Rows:
    """Fills with a realised P&L, the newest first: the broker reports none for fills that open."""
    paid = CommissionReport.objects.filter(
        connection=OuterRef("connection"), exec_id=OuterRef("exec_id")
    )
    rows = executions_standing().annotate(gain=Subquery(paid.values("realized_pnl")[:1]))
    rows = rows.filter(account_id=account_id, at__gte=since_at, gain__isnull=False, **which)
    return rows.order_by("-at", "-pk").values_list(
        "at", "gain", "pk", "order_id", "order__plan_line__plan_id"
    )[:LOOKED_AT]


def _losses(fills: Iterable[Row]) -> tuple[datetime, ...]:
    """When exits lost money, newest first, back to the newest that did not.

    One for each order, and one for each plan: a rebalance that trims ten losers is one decision.
    """
    found: dict[tuple[str, int], tuple[datetime, Decimal]] = {}
    for at, gain, *row in fills:
        key = _decision(*row)
        known = found.get(key)
        found[key] = (known[0], known[1] + gain) if known else (at, gain)
    lost = takewhile(lambda exit_: exit_[1] < 0, found.values())
    return tuple(at for at, _gain in lost)


def _decision(pk: int, order_id: int | None, plan_id: int | None) -> tuple[str, int]:
    if plan_id is not None:
        return "plan", plan_id
    return ("execution", pk) if order_id is None else ("order", order_id)


EXITS = Same(
    Prepared(
        lambda account_id, con_id, since_at: _exits(account_id, since_at, instrument_id=con_id)
    ),
    _losses,
)
EXITS_OF_STRATEGY = Same(
    Prepared(
        lambda account_id, strategy, since_at: _exits(
            account_id, since_at, order__strategy=strategy
        )
    ),
    _losses,
)


def losses_instrument(question: ActivityQuestion) -> tuple[datetime, ...]:
    return EXITS(
        account_id=question.account_id, con_id=question.con_id, since_at=question.recent_at
    )


def losses_strategy(question: ActivityQuestion) -> tuple[datetime, ...]:
    if not question.strategy:
        return ()
    return EXITS_OF_STRATEGY(
        account_id=question.account_id, strategy=question.strategy, since_at=question.recent_at
    )


def _traded(which: Q) -> Rows:
    """Sum of |quantity × price × multiplier| by currency."""
    worth = Abs(F("quantity") * F("price") * Coalesce(F("instrument__multiplier"), Decimal(1)))
    rows = executions_standing().filter(which).order_by()
    total = Sum(worth, output_field=WORTH)
    return (
        rows.values("instrument__currency")
        .annotate(total=total)
        .values_list("instrument__currency", "total")
    )


def _amounts(rows: Iterable[Row]) -> Amounts:
    return tuple(sorted((currency, amount) for currency, amount in rows))


WEEK = Same(
    Prepared(
        lambda account_id, since_at: _traded(
            Q(order__isnull=False)
            & ~Q(order__source=Source.EXTERNAL)
            & Q(account_id=account_id, at__gte=since_at)
        )
    ),
    _amounts,
)
RUN = Same(
    Prepared(
        lambda line_id: _traded(
            Q(order__plan_line__plan_id__in=PlanLine.objects.filter(pk=line_id).values("plan_id"))
        )
    ),
    _amounts,
)


def traded_week(question: ActivityQuestion) -> Amounts:
    return WEEK(account_id=question.account_id, since_at=question.week_at)


def traded_run(question: ActivityQuestion) -> Amounts:
    if question.plan_line_id is None:
        return ()
    return RUN(line_id=question.plan_line_id)
