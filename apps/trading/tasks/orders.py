"""Orders, changes and cancels in the gateway worker, and the sweep; each harmless when repeated."""

import logging
from collections.abc import Callable
from typing import Any

from celery import shared_task

from apps.lib import clock
from apps.lib.queue import answer
from apps.marketdata.broker import broker_errors
from apps.trading import services
from apps.trading.holders import Holder, holder_of, holder_only
from apps.trading.models import Order, OrderChange
from ibkr.errors import IbkrError
from ibkr.port import port_of

log = logging.getLogger(__name__)


@shared_task(name="trading.submit")
def submit(order_id: int) -> None:
    """An order of another connection is claimed by nobody here."""

    def work(holder: Holder) -> None:
        services.order_submit(order_id=order_id, holder=holder, now=clock.now)

    holder = holder_only()
    _here(_slug_of_order(order_id) if holder is None else holder.slug, work)


@shared_task(name="trading.cancel")
def cancel(order_id: int) -> None:
    _here(
        _slug_of_order(order_id),
        lambda holder: services.cancel_send(order_id=order_id, holder=holder),
    )


@shared_task(name="trading.change")
def change(change_id: int) -> None:
    order_id = OrderChange.objects.values_list("order_id", flat=True).get(pk=change_id)
    _here(
        _slug_of_order(order_id),
        lambda holder: services.change_send(change_id=change_id, holder=holder, now=clock.now),
    )


@shared_task(name="trading.what_if")
def what_if(
    slug: str, reply_to: str, language: str, account_id: int, con_id: int, terms: dict[str, Any]
) -> None:
    def work() -> Any:
        with broker_errors():
            return services.what_if_here(
                port_of(slug), account_id=account_id, con_id=con_id, terms=terms
            )

    answer(reply_to, language, work)


@shared_task(name="trading.sweep")
def sweep() -> None:
    """Every five seconds, on the default queue."""
    services.orders_sweep(at=clock.now())


def _slug_of_order(order_id: int) -> str:
    rows = Order.objects.filter(pk=order_id)
    return rows.values_list("connection__slug", flat=True).get()


def _here(slug: str, work: Callable[[Holder], None]) -> None:
    """The link being down is no failure: the row stands, and the sweep comes again."""
    try:
        work(holder_of(slug))
    except IbkrError as error:
        log.warning("not done on %s: %s", slug, error)
