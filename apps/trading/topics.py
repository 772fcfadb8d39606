"""What browsers may subscribe to: an account's open and recent orders, and one trade run."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Prefetch

from apps.accounts.permissions import User
from apps.accounts.selectors import account_get
from apps.lib import clock
from apps.lib.errors import NotFound
from apps.lib.prepared import together
from apps.lib.realtime import Topic, publish
from apps.trading import rows, selectors
from apps.trading.models import Execution, Order, RunEvent, TradeRun
from apps.trading.selectors.orders import WITH_ORDER
from apps.trading.selectors.runs import WITH_RUN

ORDERS = "orders"
RUNS = "runs"
EVENTS_TOLD = 20
State = dict[str, Any]


def orders_topic(account_id: int) -> str:
    return f"{ORDERS}:{account_id}"


def run_topic(pk: int) -> str:
    return f"{RUNS}:{pk}"


def order_changed(order: Order, executions: Iterable[Execution] = ()) -> None:
    """Tells browsers on commit, with those of its executions that changed too; call it inside the
    transaction that changed the order.

    The row is read again when it is told, so that of two writers the later one's words stand.
    """
    pk, account_id = order.pk, order.account_id
    fills = tuple((row.connection_id, row.base) for row in executions)
    names = " ".join(base for _connection, base in fills)
    publish(
        orders_topic(account_id),
        lambda: _order_patch(pk, account_id, fills),
        key=f"order {pk} {names}",
    )
    if order.plan_line is not None:
        run_id = order.plan_line.plan.run_id
        line = f"line {order.plan_line_id}"
        publish(run_topic(run_id), lambda: _progress_patch(run_id, order.plan_line_id), key=line)


def execution_changed(execution: Execution) -> None:
    """Tells browsers on commit; also when its commission came, or a correction of it."""
    account_id, fill = execution.account_id, (execution.connection_id, execution.base)
    publish(
        orders_topic(account_id),
        lambda: {"executions": _executions_patch(account_id, [fill])},
        key=f"execution {execution.base}",
    )


def run_changed(run: TradeRun) -> None:
    """Tells browsers on commit."""
    publish(run_topic(run.pk), lambda: _run_patch(run.pk), key="run")


def orders_state(account_id: int) -> State:
    """State of the topic `orders:<account pk>`; executions are keyed by fill, not by revision."""
    now = clock.now()
    orders = Order.objects.filter(account_id=account_id).filter(selectors.orders_recent(now))
    executions = list(selectors.executions_recent(account_id, now))
    paid = selectors.commissions_of(executions)
    return {
        "orders": {str(o.pk): rows.order_row(o) for o in orders.select_related(*WITH_ORDER)},
        "executions": {
            row.base: rows.execution_row(row, paid.get((row.connection_id, row.exec_id)))
            for row in executions
        },
    }


def run_state(run: TradeRun) -> State:
    """State of the topic `runs:<pk>`; only lines that have orders are in it."""
    orders = selectors.run_orders(run.pk)
    told = rows.run_row(run) | rows.present(selectors.run_progress(run.pk, orders))
    lines = selectors.run_lines(run.pk, orders)
    return {
        "run": told,
        "lines": {number: rows.present(line) for number, line in lines.items()},
        "events": {str(e.number): rows.run_event_row(e) for e in run.events.all()},
    }


def _order_patch(pk: int, account_id: int, fills: Sequence[tuple[int, str]]) -> State:
    asked = [selectors.order_asked(pk)]
    for connection_id, base in fills:
        asked += selectors.fill_asked(connection_id, base)
    with together(asked):
        order = selectors.order_told(pk)
        shown = selectors.is_recent(order, clock.now())
        told: State = {"orders": {str(pk): rows.order_fields(order) if shown else None}}
        if fills:
            told["executions"] = _executions_patch(account_id, fills)
    return told


def _executions_patch(account_id: int, fills: Iterable[tuple[int, str]]) -> State:
    told: State = {}
    since_at = clock.now() - selectors.RECENT
    for connection_id, base in fills:
        found, paid = selectors.fill_told(connection_id, base)
        shown = found is not None and found.account_id == account_id and found.at >= since_at
        told[base] = rows.execution_fields(found, paid) if found and shown else None
    return told


def _progress_patch(run_id: int, line_id: int | None) -> State:
    orders = selectors.run_orders(run_id)
    of_line = [order for order in orders if order.plan_line_id == line_id]
    return {
        "run": selectors.run_progress(run_id, orders),
        "lines": selectors.run_lines(run_id, of_line),
    }


def _run_patch(pk: int) -> State:
    newest = RunEvent.objects.order_by("-number")
    run = TradeRun.objects.select_related(*WITH_RUN).prefetch_related(
        Prefetch("events", newest, to_attr="newest")
    )
    found = run.get(pk=pk)
    orders = selectors.run_orders(pk)
    told = found.newest[:EVENTS_TOLD]
    return {
        "run": rows.run_fields(found) | selectors.run_progress(pk, orders),
        "events": {str(event.number): rows.run_event_row(event) for event in told},
    }


def _orders_allowed(user: User, key: str) -> bool:
    try:
        account_get(user, key)
    except NotFound:
        return False
    return True


def _orders_snapshot(user: User, key: str) -> State:
    return orders_state(account_get(user, key).pk)


def _run_allowed(user: User, key: str) -> bool:
    return key.isdigit() and len(key) < 19 and selectors.runs_visible(user).filter(pk=key).exists()


def _run_snapshot(user: User, key: str) -> State:
    return run_state(selectors.run_get(user, key))


TOPICS = (
    Topic(ORDERS, _orders_allowed, _orders_snapshot),
    Topic(RUNS, _run_allowed, _run_snapshot),
)
