"""The whole client: joins the themes, decodes frames, and knows whether it is connected."""

import logging
import threading
from collections.abc import Iterable
from datetime import UTC, datetime

from ibkr.client.accounts import Accounts
from ibkr.client.base import Hooks, Line
from ibkr.client.contracts import Contracts
from ibkr.client.encoder import Encoder
from ibkr.client.market import Market
from ibkr.client.orders import Orders
from ibkr.client.reader import Reader
from ibkr.errors import IbkrError, NotConnected, RequestRefused, explain
from ibkr.pacing import Priority
from ibkr.requests import FIRST_ID, Subject
from ibkr.types import QUOTES, BrokerError
from ibkr.wire import Sender

log = logging.getLogger(__name__)

UNREADABLE = 508
"""ibapi's own code for a message it cannot read."""
CURRENT_TIME = "current time"
LINK_CODES = frozenset({326, 1100, 1101, 1102, 1300, 2104, 2106, 2110, 2158})


class Client(Accounts, Contracts, Market, Orders):
    """A BrokerPort that stays the same object over every reconnection."""

    def __init__(self, hooks: Hooks) -> None:
        super().__init__(hooks)
        self._accounts: tuple[str, ...] = ()
        self._first_id_known = False
        self._reader: Reader | None = None
        self._candidate: Line | None = None

    # the session's side

    def attach(self, version: int, client_id: int, sender: Sender) -> bytes:
        """A new connection: frames are decoded and events kept back. Returns the first message."""
        encoder = Encoder(version, client_id)
        self._reader = Reader(self, version, self._unreadable)
        self._accounts, self._first_id_known, self._held = (), False, []
        self._candidate = Line(encoder, sender, threading.Event())
        return encoder.frame("startApi")

    def open(self) -> None:
        """The login is the right one: requests pass from now on."""
        self._line = self._candidate

    def release(self) -> None:
        """Reports what was kept back (on the reader's thread), and everything later at once."""
        held, self._held = self._held or [], None
        for event in held:
            self._emit(event)

    def detach(self, error: IbkrError) -> None:
        """The connection is gone: everything that waits is released with `error`.

        Runs on the reader's thread, so that no event slips out between two of its steps.
        """
        with self._guard:
            line, self._line, self._candidate = self._line or self._candidate, None, None
            self._forget_accounts()
            self._forget_quotes()
        self._reader, self._held, self._accounts = None, None, ()
        if line is not None:
            line.sender.close()
            line.lost.set()
        self._requests.fail_all(error)

    def resubscribe(self, *, data_lost: bool) -> None:
        """Asks again for everything wanted; after 1101 what TWS may have kept is cancelled."""
        with self._guard:
            if data_lost:
                self._cancel_accounts()
                self._cancel_quotes()
            self._forget_accounts()
            self._forget_quotes()
            self._resend_accounts()
            self._resend_quotes()

    def ask_for_life(self) -> None:
        """The heartbeat's question; any answer at all will do."""
        line = self._line or self._candidate
        if line is not None:
            self._beat(line)

    @property
    def greeted(self) -> bool:
        return bool(self._accounts) and self._first_id_known

    @property
    def announced_accounts(self) -> tuple[str, ...]:
        """What the login manages, also before it is accepted."""
        return self._accounts

    # the port's side

    @property
    def accounts(self) -> tuple[str, ...]:
        return self._accounts if self._line is not None else ()

    def current_time(self) -> datetime:
        at: datetime = self._ask_alone(CURRENT_TIME, "reqCurrentTime")
        return at

    # frames and callbacks, on the reader's thread

    def on_frames(self, frames: Iterable[bytes], *, behind: bool = False) -> None:
        """Decodes what one read brought; its ticks carry the time of that read.

        When this thread is behind, only the newest of each tick is decoded, so that it catches up;
        with few frames looking for those would cost more than it saves. A frame that fails is
        reported as an event and never stops the next one.
        """
        reader = self._reader
        if reader is None:
            return
        self._read_at = self._hooks.now()
        try:
            (reader.read_latest if behind else reader.read)(frames)
        finally:
            if self._fresh:
                self._hand_over()
            self._read_at = None

    def _unreadable(self, frame: bytes, error: Exception) -> None:
        number = self._reader.message_id(frame) if self._reader is not None else 0
        log.error(
            "a message of %d bytes from TWS, id %d, failed", len(frame), number, exc_info=error
        )
        text = f"A message from TWS (id {number}) could not be read; see the log."
        self._emit(BrokerError(UNREADABLE, text, self._hooks.now(), -1))

    def managedAccounts(self, accountsList: str) -> None:
        self._accounts = tuple(filter(None, (name.strip() for name in accountsList.split(","))))
        self._hooks.greeted()

    def nextValidId(self, orderId: int) -> None:
        self._raise_next_id(orderId)
        self._first_id_known = True
        self._hooks.greeted()

    def currentTime(self, time: int) -> None:
        self._requests.finish(CURRENT_TIME, datetime.fromtimestamp(time, UTC))

    def error(
        self, reqId: int, errorTime: int, errorCode: int, errorString: str, advanced: str = ""
    ) -> None:
        subject = self._requests.subject(reqId)
        about = self._about(reqId, subject)
        ends = explain(errorCode).ends and reqId > 0
        if ends:
            # First of all, so that whoever hears of it sees which lines are left.
            self._stream_refused(reqId, errorCode)
        self._emit(
            BrokerError(
                code=errorCode,
                text=errorString,
                at=self._error_time(errorTime),
                request_id=reqId,
                con_id=subject.con_id,
                order_id=subject.order_id,
                advanced_reject=advanced,
                about=about,
            )
        )
        if ends:
            refused = RequestRefused(errorCode, errorString)
            self._fail(reqId if reqId >= FIRST_ID else ("what if", reqId), refused)
            self._account_refused(reqId)
        if errorCode in LINK_CODES:
            self._hooks.notice(errorCode)

    def _about(self, request_id: int, subject: Subject) -> str:
        """What comes late, for a line that was cancelled, is not about the line there is now."""
        late = subject.what == QUOTES and request_id not in self._by_number
        return "former quotes" if late else subject.what

    def _error_time(self, milliseconds: int) -> datetime:
        if 0 < milliseconds < 10**14:
            return datetime.fromtimestamp(milliseconds / 1000, UTC)
        return self._hooks.now()

    def _beat(self, line: Line) -> None:
        try:
            frame = line.encoder.frame("reqCurrentTime")
            line.sender.put(Priority.CONTROL, frame)
        except NotConnected:
            log.debug("the link went down before its heartbeat")
