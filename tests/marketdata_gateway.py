"""A gateway of a test's own: session on a simulator, tick pipeline, streams, and a task worker."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from celery.contrib.testing.worker import start_worker

from apps.accounts.models import Connection
from apps.lib import clock
from apps.lib import redis as store
from apps.lib.queue import gateway_queue
from apps.marketdata import selectors, services
from apps.marketdata.models import Instrument, StreamConfig
from apps.marketdata.pipeline import Pipeline
from apps.marketdata.services import Query
from ibkr.port import BrokerEvent, BrokerPort, register
from ibkr.session import Session
from ibkr.types import BrokerError, DataKindChanged, Greeks, LinkState, Tick
from ibportal.celery import app
from ibportal.gateway.notices import Notices
from tests.factories import make_account, make_user, worker_says
from tests.portal import eventually
from tests.wire.live_session import FAST, NOTHING


class Gateway:
    """What the gateway process does with market data, in this process."""

    def __init__(self, row: Connection, port: int) -> None:
        self.row = row
        self.errors: list[BrokerError] = []
        self.woken = threading.Event()
        self.notices = Notices(row.slug)
        self.pipeline = Pipeline(row.slug, store.client, flush_ms=5, now=clock.now)
        self.streams = services.Streams(row.slug, row.pk, self.pipeline, clock.now)
        settings = replace(FAST, port=port, client_id=71, heartbeat_every=5.0, heartbeat_limit=20.0)
        self.session = Session(settings, self._hear, on_up=NOTHING, now=clock.now)

    @property
    def port(self) -> BrokerPort:
        return self.session.port

    def refresh(self) -> None:
        self.notices.flush(store.client())
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
            self.notices.add(event)
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
        worker = start_worker(app, perform_ping_check=False, queues=queues, shutdown_timeout=60)
        with worker_says(row), worker:
            yield made
    finally:
        services.register(row.slug, None)
        register(row.slug, None)
        made.session.stop()
        made.pipeline.stop()


def resolve(desk: Gateway, symbol: str, **query: Any) -> Instrument:
    fields = {"sec_type": "STK", "currency": "USD", "exchange": "SMART"} | query
    return services.instrument_resolve(connection=desk.row, query=Query(symbol=symbol, **fields))


def watch(desk: Gateway, *instruments: Instrument) -> None:
    """A user with an account on the connection wants to see these."""
    user = make_user("alice", make_account(desk.row))
    watchlist = services.watchlist_create(user=user, name="Mine")
    for instrument in instruments:
        services.watchlist_add(watchlist, instrument=instrument)


def quote(desk: Gateway, con_id: int) -> dict[str, Any]:
    return dict(selectors.quotes_snapshot(desk.row.slug)[1].get(str(con_id), {}))


def line(desk: Gateway, con_id: int) -> dict[str, Any]:
    desk.refresh()
    state = selectors.stream_state(StreamConfig.objects.get(connection=desk.row))
    return dict(state["lines"].get(str(con_id), {}))


def refreshed(desk: Gateway) -> bool:
    """For conditions that somebody has to work towards."""
    desk.refresh()
    return True
