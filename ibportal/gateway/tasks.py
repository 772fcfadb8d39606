"""Tasks that run inside a gateway worker, beside the socket it holds."""

import logging

from celery import shared_task

from apps.lib import clock
from apps.lib import redis as store
from ibkr.errors import IbkrError
from ibportal.gateway import running

log = logging.getLogger(__name__)


@shared_task(name="gateway.refresh")
def refresh() -> None:
    """Asks the broker anew; while the link is down the start path will do the same anyway."""
    if running.gateway is None:
        log.error("gateway.refresh reached a worker without a gateway")
        return
    try:
        running.gateway.refresh()
    except IbkrError as error:
        log.warning("refresh not done: %s", error)


@shared_task(name="gateway.began")
def began(reply_to: str) -> None:
    """Does nothing but say when it began: how long a task waits for its worker."""
    at = clock.now().timestamp()
    with store.client().pipeline(transaction=False) as pipe:
        pipe.lpush(reply_to, repr(at))
        pipe.expire(reply_to, 60)
        pipe.execute()
