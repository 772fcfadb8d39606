"""One connection's life in this process: lease, session, inbox, tick pipeline, caretaker."""

import logging
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import redis
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections

from apps.accounts import selectors
from apps.accounts.models import Connection
from apps.lib import clock, realtime
from apps.lib import redis as store
from apps.marketdata import services
from apps.marketdata.pipeline import Pipeline
from apps.marketdata.selectors import market_data_type
from apps.risk.selectors import is_dropped
from apps.trading import holders
from apps.trading.services.practice import PRACTICE
from apps.trading.services.wake import Errand
from ibkr.errors import IbkrError, LinkFailure, RequestTimeout
from ibkr.port import BrokerEvent, BrokerPort, register
from ibkr.session import LinkSettings, Session
from ibkr.types import (
    BrokerError,
    LinkChanged,
    LinkState,
    ManagedAccounts,
    PositionsSnapshot,
)
from ibportal.gateway import wiring
from ibportal.gateway.announce import announce
from ibportal.gateway.commands import Commands
from ibportal.gateway.errands import Errands
from ibportal.gateway.holdings import Holdings
from ibportal.gateway.inbox import Inbox
from ibportal.gateway.lease import Leases, LeaseTaken
from ibportal.gateway.notices import Notices
from ibportal.gateway.order_writers import OrderWriters
from ibportal.gateway.orders import OrderCare
from ibportal.gateway.working import Working

log = logging.getLogger(__name__)

CARE_EVERY = 5.0
POSITIONS_WAIT = 20.0
NEVER = datetime.min.replace(tzinfo=UTC)
CONNECTION_LEASE, ACCOUNT_LEASE = "connection:{}", "account:{}"
FLOWING = (LinkState.READY, LinkState.DEGRADED, LinkState.RECONCILING)


def link_settings(row: Connection) -> LinkSettings:
    return LinkSettings(
        host=row.host,
        port=row.port,
        client_id=row.client_id,
        mode=row.mode,
        pinned=row.pinned,
        time_zone=row.time_zone,
        restart_at=row.restart_at,
        restart_minutes=row.restart_minutes,
        no_orders_minutes=row.no_orders_minutes,
        weekly_login_at=row.weekly_login_at,
    )


