"""What the gate and the guard ask of orders, answered from the trading app's rows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value

from apps.accounts.models import BrokerAccount
from apps.lib.prepared import Asked, Kept, Prepared, Row, Same
from apps.risk.book import Activity, ActivityQuestion, WorkingOrder
from apps.trading import ledger as own_ledger
from apps.trading import riskhistory
from apps.trading.models import Order, OrderChange, Source
from apps.trading.states import OPEN, OrderState

BY_HAND = (Source.PAGE, Source.API, Source.ADMIN, Source.TELEGRAM)
LOOKED_AT = 200
"""More rejects or losses in a row than this are no different."""
FIRST_LOOK = 3
"""Mostly the newest answer is no reject."""
SECOND = timedelta(seconds=1)
COLUMNS = (
    "id", "account_id", "instrument_id", "side", "quantity", "filled", "limit_price", "stop_price",
    "order_type", "tif", "state", "source", "accepted_at", "strategy", "plan_line_id",
    "idempotency_key", "oca_group", "parent_id",
)  # fmt: skip
Rows = QuerySet[Any, Any]


class TradingBook:
    """Implements apps.risk.book.OrderBook; registered when the process starts."""

    def working(self, account_id: int | None) -> Sequence[WorkingOrder]:
        return WORKING() if account_id is None else WORKING_OF(account_id=account_id)

    def activity(self, question: ActivityQuestion) -> Activity:
        return Activity(
            **_counts(question),
            recent=_recent(question),
            line_submissions=_line_submissions(question),
            rejects=_rejects(question),
            losses_instrument=riskhistory.losses_instrument(question),
            losses_strategy=riskhistory.losses_strategy(question),
            traded_week=riskhistory.traded_week(question),
            traded_run=riskhistory.traded_run(question),
        )

    def ahead(self, question: ActivityQuestion) -> Sequence[Asked]:
        return _asked(question)

    def ledger(self, account_id: int) -> Mapping[int, Decimal]:
        return own_ledger.ledger(account_id)


def _working_order(row: Row) -> WorkingOrder:
    told = dict(zip(COLUMNS, row, strict=True))
    quantity, source = told["quantity"], told.pop("source")
    return WorkingOrder(
        order_id=told.pop("id"),
        con_id=told.pop("instrument_id"),
        remaining=max(quantity - told.pop("filled"), Decimal(0)),
        external=source == Source.EXTERNAL,
        source=source,
        **told,
    )


def _open() -> QuerySet[Order]:
    return Order.objects.filter(state__in=sorted(OPEN)).order_by("pk")


def _ours(account_id: int) -> QuerySet[Order]:
    return Order.objects.filter(account_id=account_id).exclude(source=Source.EXTERNAL)


WORKING = Kept(Prepared(lambda: _open().values_list(*COLUMNS)), _working_order)
WORKING_OF = Kept(
    Prepared(lambda account_id: _open().filter(account_id=account_id).values_list(*COLUMNS)),
    _working_order,
)
RECENT = Same(
    Prepared(
        lambda account_id, con_id, since_at: (
            _ours(account_id)
            .filter(instrument_id=con_id, accepted_at__gte=since_at)
            .order_by("pk")
            .values_list(*COLUMNS)
        )
    ),
    lambda rows: tuple(_working_order(row) for row in rows),
)


def _recent(question: ActivityQuestion) -> tuple[WorkingOrder, ...]:
    if not question.twins:
        return ()
    return RECENT(
        account_id=question.account_id, con_id=question.con_id, since_at=question.recent_at
    )


def _count_rows(account_id: int, con_id: int, day_at: datetime) -> Rows:
    accepted, cancelled = Q(accepted_at__gte=day_at), Q(cancel_asked_at__gte=day_at)
    same = Q(instrument_id=con_id)
    counted = {
        "orders_account": Count("pk", filter=accepted),
        "orders_instrument": Count("pk", filter=accepted & same),
        "cancels_account": Count("pk", filter=cancelled),
        "cancels_instrument": Count("pk", filter=cancelled & same),
    }
    rows = _ours(account_id).filter(accepted | cancelled).order_by()
    return rows.values(one=Value(1)).annotate(**counted).values_list(*counted)


def _message_rows(account_id: int, since_at: datetime, at: datetime) -> Rows:
    """Orders and changes of the account's connection."""
    orders = Order.objects.filter(accepted_at__gt=since_at, accepted_at__lte=at)
    changes = OrderChange.objects.filter(asked_at__gt=since_at, asked_at__lte=at)
    return BrokerAccount.objects.filter(pk=account_id).values_list(
        _count(orders.filter(connection=OuterRef("connection")).exclude(source=Source.EXTERNAL)),
        _count(changes.filter(order__connection=OuterRef("connection"))),
    )


