"""The clients that are compared, each reading one feeder: plain ibapi, and this library."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ibapi.client import EClient
from ibapi.wrapper import EWrapper

from apps.marketdata.pipeline.conflate import Conflate
from benchmarks.decode_feeder import ACCOUNT, Feeder
from benchmarks.decode_ticks import INSTRUMENTS, MARKER
from ibkr.client.reader import Reader
from ibkr.convert.numbers import number, price, size
from ibkr.convert.quotes import GREEKS, HALTS, PRICES, SIZES, TIMES, TRADES, trade
from ibkr.port import BrokerEvent
from ibkr.session import LinkSettings, Session
from ibkr.types import BrokerError, Contract, Greeks, LinkState, PriceKind, QuoteField, Tick
from ibkr.wire import Pump, Wakeup, dial

LIMIT = 120.0
FIRST = 1001
FIGURES = (
    "implied_volatility",
    "delta",
    "option_price",
    "dividends_pv",
    "gamma",
    "vega",
    "theta",
    "underlying_price",
)
CONTRACTS = tuple(
    Contract(con_id=n, symbol=f"S{n}", sec_type="STK", currency="USD", exchange="SMART")
    for n in range(1, INSTRUMENTS + 1)
)


@dataclass
class Gauge:
    """Counts blocks, with the time and the CPU of the process at the first and the last."""

    blocks: int
    acknowledge: Callable[[], None]
    seen: int = 0
    began: tuple[float, float] = (0.0, 0.0)
    ended: tuple[float, float] = (0.0, 0.0)
    done: threading.Event = field(default_factory=threading.Event)

    def block(self) -> None:
        self.acknowledge()
        self.seen += 1
        if self.seen == 1:
            self.began = time.perf_counter(), time.process_time()
        if self.seen == self.blocks:
            self.ended = time.perf_counter(), time.process_time()
            self.done.set()


class Callbacks(EWrapper):  # type: ignore[misc]  # ibapi ships no types
    """Empty ones, but for the marker."""

    def __init__(self, gauge: Gauge) -> None:
        super().__init__()
        self.gauge = gauge
        self.ready = threading.Event()

    def nextValidId(self, orderId: int) -> None:
        self.ready.set()

    def managedAccounts(self, accountsList: str) -> None:
        pass

    def error(self, reqId: int, at: int, code: int, text: str, advanced: str = "") -> None:
        if code == MARKER:
            self.gauge.block()

    def tickPrice(self, reqId: int, tickType: int, value: float, attrib: Any) -> None:
        pass

    def tickSize(self, reqId: int, tickType: int, value: Any) -> None:
        pass

    def tickGeneric(self, reqId: int, tickType: int, value: float) -> None:
        pass

    def tickString(self, reqId: int, tickType: int, value: str) -> None:
        pass

    def tickOptionComputation(self, *fields: Any) -> None:
        pass


class Timed(Callbacks):
    """Notes when each callback came."""

    def __init__(self, gauge: Gauge) -> None:
        super().__init__(gauge)
        self.heard_at: list[float] = []

    def tickPrice(self, reqId: int, tickType: int, value: float, attrib: Any) -> None:
        self.heard_at.append(time.perf_counter())

    def tickSize(self, reqId: int, tickType: int, value: Any) -> None:
        self.heard_at.append(time.perf_counter())

    def tickGeneric(self, reqId: int, tickType: int, value: float) -> None:
        self.heard_at.append(time.perf_counter())

    def tickString(self, reqId: int, tickType: int, value: str) -> None:
        self.heard_at.append(time.perf_counter())

    def tickOptionComputation(self, *fields: Any) -> None:
        self.heard_at.append(time.perf_counter())


class Caching(Callbacks):
    """Into the conflated cache with this library's conversions, as a program on ibapi would."""

    def __init__(self, gauge: Gauge) -> None:
        super().__init__(gauge)
        self._put = Conflate().put

    def _tick(self, line: int, name: QuoteField | None, value: Any) -> None:
        if name is not None:
            self._put(Tick(line, name, value, PriceKind.LIVE, datetime.now(UTC)))

    def tickPrice(self, reqId: int, tickType: int, value: float, attrib: Any) -> None:
        self._tick(reqId, PRICES.get(tickType), price(value))

    def tickSize(self, reqId: int, tickType: int, value: Any) -> None:
        self._tick(reqId, SIZES.get(tickType), size(value))

    def tickGeneric(self, reqId: int, tickType: int, value: float) -> None:
        if tickType in HALTS:
            self._tick(reqId, QuoteField.HALTED, size(value))

    def tickString(self, reqId: int, tickType: int, value: str) -> None:
        if tickType in TIMES:
            self._tick(reqId, QuoteField.LAST_TRADE_AT, number(value))
        elif tickType in TRADES:
            for name, found in trade(value).items():
                self._tick(reqId, name, found)

    def tickOptionComputation(self, *fields: Any) -> None:
        line, tick_type, _, *rest = fields
        figures = dict(zip(FIGURES, map(number, rest), strict=True))
        side, at = GREEKS[tick_type], datetime.now(UTC)
        self._put(Greeks(con_id=line, side=side, kind=PriceKind.LIVE, at=at, **figures))


