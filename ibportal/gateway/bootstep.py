"""Celery bootstep: a worker named gateway-<slug> holds that connection; others do not."""

import logging
import re
import sys
import time
from typing import Any, NoReturn

import redis
from celery import bootsteps
from celery.concurrency.prefork import TaskPool as PreforkPool
from django.db import DatabaseError, connections

from apps.accounts import ingest
from apps.accounts.links import WORKER_DIED
from apps.accounts.models import Connection
from apps.lib import clock, queue
from ibkr.types import LinkChanged, LinkState
from ibportal.gateway import running
from ibportal.gateway.announce import announce
from ibportal.gateway.gateway import Gateway
from ibportal.gateway.lease import Leases, LeaseTaken, died_here

log = logging.getLogger(__name__)

NODE = re.compile(r"^gateway-(?P<slug>[a-z0-9-]+)@")
REFUSED = 3
"""Exit code of a worker that must not run; starting it again does not help."""
PARTS_WAIT = 60.0
DEATH_TOLD = 30
SWITCH = 0.0005
"""Seconds that one thread may keep the interpreter while others want it: a cancel must not wait
five milliseconds (Python's default) behind each task that is at work."""


class GatewayStep(bootsteps.StartStopStep):
    """Lives on the worker blueprint: a consumer step would be restarted with every Redis outage.

    Starts after the pool, so that it stops before it: tasks that still run get NotConnected.
    """

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self.gateway: Gateway | None = None

    def include_if(self, worker: Any) -> bool:
        return NODE.match(worker.hostname) is not None

    def start(self, worker: Any) -> None:
        slug = _slug(worker)
        if issubclass(worker.pool_cls, PreforkPool):
            refuse("A gateway worker needs --pool threads: prefork children cannot share a socket.")
        if queue.gateway_queue(slug) not in worker.app.amqp.queues.consume_from:
            refuse(f"A gateway worker for {slug} needs --queues {queue.gateway_queue(slug)}.")
        row = _connection(slug)
        leases = Leases(self._lease_taken)
        leases.start()
        _take_connection(leases, row)
        sys.setswitchinterval(SWITCH)
        self.gateway = Gateway(row, leases)
        running.gateway = self.gateway
        self.gateway.start()

    def stop(self, parent: Any) -> None:  # noqa: ARG002  # Celery's signature
        running.gateway = None
        if self.gateway is not None:
            self.gateway.stop()

    def terminate(self, parent: Any) -> None:
        self.stop(parent)

    def _lease_taken(self, taken: LeaseTaken) -> None:
        if self.gateway is not None:
            self.gateway.lease_taken(taken)


def refuse(sentence: str) -> NoReturn:
    log.critical("Gateway worker refused: %s", sentence)
    raise SystemExit(REFUSED)


def _slug(worker: Any) -> str:
    found = NODE.match(worker.hostname)
    if found is None:
        refuse(f"{worker.hostname} is not a gateway node name (gateway-<slug>@host).")
    return found["slug"]


def _connection(slug: str) -> Connection:
    until = time.monotonic() + PARTS_WAIT
    while True:
        try:
            row = Connection.objects.filter(slug=slug).first()
            break
        except DatabaseError as error:
            connections.close_all()
            if time.monotonic() > until:
                refuse(f"the database does not answer: {error}")
            time.sleep(1)
    if row is None:
        refuse(f"there is no connection {slug!r}; add it in the admin under Connections.")
    return row


def _take_connection(leases: Leases, row: Connection) -> None:
    until = time.monotonic() + PARTS_WAIT
    while True:
        try:
            leases.take_from_the_dead(
                f"connection:{row.slug}", lambda holder: _tell_of_death(row, holder)
            )
        except LeaseTaken as taken:
            refuse(f"connection {row.slug} already has a gateway worker ({taken.holder}).")
        except redis.RedisError as error:
            if time.monotonic() > until:
                refuse(f"Redis does not answer: {error}")
            time.sleep(1)
        else:
            return


def _tell_of_death(row: Connection, holder: str) -> None:
    """A killed worker can't say so itself; its successor does, while its lease runs out."""
    if not died_here(holder):
        return
    change = LinkChanged(
        LinkState.DISCONNECTED,
        clock.now(),
        WORKER_DIED,
        "The gateway worker died; a new one is taking over.",
    )
    announce(row.slug, change, seconds=DEATH_TOLD)
    ingest.on_link(connection_id=row.pk, change=change)