def _count(rows: Rows) -> Subquery:
    """Of a whole query, as one column of another."""
    return Subquery(rows.order_by().values(one=Value(1)).annotate(n=Count("pk")).values("n"))


COUNTED = "orders_account", "orders_instrument", "cancels_account", "cancels_instrument"
COUNTS = Same(
    Prepared(_count_rows),
    lambda rows: dict(zip(COUNTED, rows[0], strict=True)),
)
MESSAGES = Same(
    Prepared(_message_rows), lambda rows: sum(count or 0 for row in rows for count in row)
)


def _counts(question: ActivityQuestion) -> dict[str, int]:
    """Since the start of the day, and within the second up to `at`."""
    account_id, at = question.account_id, question.at
    counted = COUNTS(account_id=account_id, con_id=question.con_id, day_at=question.day_at)
    return counted | {"messages": MESSAGES(account_id=account_id, since_at=at - SECOND, at=at)}


SUBMITTED = Prepared(
    lambda line_id: (
        Order.objects.filter(plan_line_id=line_id)
        .exclude(source__in=BY_HAND)
        .order_by()
        .values_list("pk")
    )
)


def _line_submissions(question: ActivityQuestion) -> int:
    line_id = question.plan_line_id
    return 0 if line_id is None else len(SUBMITTED.rows(line_id=line_id))


def _answers(account_id: int, strategy: str) -> Rows:
    rows = _ours(account_id).filter(strategy=strategy, acknowledged_at__isnull=False)
    return rows.order_by("-accepted_at", "-pk").values_list("state")


def _in_a_row(states: Iterable[Row]) -> int:
    return sum(1 for _ in takewhile(lambda row: row[0] == OrderState.REJECTED, states))


ANSWERS = (
    Same(Prepared(lambda **of: _answers(**of)[:FIRST_LOOK]), _in_a_row),
    Same(Prepared(lambda **of: _answers(**of)[:LOOKED_AT]), _in_a_row),
)


def _rejects(question: ActivityQuestion) -> int:
    """Rejects in a row, the newest first, among orders that the broker has answered; without a
    strategy those of people's own orders."""
    count = 0
    for answers in ANSWERS:
        count = answers(account_id=question.account_id, strategy=question.strategy)
        if count < FIRST_LOOK:
            break
    return count


def _asked(question: ActivityQuestion) -> list[Asked]:
    """Each of the queries above with the values it is going to be run with."""
    account_id, con_id, strategy = question.account_id, question.con_id, question.strategy
    here = {"account_id": account_id, "con_id": con_id}
    since_at, at = question.recent_at, question.at
    asked = [
        WORKING.asked(),
        COUNTS.asked(**here, day_at=question.day_at),
        MESSAGES.asked(account_id=account_id, since_at=at - SECOND, at=at),
        ANSWERS[0].asked(account_id=account_id, strategy=strategy),
        riskhistory.EXITS.asked(**here, since_at=since_at),
        riskhistory.WEEK.asked(account_id=account_id, since_at=question.week_at),
    ]
    if question.twins:
        asked.append(RECENT.asked(**here, since_at=since_at))
    if strategy:
        asked.append(
            riskhistory.EXITS_OF_STRATEGY.asked(
                account_id=account_id, strategy=strategy, since_at=since_at
            )
        )
    if (line_id := question.plan_line_id) is not None:
        asked += [SUBMITTED.asked(line_id=line_id), riskhistory.RUN.asked(line_id=line_id)]
    return asked
