"""The session: one start path, also after every drop, on a thread of its own."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime

from ibkr.client import Client, Hooks
from ibkr.errors import IbkrError, LinkFailure, NotConnected, NotReady
from ibkr.port import BrokerPort, Listener, QuoteListener
from ibkr.session import backoff
from ibkr.session.absence import Absence
from ibkr.session.inbox import Greeted, Inbox, Lost, Notice, Signal
from ibkr.session.login import await_login, check_identity
from ibkr.session.needs import BROKEN, Need, Needs
from ibkr.session.settings import LinkSettings
from ibkr.session.states import LinkStatus
from ibkr.types import LinkChanged, LinkState
from ibkr.wire import Pump, Sender, Wakeup, dial

log = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between looks at the clock while connected, for the restart schedule."""
QUIET = 5.0
"""Seconds between attempts while TWS is expected to be away."""
SETTLE = 1.0
"""Seconds after which a listener that holds up the next connection is complained about."""
READING = "Connected; reading the state of the account."


class Session:
    """Keeps one connection up. `on_up` and `listener` may be slow, but must not wait for each
    other: `listener` runs on the reader's thread, `on_up` on the session's.

    Where `on_quotes` is given it hears ticks and option computations instead of `listener`, also
    on the reader's thread; only those that came before `on_up` still go to `listener`.
    """

    def __init__(
        self,
        settings: LinkSettings,
        listener: Listener,
        *,
        on_up: Callable[[BrokerPort], None],
        now: Callable[[], datetime],
        on_quotes: QuoteListener | None = None,
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._on_up = on_up
        self._now = now
        self._absence = Absence(settings.schedule)
        self._stopping = False
        self._inbox = Inbox()
        self._cancel = Wakeup()
        self._sender: Sender | None = None
        self._needs = Needs()
        self._pump = Pump(self, every=settings.heartbeat_every, limit=settings.heartbeat_limit)
        self._status = LinkStatus(now, self._report)
        self._client = Client(
            Hooks(
                listener=listener,
                on_quotes=on_quotes,
                now=now,
                gate=self._gate,
                on_reader=self._pump.is_current,
                notice=lambda code: self._inbox.put(Notice(code)),
                greeted=lambda: self._inbox.put(Greeted()),
            )
        )
        self._thread = threading.Thread(target=self._run, name="ibkr-session", daemon=True)

    @property
    def link(self) -> LinkChanged:
        return self._status.link

    @property
    def port(self) -> BrokerPort:
        return self._client

    def start(self) -> None:
        self._pump.start()
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Releases every waiting call and ends the threads; takes no lock that a caller may hold.

        Safe in a signal handler and when repeated. Threads that are stuck in foreign code are left
        behind after `timeout` seconds; they are daemons.
        """
        self._stopping = True
        self._cancel.set()
        self._pump.lose("stopped", "The worker stops.")
        self._inbox.wake()
        if self._thread.ident is None or threading.current_thread() is self._thread:
            return
        self._thread.join(timeout)
        if not self._pump.is_current():
            self._pump.join(timeout)
        if self._sender is not None:
            self._sender.join(timeout)

    def drop(self, code: str, sentence: str) -> None:
        self._pump.lose(code, sentence)

    # what the reader's thread calls

    def on_frames(self, frames: Iterable[bytes], *, behind: bool) -> None:
        self._client.on_frames(frames, behind=behind)

    def on_beat(self) -> None:
        self._client.ask_for_life()

    def on_lost(self, code: str, sentence: str) -> None:
        self._client.detach(NotConnected(sentence, code=code))
        self._inbox.put(Lost(code, sentence))

    # the session's thread

    def _run(self) -> None:
        attempt = 0
        while not self._stopping:
            try:
                if attempt == 0 and self.link.state is not LinkState.RESTART_WINDOW:
                    self._set(LinkState.CONNECTING, "", f"Connecting to {self._settings.name}.")
                self._live_once()
            except IbkrError as failure:
                attempt = 0 if self._absence.up_since else attempt
                self._give_up(failure)
                self._rest(failure, attempt)
                attempt += 1
        self._set(LinkState.DISCONNECTED, "stopped", "The worker stops.")
        self._pump.end()
        self._inbox.close()
        self._cancel.close()

    def _live_once(self) -> None:
        """One connection from dialling to its end, which is always an IbkrError."""
        try:
            self._settle()
            self._connect()
            self._serve()
        except IbkrError:
            raise
        except Exception as error:
            log.exception("the session made a mistake")
            sentence = f"The session failed ({type(error).__name__}); see the log."
            raise LinkFailure(sentence, code="internal") from error

    def _settle(self) -> None:
        """Waits until the reader has let go of the last connection, however slow the listener."""
        settled = threading.Event()
        self._pump.post(settled.set)
        while not settled.wait(SETTLE) and not self._stopping:
            log.warning("the listener has been busy for %g s", SETTLE)
        self._inbox.drain()
        self._cancel.clear()
        if self._stopping:
            raise NotConnected("The worker stops.")

    def _connect(self) -> None:
        settings = self._settings
        greeting = dial(
            settings.host, settings.port, timeout=settings.connect_timeout, cancel=self._cancel
        )
        sender = Sender(
            greeting.connection,
            per_second=settings.messages_per_second,
            on_failure=lambda reason: self._pump.lose("504", f"TWS takes no more data: {reason}."),
        )
        first = self._client.attach(greeting.version, settings.client_id, sender)
        try:
            greeting.connection.sendall(first)
        except OSError as error:
            self._pump.post(lambda: self._client.detach(NotConnected("The greeting failed.")))
            greeting.connection.close()
            raise LinkFailure(f"TWS closed the connection: {error}.", code="504") from error
        self._sender = sender
        sender.start()
        self._pump.attach(greeting)

    def _serve(self) -> None:
        """Returns only by raising: the connection ended, or never became one."""
        try:
            await_login(self._client, self._inbox, self._settings)
            check_identity(self._client, self._settings)
            self._needs.start_over()
            self._client.open()
            self._set(LinkState.RECONCILING, "", READING)
            self._pump.post(self._client.release)
            self._client.resubscribe(data_lost=False)
            while True:
                self._advance()
        finally:
            self._pump.lose("closed", "The connection was given up.")

    def _advance(self) -> None:
        """One step: hear what happened, do what the link lacks; ready when it lacks nothing."""
        for signal in self._inbox.drain():
            self._hear(signal)
        if self._stopping:
            raise NotConnected("The worker stops.")
        if self._needs.now is Need.REPAIR:
            code = self._needs.broken_by
            self._set(LinkState.DEGRADED, str(code), BROKEN[code])
        elif self._needs.now is Need.RECONCILE:
            self._bring_up()
            return  # what happened meanwhile is heard before the link may be called ready
        else:
            self._absence.came_up(self._now())
            closed = self._absence.closed(self._now())
            self._set(LinkState.READY, "no_orders" if closed else "", closed or "Connected.")
        self._inbox.wait(TICK)

    def _hear(self, signal: Signal) -> None:
        if isinstance(signal, Lost):
            raise LinkFailure(signal.sentence, code=signal.code)
        if isinstance(signal, Greeted):
            check_identity(self._client, self._settings)
        elif signal.code == 1300:
            raise LinkFailure("TWS changed its API port; see its API settings.", code="1300")
        else:
            self._needs.hear(signal.code)

    def _bring_up(self) -> None:
        anew = self._needs.meet()
        self._set(LinkState.RECONCILING, "", READING)
        if anew:
            self._client.resubscribe(data_lost=True)
        try:
            self._on_up(self._client)
        except IbkrError:
            raise
        except Exception as error:
            log.exception("the start path failed")
            raise LinkFailure(
                f"The start path failed ({type(error).__name__}); see the log.", code="start_failed"
            ) from error

    def _give_up(self, failure: IbkrError) -> None:
        if self._stopping:
            return
        state, code, sentence = self._absence.explain(failure, self._now())
        self._set(state, code, sentence)

    def _rest(self, failure: IbkrError, attempt: int) -> None:
        settings = self._settings
        seconds = backoff.delay(attempt, first=settings.backoff_first, last=settings.backoff_last)
        if failure.code == "identity":
            seconds = settings.backoff_last
        elif self.link.state is LinkState.RESTART_WINDOW:
            seconds = min(QUIET, settings.backoff_last)
        self._absence.went_down()
        deadline = time.monotonic() + seconds
        while not self._stopping and (left := deadline - time.monotonic()) > 0:
            self._inbox.wait(left)

    def _gate(self) -> None:
        """Raises NotReady with the reason while no order may be sent."""
        link = self.link
        if link.state is not LinkState.READY:
            raise NotReady(f"Not open for orders: {link.sentence}", code=link.code or "not_ready")
        closed = self._absence.closed(self._now())
        if closed is not None:
            raise NotReady(closed, code="no_orders")

    def _set(self, state: LinkState, code: str, sentence: str) -> None:
        self._status.set(state, code, sentence)

    def _report(self, link: LinkChanged) -> None:
        self._pump.post(lambda: self._listener(link))
