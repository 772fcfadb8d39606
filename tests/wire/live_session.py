"""A real session on a simulator, with everything its listener heard, in order."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from ibkr.port import BrokerEvent, BrokerPort
from ibkr.session import LinkSettings, Session
from ibkr.types import BrokerError, Contract, ContractDetails, LinkChanged, LinkState, OrderRequest

Event = TypeVar("Event")

ACCOUNT = "DU1234567"

FAST = LinkSettings(
    host="127.0.0.1",
    port=0,
    client_id=1,
    mode="paper",
    pinned=(),
    time_zone="America/New_York",
    connect_timeout=15.0,
    heartbeat_every=0.5,
    heartbeat_limit=15.0,
    backoff_first=0.1,
    backoff_last=0.5,
)
SHORT_HEARTBEAT = 4.0
"""For tests of silence alone: a busy machine may be silent as long as that."""
NOTHING: Callable[[BrokerPort], None] = lambda _port: None  # noqa: E731


def order(**changes: Any) -> OrderRequest:
    fields: dict[str, Any] = {
        "account": ACCOUNT,
        "action": "BUY",
        "quantity": Decimal(10),
        "order_type": "MKT",
        "tif": "DAY",
        "order_ref": "test-1",
    }
    return OrderRequest(**{**fields, **changes})


def resting(**changes: Any) -> OrderRequest:
    """A limit far below the market."""
    return order(order_type="LMT", limit_price=Decimal("50.25"), tif="GTC", **changes)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Live:
    """Events are appended on the reader's thread; waiting is for an effect, with a limit."""

    def __init__(self, settings: LinkSettings, on_up: Callable[[BrokerPort], None]) -> None:
        self.events: list[BrokerEvent] = []
        self.ups = 0
        self.threads: set[str] = set()
        self._changed = threading.Condition()
        self._on_up = on_up
        self.session = Session(settings, self._listen, on_up=self._up, now=utc_now)

    @property
    def port(self) -> BrokerPort:
        return self.session.port

    def _listen(self, event: BrokerEvent) -> None:
        with self._changed:
            self.threads.add(threading.current_thread().name)
            self.events.append(event)
            self._changed.notify_all()

    def _up(self, port: BrokerPort) -> None:
        self._on_up(port)
        with self._changed:
            self.ups += 1
            self._changed.notify_all()

    def until(self, what: Callable[[], Any], *, seconds: float = 30.0) -> Any:
        """The first true value of `what`, looked at after every event."""
        found: list[Any] = []

        def look() -> bool:
            found[:] = [what()]
            return bool(found[0])

        with self._changed:
            assert self._changed.wait_for(look, seconds), f"{self.session.link} {self.last(8)}"
        return found[0]

    def of(self, kind: type[Event], start: int = 0) -> list[Event]:
        return [event for event in self.events[start:] if isinstance(event, kind)]

    def last(self, count: int) -> list[BrokerEvent]:
        return self.events[-count:]

    def states(self) -> list[LinkState]:
        return [event.state for event in self.of(LinkChanged)]

    def ready(self, *, seconds: float = 30.0) -> None:
        """Waits until the link is ready and the listener knows."""
        self.until(
            lambda: self.states()[-1:] == [self.session.link.state] == [LinkState.READY],
            seconds=seconds,
        )

    def down(self, code: str, *, seconds: float = 30.0) -> LinkChanged:
        """Waits for a state with this code and returns it."""
        found = self.until(
            lambda: [link for link in self.of(LinkChanged) if link.code == code], seconds=seconds
        )
        link: LinkChanged = found[-1]
        return link

    def mark(self) -> int:
        return len(self.events)

    def fresh(self, kind: type[Event], mark: int, /, **fields: Any) -> list[Event]:
        """Waits for an event of this kind, after `mark`, with these field values."""

        def fits(event: object) -> bool:
            return all(getattr(event, name) == value for name, value in fields.items())

        found: list[Event] = self.until(lambda: [e for e in self.of(kind, mark) if fits(e)])
        return found

    def error(self, code: int, mark: int = 0) -> BrokerError:
        return self.fresh(BrokerError, mark, code=code)[0]

    def find(self, **query: Any) -> ContractDetails:
        (found,) = self.port.contract_details(Contract(**query))
        return found

    def stock(self, symbol: str = "AAPL") -> Contract:
        return self.find(symbol=symbol, sec_type="STK", exchange="SMART", currency="USD").contract


@contextmanager
def running(
    port: int, on_up: Callable[[BrokerPort], None] = NOTHING, **changes: Any
) -> Iterator[Live]:
    """A started session; stopped afterwards, leaving no thread behind."""
    live = Live(replace(FAST, port=port, **changes), on_up)
    before = set(threading.enumerate())
    live.session.start()
    try:
        yield live
    finally:
        live.session.stop()
    after = set(threading.enumerate()) - before
    left = [thread.name for thread in after if thread.name.startswith("ibkr-")]
    assert left == []
