"""What the themes of the client share: sending, waiting, and reporting to the listener."""

import logging
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ibapi.wrapper import EWrapper

from ibkr.client.encoder import Encoder
from ibkr.errors import IbkrError, NotConnected, RequestTimeout
from ibkr.pacing import Priority
from ibkr.port import BrokerEvent, Listener, QuoteListener
from ibkr.requests import Requests
from ibkr.types import Greeks, Tick
from ibkr.wire import Sender

log = logging.getLogger(__name__)

ANSWER_LIMIT = 15.0
"""Seconds to wait for an answer that TWS gives from what it already knows."""

PRIORITIES = {
    "cancelOrder": Priority.CANCEL,
    "reqGlobalCancel": Priority.CANCEL,
    "placeOrder": Priority.ORDER,
    "reqAllOpenOrders": Priority.CONTROL,
    "reqCompletedOrders": Priority.CONTROL,
    "reqCurrentTime": Priority.CONTROL,
    "reqExecutions": Priority.CONTROL,
    "reqHistoricalData": Priority.HISTORY,
    "cancelHistoricalData": Priority.HISTORY,
    "reqMktData": Priority.MARKET_DATA,
    "cancelMktData": Priority.MARKET_DATA,
    "reqMarketDataType": Priority.MARKET_DATA,
    "reqContractDetails": Priority.MARKET_DATA,
    "reqMarketRule": Priority.MARKET_DATA,
    "reqMatchingSymbols": Priority.MARKET_DATA,
    "reqSecDefOptParams": Priority.MARKET_DATA,
}
"""Everything else is about accounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What the client needs to know from the session, and tells it. All calls return at once."""

    listener: Listener
    on_quotes: QuoteListener | None = None
    """Hears the quotes of one read at once, instead of `listener`."""
    now: Callable[[], datetime]
    gate: Callable[[], None]
    """Raises NotReady while no order may be sent."""
    on_reader: Callable[[], bool]
    """True on the thread that reads: it must never wait for an answer."""
    notice: Callable[[int], None]
    """A code about the link arrived."""
    greeted: Callable[[], None]
    """The accounts or the first order id became known, or changed."""


@dataclass(frozen=True, slots=True)
class Line:
    """One live connection, as the client sees it."""

    encoder: Encoder
    sender: Sender
    lost: threading.Event


class Base(EWrapper):
    """Callbacks run on the reader's thread; everything else on any thread."""

    def __init__(self, hooks: Hooks) -> None:
        super().__init__()
        self._hooks = hooks
        self._listen = hooks.listener
        self._requests = Requests()
        self._guard = threading.RLock()
        """Held while subscriptions change."""
        self._line: Line | None = None
        self._held: list[BrokerEvent] | None = None
        self._fresh: list[Tick | Greeks] = []
        """Quotes of the read that is being decoded; only on the reader's thread."""
        self._read_at: datetime | None = None
        """When the bytes arrived that are being decoded; only on the reader's thread."""
        self._turns: dict[Hashable, threading.Lock] = {}

    def _connected(self) -> Line:
        line = self._line
        if line is None:
            raise NotConnected("Not connected to TWS; nothing was sent.")
        return line

    def _send(self, call: str, *arguments: Any, key: Hashable = None) -> None:
        """Encodes and queues one request; RequestRefused when this server cannot be asked that."""
        line = self._connected()
        frame = line.encoder.frame(call, *arguments)
        line.sender.put(PRIORITIES.get(call, Priority.ACCOUNT), frame, key)

    def _ask(
        self, what: str, call: str, *arguments: Any, con_id: int | None = None, limit: float
    ) -> Any:
        """Sends `call(request id, *arguments)` and waits for what the callbacks collect."""
        self._may_wait()
        with self._requests.open(what, con_id=con_id) as pending:
            self._send(call, pending.number, *arguments)
            return pending.wait(limit)

    def _ask_alone(self, key: Hashable, call: str, *arguments: Any) -> Any:
        """For requests without an id: one at a time, the others wait for their turn."""
        self._may_wait()
        turn = self._turns.setdefault(key, threading.Lock())
        if not turn.acquire(timeout=ANSWER_LIMIT):
            raise RequestTimeout(f"TWS did not answer “{call}” within {ANSWER_LIMIT:g} s.")
        try:
            with self._requests.open(call, key=key) as pending:
                self._send(call, *arguments)
                return pending.wait(ANSWER_LIMIT)
        finally:
            turn.release()

    def _may_wait(self) -> None:
        self._connected()
        if self._hooks.on_reader():
            raise RuntimeError("a listener must not wait for TWS: the answer could never arrive")

    def _pause(self, seconds: float, deadline: float) -> None:
        """Waits unless that would pass `deadline` (monotonic); NotConnected when the link drops."""
        if time.monotonic() + seconds > deadline:
            raise RequestTimeout("IB's pacing of historical data does not allow the request yet.")
        if self._connected().lost.wait(seconds):
            raise NotConnected("The connection to TWS was lost.")

    def _emit(self, event: BrokerEvent) -> None:
        """Quotes that came before it are heard before it."""
        if self._fresh:
            self._hand_over()
        if self._held is not None:
            self._held.append(event)
            return
        self._tell(event)

    def _hand_over(self) -> None:
        """Reports the quotes of one read together, where somebody listens to them so."""
        fresh, self._fresh = self._fresh, []
        if self._held is not None:
            self._held += fresh
        elif self._hooks.on_quotes is None:
            for quote in fresh:
                self._tell(quote)
        else:
            try:
                self._hooks.on_quotes(fresh)
            except Exception:
                log.exception("the listener failed on %d quotes", len(fresh))

    def _tell(self, event: BrokerEvent) -> None:
        try:
            self._listen(event)
        except Exception:
            log.exception("the listener failed on a %s", type(event).__name__)

    def _fail(self, key: Hashable, error: IbkrError) -> None:
        self._requests.fail(key, error)