def ibapi(feeder: Feeder, callbacks: Callbacks, plan: dict[str, Any]) -> None:
    """Plain EClient.run()."""
    client = EClient(callbacks)
    client.connect("127.0.0.1", feeder.port, 1)
    thread = threading.Thread(target=client.run, daemon=True)
    thread.start()
    _wait(callbacks.ready)
    feeder.start(first=FIRST, **plan)
    _wait(callbacks.gauge.done)
    client.disconnect()
    thread.join(10)


class _Handler:
    """The library's reading thread, straight to callbacks."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def on_frames(self, frames: Iterable[bytes], *, behind: bool) -> None:
        del behind
        self._reader.read(frames)

    def on_lost(self, code: str, sentence: str) -> None:
        print(code, sentence)

    def on_beat(self) -> None:
        pass


def _raise(_frame: bytes, error: Exception) -> None:
    raise error


def ours(feeder: Feeder, callbacks: Callbacks, plan: dict[str, Any]) -> None:
    cancel = Wakeup()
    greeting = dial("127.0.0.1", feeder.port, timeout=5, cancel=cancel)
    pump = Pump(_Handler(Reader(callbacks, greeting.version, _raise)), every=60, limit=LIMIT)
    pump.start()
    greeting.connection.sendall(b"\0\0\0\1.")
    pump.attach(greeting)
    _wait(callbacks.ready)
    feeder.start(first=FIRST, **plan)
    _wait(callbacks.gauge.done)
    pump.end()
    pump.join(10)


def ours_to_cache(feeder: Feeder, gauge: Gauge, plan: dict[str, Any]) -> None:
    """The whole session as the portal runs it, up to the conflated cache."""
    conflate, ready = Conflate(), threading.Event()

    def listen(event: BrokerEvent) -> None:
        if isinstance(event, BrokerError) and event.code == MARKER:
            gauge.block()

    settings = LinkSettings(
        host="127.0.0.1",
        port=feeder.port,
        client_id=1,
        mode="paper",
        pinned=(ACCOUNT,),
        time_zone="America/New_York",
        heartbeat_every=60,
        heartbeat_limit=LIMIT,
        messages_per_second=10_000,
    )
    session = Session(
        settings,
        listen,
        on_up=lambda _: ready.set(),
        now=lambda: datetime.now(UTC),
        on_quotes=conflate.put_all,
    )
    session.start()
    _wait(ready)
    while session.link.state is not LinkState.READY:
        time.sleep(0.01)
    session.port.subscribe_quotes(CONTRACTS)
    feeder.start(first=_first_line(session), **plan)
    _wait(gauge.done)
    session.stop()


def _first_line(session: Session) -> int:
    client: Any = session.port
    return int(min(client._by_number))  # noqa: SLF001  # no part of the port, rightly


def _wait(event: threading.Event) -> None:
    if not event.wait(LIMIT):
        raise TimeoutError("the client did not get through in time")