class Gateway:
    """Owns everything between one broker socket and the portal.

    Threads: the session's (socket, start path), the inbox (database), the pipeline (Redis), the
    leases, commands, orders, cancels, what browsers are told, and a caretaker that follows changes
    of the connection row and of the holdings.
    """

    def __init__(self, row: Connection, leases: Leases) -> None:
        self.row = row
        self.leases = leases
        self.notices = Notices(row.slug)
        self.pipeline = Pipeline(
            row.slug, store.client, flush_ms=settings.QUOTES_FLUSH_MS, now=clock.now
        )
        self.streams = services.Streams(row.slug, row.pk, self.pipeline, clock.now)
        self.inbox = Inbox(
            self._write,
            self._overflow,
            self._unwritable,
            figure=wiring.figure,
            free=wiring.free,
        )
        self.orders = OrderCare(self.inbox.put, clock.now)
        self.working = Working(lambda: self.row.client_id, clock.now)
        self.commands = Commands(row.slug, row.pk, self.drop, self.working)
        self.errands = [
            Errands(row.slug, Errand.SEND, PRACTICE.look),
            Errands(row.slug, Errand.CANCEL),
        ]
        writers = OrderWriters(
            client_id=lambda: self.row.client_id,
            look=self._look_soon,
            pictured=self.orders.written,
        )
        self._writer = wiring.writer_for(row.pk, clock.now, writers)
        self.session = self._new_session()
        self._holdings = Holdings()
        self._written = threading.Condition()
        self._positions_at = NEVER
        self._dropped = False
        self._stop = threading.Event()
        self._care = threading.Event()
        self._caretaker = threading.Thread(target=self._take_care, name="caretaker", daemon=True)

    def start(self) -> None:
        register(self.row.slug, self.session.port)
        services.register(self.row.slug, self.streams)
        holders.register(self.row.slug, self._holder())
        # Over what the process before this one said last.
        announce(self.row.slug, self.session.link)
        self.inbox.start()
        self.pipeline.start()
        self._caretaker.start()
        self.session.start()
        self.commands.start()
        realtime.publish_aside()
        for errands in self.errands:
            errands.start()

    def stop(self) -> None:
        """Bounded: the socket first, so that nothing new arrives, then what was read is written."""
        self._stop.set()
        self._care.set()
        register(self.row.slug, None)
        services.register(self.row.slug, None)
        holders.register(self.row.slug, None)
        self.session.stop()
        self.commands.stop()
        for errands in self.errands:
            errands.stop()
        self.pipeline.stop()
        self.inbox.stop()
        realtime.publish_at_once()
        if self._caretaker.is_alive():
            self._caretaker.join(CARE_EVERY)
        self.leases.stop()

    def refresh(self) -> None:
        """Asks the broker anew for positions, values, P&L and working orders; raises IbkrError
        when it cannot."""
        self.session.port.refresh_accounts()
        self._subscribe(self.session.port)
        self._look_soon()

    def lease_taken(self, taken: LeaseTaken) -> None:
        """Another worker holds what this one held: stop at once and say who."""
        self.session.drop("lease_taken", f"Another gateway worker has taken over: {taken}.")

    def drop(self, code: str, sentence: str) -> None:
        """Cuts the connection; the session comes back by itself, through the start path."""
        self.session.drop(code, sentence)

    def _holder(self) -> holders.Holder:
        return holders.Holder(
            slug=self.row.slug,
            connection_id=self.row.pk,
            client_id=lambda: self.row.client_id,
            leases=self._leases,
        )

    def _leases(self) -> dict[str, str]:
        """Both fencing tokens by account: orders of an account need its lease too."""
        whole = self.leases.token(CONNECTION_LEASE.format(self.row.slug))
        if whole is None:
            return {}
        tokens = self.leases.tokens(ACCOUNT_LEASE.format(""))
        return {account: f"{whole}-{token}" for account, token in tokens.items()}

    # broker thread: nothing here may block

    def hear(self, event: BrokerEvent) -> None:
        if isinstance(event, wiring.MARKET_DATA):
            self.pipeline.put(event)
            return
        self.working.hear(event)
        if isinstance(event, BrokerError | LinkChanged) and self.streams.hear(event):
            self._care.set()
        if isinstance(event, LinkChanged):
            self._link_changed(event)
        if isinstance(event, BrokerError):
            log.info("broker %d: %s", event.code, event.text)
            self.notices.add(event)
        if wiring.stored(event):
            self.inbox.put(event)

    def _link_changed(self, change: LinkChanged) -> None:
        log.info("link %s: %s", change.state, change.sentence)
        if change.state not in FLOWING:
            self.pipeline.mark_stale()
        self._care.set()

    def _overflow(self) -> None:
        self.session.drop("overflow", "The database could not keep up; starting over.")

    def _unwritable(self, event: object) -> None:
        """Nothing about an order is lost: what cannot be written is asked for again, whole."""
        if isinstance(event, wiring.ABOUT_ORDERS):
            self._look_soon()

    def _look_soon(self) -> None:
        self.orders.look_soon()
        self._care.set()

    # session thread: the one start path

    def on_up(self, port: BrokerPort) -> None:
        """Leases, then the broker's picture of positions and of orders, then subscriptions."""
        if is_dropped(self.row.pk):
            raise LinkFailure("Kill level 5 is set: the connection stays dropped.", code="killed")
        self._take_leases(port.accounts)
        self.hear(ManagedAccounts(port.accounts, clock.now()))
        port.set_market_data_type(market_data_type(self.row))
        self._subscribe(port)
        self._wait_for_positions(since_at=self.session.link.since_at)
        self.orders.bring_up(port, self.row)
        close_old_connections()
        self._care.set()

    def _wait_for_positions(self, *, since_at: datetime) -> None:
        """What is stored must be what the broker says now, before anybody trades on it."""
        with self._written:
            if not self._written.wait_for(lambda: self._positions_at >= since_at, POSITIONS_WAIT):
                raise RequestTimeout("The positions did not arrive in time.")

    def _subscribe(self, port: BrokerPort) -> None:
        for account in port.accounts:
            port.subscribe_account(account)
        port.subscribe_positions()

    def _take_leases(self, accounts: Sequence[str]) -> None:
        try:
            self.leases.take(CONNECTION_LEASE.format(self.row.slug))
            for account in accounts:
                self.leases.take(ACCOUNT_LEASE.format(account))
        except LeaseTaken as taken:
            raise LinkFailure(
                f"Another gateway worker is at work: {taken}.", code="lease_held"
            ) from taken
        except redis.RedisError as error:
            raise LinkFailure(
                "Redis does not answer, so the lease cannot be held.", code="redis_down"
            ) from error

    # inbox thread

    def _write(self, events: Sequence[BrokerEvent]) -> None:
        self._writer(events)
        if self._holdings.changed(events):
            self._care.set()
        snapshots = [event.at for event in events if isinstance(event, PositionsSnapshot)]
        if snapshots:
            with self._written:
                self._positions_at = snapshots[-1]
                self._written.notify_all()

    # caretaker thread

    def _take_care(self) -> None:
        while not self._stop.is_set():
            self._care.wait(CARE_EVERY)
            self._care.clear()
            try:
                self._care_once()
            except (DatabaseError, redis.RedisError, IbkrError) as error:
                log.warning("not done, tried again in %d s: %s", CARE_EVERY, error)
        connections.close_all()

    def _care_once(self) -> None:
        announce(self.row.slug, self.session.link)
        self.notices.flush(store.client())
        close_old_connections()
        self._follow_row()
        if self.session.link.state in (LinkState.READY, LinkState.DEGRADED):
            self._refresh_streams()
        if self.session.link.state is LinkState.READY:
            self.orders.care(self.session.port, self.row)

    def _refresh_streams(self) -> None:
        held = selectors.contracts_held(self.row)
        port = self.session.port
        for account, contracts in held.items():
            port.subscribe_position_pnl(account, [c.con_id for c in contracts])
        self.streams.refresh(port)

    def _follow_row(self) -> None:
        """A person may have changed the connection, switched it off, or dropped it."""
        row = Connection.objects.filter(pk=self.row.pk).first()
        if row is None:
            return
        dropped = is_dropped(row.pk)
        if (link_settings(row), row.enabled, row.market_data_type, dropped) == (
            link_settings(self.row),
            self.row.enabled,
            self.row.market_data_type,
            self._dropped,
        ):
            return
        log.info("connection %s was changed, starting its session anew", row.slug)
        self._dropped = dropped
        self.session.stop()
        self.row = row
        self.session = self._new_session()
        register(row.slug, self.session.port)
        if row.enabled and not dropped:
            self.session.start()

    def _new_session(self) -> Session:
        return Session(
            link_settings(self.row),
            self.hear,
            on_up=self.on_up,
            now=clock.now,
            on_quotes=self.pipeline.put_all,
        )
