"""A gateway of a test's own: session on a simulator, tick pipeline, streams, and a task worker."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from celery.contrib.testing.worker import start_worker

from apps.accounts.models import Connection
from apps.lib import clock
from apps.lib import redis as store
from apps.lib.queue import gateway_queue
from apps.marketdata import services
from apps.marketdata.pipeline import Pipeline
from ibkr.port import BrokerEvent, BrokerPort, register
from ibkr.session import Session
from ibkr.types import BrokerError, DataKindChanged, Greeks, LinkState, Tick
from ibportal.celery import app
from tests.factories import worker_says
from tests.portal import eventually
from tests.wire.live_session import FAST, NOTHING


class Gateway:
    """What the gateway process does with market data, in this process."""

    def __init__(self, row: Connection, port: int) -> None:
        self.row = row
        self.errors: list[BrokerError] = []
        self.woken = threading.Event()
        self.pipeline = Pipeline(row.slug, store.client, flush_ms=5, now=clock.now)
        self.streams = services.Streams(row.slug, row.pk, self.pipeline, clock.now)
        settings = replace(FAST, port=port, client_id=71, heartbeat_every=5.0, heartbeat_limit=20.0)
        self.session = Session(settings, self._hear, on_up=NOTHING, now=clock.now)

    @property
    def port(self) -> BrokerPort:
        return self.session.port

    def refresh(self) -> None:
        self.streams.refresh(self.port)

    def error(self, code: int) -> BrokerError:
        """Waits for it."""
        found = eventually(
            lambda: [error for error in self.errors if error.code == code],
            within=8,
            what=f"error {code}, not only {self.errors}",
        )
        return found[0]

    def _hear(self, event: BrokerEvent) -> None:
        if isinstance(event, Tick | Greeks | DataKindChanged):
            self.pipeline.put(event)
            return
        if isinstance(event, BrokerError):
            self.errors.append(event)
        if self.streams.hear(event):
            self.woken.set()


@contextmanager
def gateway(row: Connection, port: int) -> Iterator[Gateway]:
    """Connected to the simulator on `port`, with its lease held and its tasks at work."""
    made = Gateway(row, port)
    made.pipeline.start()
    made.session.start()
    register(row.slug, made.port)
    services.register(row.slug, made.streams)
    try:
        eventually(
            lambda: made.session.link.state is LinkState.READY, within=10, what="a ready link"
        )
        queues = [gateway_queue(row.slug)]
        with worker_says(row), start_worker(app, perform_ping_check=False, queues=queues):
            yield made
    finally:
        services.register(row.slug, None)
        register(row.slug, None)
        made.session.stop()
        made.pipeline.stop()
