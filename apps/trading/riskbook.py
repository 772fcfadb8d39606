"""What the gate and the guard ask of orders, answered from the trading app's rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Q, QuerySet

from apps.risk.book import Activity, ActivityQuestion, WorkingOrder
from apps.trading import ledger as own_ledger
from apps.trading.models import CommissionReport, Execution, Order, OrderChange, PlanLine, Source
from apps.trading.selectors.orders import executions_standing
from apps.trading.states import OPEN, OrderState

BY_HAND = (Source.PAGE, Source.API, Source.ADMIN, Source.TELEGRAM)
LOOKED_AT = 200
"""More rejects or losses in a row than this are no different."""
Amounts = tuple[tuple[str, Decimal], ...]


class TradingBook:
    """Implements apps.risk.book.OrderBook; registered when the process starts."""

    def working(self, account_id: int | None) -> Sequence[WorkingOrder]:
        rows = Order.objects.filter(state__in=sorted(OPEN))
        if account_id is not None:
            rows = rows.filter(account_id=account_id)
        return [working_order(row) for row in rows.order_by("pk")]

    def activity(self, question: ActivityQuestion) -> Activity:
        ours = Order.objects.exclude(source=Source.EXTERNAL)
        account = ours.filter(account_id=question.account_id)
        recent = account.filter(
            instrument_id=question.con_id, accepted_at__gte=question.recent_at
        ).order_by("pk")
        return Activity(
            **_counts(account, question),
            messages=_messages(question),
            recent=tuple(working_order(row) for row in recent),
            line_submissions=_line_submissions(question),
            rejects=_rejects(account, question),
            losses_instrument=_losses(question, Q(instrument_id=question.con_id)),
            losses_strategy=_losses_of_strategy(question),
            traded_week=_traded_week(question),
            traded_run=_traded_run(question),
        )

    def ledger(self, account_id: int) -> Mapping[int, Decimal]:
        return own_ledger.ledger(account_id)


def working_order(row: Order) -> WorkingOrder:
    return WorkingOrder(
        order_id=row.pk,
        account_id=row.account_id,
        con_id=row.instrument_id,
        side=row.side,
        quantity=row.quantity,
        remaining=row.remaining,
        limit_price=row.limit_price,
        stop_price=row.stop_price,
        order_type=row.order_type,
        tif=row.tif,
        state=row.state,
        external=row.external,
        accepted_at=row.accepted_at,
        strategy=row.strategy,
        plan_line_id=row.plan_line_id,
        source=row.source,
        idempotency_key=row.idempotency_key,
        oca_group=row.oca_group,
        parent_id=row.parent_id,
    )


def _counts(account: QuerySet[Order], question: ActivityQuestion) -> dict[str, int]:
    """Since the start of the day, in one query."""
    accepted = Q(accepted_at__gte=question.day_at)
    cancelled = Q(cancel_asked_at__gte=question.day_at)
    same = Q(instrument_id=question.con_id)
    return account.filter(accepted | cancelled).aggregate(
        orders_account=Count("pk", filter=accepted),
        orders_instrument=Count("pk", filter=accepted & same),
        cancels_account=Count("pk", filter=cancelled),
        cancels_instrument=Count("pk", filter=cancelled & same),
    )


def _messages(question: ActivityQuestion) -> int:
    """Orders and changes of the account's connection accepted within the second up to `at`."""
    since = question.at - timedelta(seconds=1)
    connection = Q(connection__accounts__pk=question.account_id)
    orders = Order.objects.filter(connection, accepted_at__gt=since, accepted_at__lte=question.at)
    changes = OrderChange.objects.filter(
        order__connection__accounts__pk=question.account_id,
        asked_at__gt=since,
        asked_at__lte=question.at,
    )
    return orders.exclude(source=Source.EXTERNAL).count() + changes.count()


def _line_submissions(question: ActivityQuestion) -> int:
    if question.plan_line_id is None:
        return 0
    rows = Order.objects.filter(plan_line_id=question.plan_line_id)
    return rows.exclude(source__in=BY_HAND).count()


def _rejects(account: QuerySet[Order], question: ActivityQuestion) -> int:
    """Rejects in a row, the newest first, among orders that the broker has answered; without a
    strategy those of people's own orders."""
    rows = account.filter(strategy=question.strategy)
    answered = rows.filter(acknowledged_at__isnull=False)
    states = answered.order_by("-accepted_at", "-pk").values_list("state", flat=True)
    count = 0
    for state in states[:LOOKED_AT]:
        if state != OrderState.REJECTED:
            break
        count += 1
    return count


@dataclass(frozen=True, slots=True)
class _Exit:
    at: datetime
    gain: Decimal


def _losses(question: ActivityQuestion, which: Q) -> tuple[datetime, ...]:
    """When exits lost money, newest first, back to the newest that did not.

    An exit is a fill with a realised P&L: the broker reports none for fills that open.
    """
    rows = executions_standing().filter(
        which, account_id=question.account_id, at__gte=question.recent_at
    )
    found: list[datetime] = []
    for exit_ in _exits(rows.select_related("order__plan_line").order_by("-at", "-pk")[:LOOKED_AT]):
        if exit_.gain >= 0:
            break
        found.append(exit_.at)
    return tuple(found)


def _exits(rows: Iterable[Execution]) -> list[_Exit]:
    """One for each order, and one for each plan: a rebalance that trims ten losers is one
    decision."""
    fills = list(rows)
    gains = dict(
        CommissionReport.objects.filter(
            exec_id__in=[row.exec_id for row in fills], realized_pnl__isnull=False
        ).values_list("exec_id", "realized_pnl")
    )
    found: dict[tuple[str, int], _Exit] = {}
    for row in fills:
        gain = gains.get(row.exec_id)
        if gain is None:
            continue
        key = _decision(row)
        known = found.get(key)
        found[key] = _Exit(known.at, known.gain + gain) if known else _Exit(row.at, gain)
    return list(found.values())


def _decision(row: Execution) -> tuple[str, int]:
    if row.order is None:
        return "execution", row.pk
    line = row.order.plan_line
    return ("order", row.order.pk) if line is None else ("plan", line.plan_id)


def _losses_of_strategy(question: ActivityQuestion) -> tuple[datetime, ...]:
    return _losses(question, Q(order__strategy=question.strategy)) if question.strategy else ()


def _traded_week(question: ActivityQuestion) -> Amounts:
    ours = Q(order__isnull=False) & ~Q(order__source=Source.EXTERNAL)
    return _traded(ours & Q(account_id=question.account_id, at__gte=question.week_at))


def _traded_run(question: ActivityQuestion) -> Amounts:
    if question.plan_line_id is None:
        return ()
    plans = PlanLine.objects.filter(pk=question.plan_line_id).values("plan_id")
    return _traded(Q(order__plan_line__plan_id__in=plans))


def _traded(which: Q) -> Amounts:
    """Sum of |quantity × price × multiplier| by currency."""
    found: dict[str, Decimal] = {}
    rows = executions_standing().filter(which)
    for quantity, price, multiplier, currency in rows.values_list(
        "quantity", "price", "instrument__multiplier", "instrument__currency"
    ):
        value = abs(quantity * price * (multiplier or Decimal(1)))
        found[currency] = found.get(currency, Decimal(0)) + value
    return tuple(sorted(found.items()))
