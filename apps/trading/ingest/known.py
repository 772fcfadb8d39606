"""What is stored about one order, read in one statement once its row is locked."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from apps.lib.prepared import Prepared, Whole, together
from apps.trading.ingest.finding import ORDER, lock
from apps.trading.models import CommissionReport, Execution, Order, OrderChange, OrderEvent

AHEAD = 8
"""Commissions of so many new executions are asked for together with the order."""
ON_THE_WIRE = (OrderChange.State.SENT, OrderChange.State.CONFIRMED, OrderChange.State.REFUSED)

NEWEST = Prepared(
    lambda order_id: (
        OrderEvent.objects.filter(order_id=order_id).order_by("-number").values_list("number")[:1]
    )
)
FILLS = Whole(Execution, lambda order_id: Execution.objects.filter(order=order_id).order_by())
REPORTS = Whole(
    CommissionReport,
    lambda order_id: CommissionReport.objects.filter(
        Exists(
            Execution.objects.filter(
                order=order_id, connection=OuterRef("connection"), exec_id=OuterRef("exec_id")
            )
        )
    ).order_by(),
)
REPORT = Whole(
    CommissionReport,
    lambda connection_id, exec_id: CommissionReport.objects.filter(
        connection=connection_id, exec_id=exec_id
    ).order_by(),
)
EXECUTION = Whole(
    Execution,
    lambda connection_id, exec_id: Execution.objects.filter(
        connection=connection_id, exec_id=exec_id
    ).order_by(),
)
CHANGES = Whole(
    OrderChange,
    lambda order_id: OrderChange.objects.filter(order=order_id, state__in=ON_THE_WIRE).order_by(
        "number"
    ),
)


@dataclass(slots=True)
class Known:
    """`newest` is the number of the order's last event; `reports` are by execId and have None
    where it is known that there is none."""

    newest: int
    fills: dict[str, Execution]
    reports: dict[str, CommissionReport | None]
    changes: list[OrderChange] | None = None
    """Those that were sent, the oldest first; None where they are to be read anew."""


def known_of(pk: int) -> Known:
    """Of an order that is locked already, or is new."""
    newest = (NEWEST.first(order_id=pk) or (0,))[0]
    fills = {row.exec_id: row for row in FILLS.rows(order_id=pk)}
    reports = {report.exec_id: report for report in REPORTS.rows(order_id=pk)}
    return Known(newest, fills, {**dict.fromkeys(fills), **reports}, changes_of(pk))


def opened(connection_id: int, pk: int, exec_ids: Sequence[str] = ()) -> tuple[Order, Known]:
    """The locked order and what is known of it; `exec_ids` of executions that will be heard."""
    lock(pk)
    asked = [query.asked(order_id=pk) for query in (ORDER, NEWEST, FILLS, REPORTS, CHANGES)]
    ahead = list(dict.fromkeys(exec_ids))[:AHEAD]
    asked += [REPORT.asked(connection_id=connection_id, exec_id=exec_id) for exec_id in ahead]
    with together(asked):
        order = ORDER.first(order_id=pk)
        if order is None:
            raise Order.DoesNotExist
        known = known_of(pk)
        for exec_id in ahead:
            known.reports[exec_id] = report_of(connection_id, exec_id)
    return order, known


def changes_of(pk: int) -> list[OrderChange]:
    return CHANGES.rows(order_id=pk)


def report_of(connection_id: int, exec_id: str) -> CommissionReport | None:
    return REPORT.first(connection_id=connection_id, exec_id=exec_id)
