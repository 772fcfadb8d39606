"""What beat schedules, what gateways are woken for, and what pages wait for.

Tasks that need the broker run in the gateway process, on its own queue; each is harmless when
delivered twice.
"""

import logging
from collections.abc import Callable
from datetime import date
from typing import Any

from celery import shared_task
from django.conf import settings

from apps.accounts.models import Connection
from apps.lib import clock
from apps.lib.queue import answer, enqueue
from apps.marketdata import services
from apps.marketdata.broker import broker_errors
from apps.marketdata.services import bars, lookups
from ibkr.errors import IbkrError
from ibkr.port import BrokerPort, port_of
from ibkr.types import BrokerError

log = logging.getLogger(__name__)


# on the default queue


@shared_task(name="marketdata.stream_refresh")
def stream_refresh() -> None:
    """Every five seconds: wakes the gateways whose refresh is due, notices those that are gone."""
    services.streams_check(at=clock.now())


@shared_task(name="marketdata.bars_resume")
def bars_resume() -> None:
    """Every half minute."""
    services.bars_resume()


@shared_task(name="marketdata.bars_keep")
def bars_keep(slug: str = "") -> None:
    """Every hour for all connections, and for one soon after its link is up."""
    services.bars_keep(at=clock.now(), slug=slug)


@shared_task(name="marketdata.fmp_closes")
def fmp_closes(slug: str, con_ids: list[int]) -> None:
    """Closes the broker has none of, from the second source, if there is a key for it."""
    if services.fmp_closes_fetch(con_ids=con_ids, at=clock.now()):
        services.stream_wake(slug)


# in the gateway process, in the background: the link being down is no failure, others ask again


@shared_task(name="marketdata.stream_refresh_here")
def stream_refresh_here(slug: str, again: bool = False) -> None:  # noqa: FBT001, FBT002  # Celery's keyword
    """Sends the difference between wanted and live subscriptions."""
    streams = services.streams_of(slug)
    if streams is None:
        log.warning("no streams of %s in this process", slug)
        return
    if again:
        streams.try_again()
    _in_background(slug, streams.refresh)


@shared_task(name="marketdata.details_fetch")
def details_fetch(slug: str, con_ids: list[int]) -> None:
    def work(port: BrokerPort) -> None:
        at, streams = clock.now(), services.streams_of(slug)
        refused = lookups.details_refresh(port, con_ids=con_ids, at=at)
        for con_id, error in refused.items():
            if streams is not None:
                streams.hear(BrokerError(error.number, error.text, at, -1, con_id=con_id))
        services.stream_wake(slug)

    _in_background(slug, work)


@shared_task(name="marketdata.closes_fetch")
def closes_fetch(slug: str, con_ids: list[int]) -> None:
    def work(port: BrokerPort) -> None:
        refused = services.closes_fetch(port, con_ids=con_ids, at=clock.now())
        services.stream_wake(slug)
        if refused and settings.FMP_API_KEY:
            enqueue("marketdata.fmp_closes", slug=slug, con_ids=refused)

    _in_background(slug, work)


@shared_task(name="marketdata.bars_next")
def bars_next(slug: str) -> None:
    """One chunk; enqueues itself while there is more."""

    def work(port: BrokerPort) -> None:
        connection = Connection.objects.get(slug=slug)
        if services.bars_next(connection=connection, port=port, at=clock.now()):
            bars.bars_wake(slug)

    _in_background(slug, work)


@shared_task(name="marketdata.bars_latest")
def bars_latest(slug: str, con_id: int, size: str) -> None:
    """The newest bars once more: one has ended."""

    def work(port: BrokerPort) -> None:
        services.bars_latest_fetch(port, con_id=con_id, size=size, at=clock.now())

    _in_background(slug, work)


# in the gateway process, while a page waits


@shared_task(name="marketdata.search")
def search(slug: str, reply_to: str, language: str, text: str) -> None:
    _for_page(slug, reply_to, language, lambda port: lookups.symbols_search(port, text=text))


@shared_task(name="marketdata.resolve")
def resolve(slug: str, reply_to: str, language: str, query: dict[str, Any]) -> None:
    def work(port: BrokerPort) -> list[int]:
        return lookups.details_find(port, query=query, at=clock.now())

    _for_page(slug, reply_to, language, work)


@shared_task(name="marketdata.chain")
def chain(slug: str, reply_to: str, language: str, con_id: int) -> None:
    _for_page(slug, reply_to, language, lambda port: lookups.chain_find(port, con_id=con_id))


@shared_task(name="marketdata.chain_expiry")
def chain_expiry(
    slug: str, reply_to: str, language: str, con_id: int, expiry: str, trading_class: str
) -> None:
    def work(port: BrokerPort) -> list[int]:
        return lookups.chain_expiry_find(
            port,
            con_id=con_id,
            expiry=date.fromisoformat(expiry),
            trading_class=trading_class,
            at=clock.now(),
        )

    _for_page(slug, reply_to, language, work)


def _in_background(slug: str, work: Callable[[BrokerPort], None]) -> None:
    try:
        work(port_of(slug))
    except IbkrError as error:
        log.warning("not done on %s: %s", slug, error)


def _for_page(slug: str, reply_to: str, language: str, work: Callable[[BrokerPort], Any]) -> None:
    def asked() -> Any:
        with broker_errors():
            return work(port_of(slug))

    answer(reply_to, language, asked)
