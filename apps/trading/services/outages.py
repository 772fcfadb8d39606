"""What happened while the portal was not listening, gathered from the rows it has now."""

from datetime import datetime
from typing import Any

from apps.accounts.models import BrokerAccount, Connection, LinkEvent
from apps.accounts.numbers import plain
from apps.trading.models import Execution, Order, OutageReport, Source
from apps.trading.services.known import differences
from apps.trading.states import ENDED, OrderState
from ibkr.types import LinkState

DOWN = (LinkState.CONNECTING, LinkState.DISCONNECTED, LinkState.RESTART_WINDOW)
Entry = dict[str, Any]


def linked_at(connection: Connection) -> datetime | None:
    """A time before the present socket was opened and after every earlier one was closed."""
    rows = connection.link_events.filter(state__in=[state.value for state in DOWN])
    return rows.values_list("at", flat=True).first()


def lost_at(connection: Connection) -> datetime | None:
    """When the link was lost that is coming back now; None when it was not."""
    up = connection.link_events.filter(state=LinkState.READY.value).first()
    lost = None if up is None else _next(connection, up)
    return None if lost is None else lost.at


def away_since(connection: Connection) -> datetime | None:
    """When the link was lost that is coming back now; None when it was not, or is reported."""
    found = lost_at(connection)
    if found is None:
        return None
    reported = OutageReport.objects.filter(connection=connection, to_at__gt=found)
    return None if reported.exists() else found


def what_happened(
    connection: Connection, from_at: datetime, to_at: datetime
) -> dict[str, list[Entry]]:
    """Facts that were learnt from `from_at` on; empty lists are left out."""
    orders = Order.objects.filter(connection=connection).select_related("instrument", "account")
    fills = Execution.objects.filter(
        connection=connection, recorded_at__gte=from_at, recorded_at__lte=to_at
    )
    learnt = {
        "fills": [_fill(row) for row in fills.select_related("instrument").order_by("at", "pk")],
        "ended": [
            _order(row)
            for row in orders.filter(ended_at__gte=from_at, state__in=sorted(ENDED)).order_by("pk")
        ],
        "unknown": [_order(row) for row in orders.filter(state=OrderState.UNKNOWN)],
        "external": [
            _order(row) for row in orders.filter(source=Source.EXTERNAL, accepted_at__gte=from_at)
        ],
        "positions": _positions(connection),
    }
    return {name: rows for name, rows in learnt.items() if rows}


def _next(connection: Connection, event: LinkEvent) -> LinkEvent | None:
    later = connection.link_events.filter(at__gte=event.at, pk__gt=event.pk)
    return later.order_by("at", "pk").first()


def _fill(row: Execution) -> Entry:
    return {
        "exec_id": row.exec_id,
        "order": row.order_id,
        "account": row.account_id,
        "con_id": row.instrument_id,
        "name": str(row.instrument),
        "side": row.side,
        "quantity": plain(row.quantity),
        "price": plain(row.price),
        "at": row.at.isoformat(),
    }


def _order(row: Order) -> Entry:
    return {
        "order": row.pk,
        "account": row.account_id,
        "con_id": row.instrument_id,
        "name": str(row.instrument),
        "side": row.side,
        "quantity": plain(row.quantity),
        "filled": plain(row.filled),
        "state": row.state,
        "reason_code": row.reason_code,
        "reason": row.reason,
    }


def _positions(connection: Connection) -> list[Entry]:
    """Positions that our executions do not explain."""
    found = []
    for account in BrokerAccount.objects.filter(connection=connection):
        for con_id, (broker, ours) in (differences(account) or {}).items():
            found.append(
                {
                    "account": account.pk,
                    "con_id": con_id,
                    "broker": plain(broker),
                    "ledger": plain(ours),
                }
            )
    return found
