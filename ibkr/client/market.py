"""Streaming quotes: which lines are open, and ticks turned into fields with a kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ibkr.client.base import Base, Hooks
from ibkr.convert.contracts import routed
from ibkr.convert.numbers import number, price, size
from ibkr.convert.quotes import (
    FIRST_DELAYED,
    GREEKS,
    HALTS,
    KINDS,
    PRICES,
    SIZE_BESIDE,
    SIZES,
    TIMES,
    TRADES,
    kind_of,
    trade,
)
from ibkr.memo import Memo
from ibkr.requests import Subject
from ibkr.types import (
    QUOTES,
    Contract,
    DataKindChanged,
    Greeks,
    MarketDataType,
    PriceKind,
    QuoteField,
    Tick,
)

COMPETING_SESSION = 10197
KNOWN_PRICES: Memo[float, Decimal | None] = Memo(price)
new_tuple = tuple.__new__
"""Half the price of Tick(…) and Greeks(…), and there are thousands of them a second."""


@dataclass(slots=True)
class Stream:
    """One market data line. `kind` is what TWS announced last."""

    number: int
    con_id: int
    kind: PriceKind = PriceKind.LIVE
    announced: bool = False


class Market(Base):
    def __init__(self, hooks: Hooks) -> None:
        super().__init__(hooks)
        self._wanted_quotes: dict[int, tuple[Contract, str]] = {}
        self._data_type: MarketDataType | None = None
        self._streams: dict[int, Stream] = {}
        self._by_number: dict[int, Stream] = {}
        self._doubtful: tuple[int, int] | None = None

    def set_market_data_type(self, kind: MarketDataType) -> None:
        with self._guard:
            self._send("reqMarketDataType", int(kind))
            self._data_type = kind

    def subscribe_quotes(self, contracts: Sequence[Contract], generic_ticks: str = "") -> None:
        with self._guard:
            self._connected()
            for instrument in contracts:
                if not instrument.con_id:
                    raise ValueError(f"{instrument.symbol} has no conId to stream by")
                self._wanted_quotes[instrument.con_id] = (instrument, generic_ticks)
                self._start_stream(instrument.con_id)

    def unsubscribe_quotes(self, con_ids: Sequence[int]) -> None:
        with self._guard:
            self._connected()
            for con_id in con_ids:
                self._wanted_quotes.pop(con_id, None)
                stream = self._streams.pop(con_id, None)
                if stream is not None:
                    self._by_number.pop(stream.number, None)
                    self._send("cancelMktData", stream.number)

    def streaming(self) -> frozenset[int]:
        with self._guard:
            return frozenset(self._streams)

    def _start_stream(self, con_id: int) -> None:
        if con_id in self._streams:
            return
        instrument, generic_ticks = self._wanted_quotes[con_id]
        request_id = self._requests.allocate(Subject(QUOTES, con_id=con_id))
        stream = Stream(request_id, con_id)
        # Known before it is asked for: the first tick may be faster than this thread.
        self._streams[con_id] = self._by_number[request_id] = stream
        try:
            contract = routed(instrument)
            self._send("reqMktData", request_id, contract, generic_ticks, False, False, [])  # noqa: FBT003
        except BaseException:
            self._drop_stream(request_id)
            raise

    def _drop_stream(self, request_id: int) -> None:
        stream = self._by_number.pop(request_id, None)
        if stream is not None:
            self._streams.pop(stream.con_id, None)

    def _stream_refused(self, request_id: int, code: int) -> None:
        """TWS ended the line. A competing session may give it back, so that one is cancelled."""
        with self._guard:
            known = request_id in self._by_number
            self._drop_stream(request_id)
            if known and code == COMPETING_SESSION:
                self._send("cancelMktData", request_id)

    def _forget_quotes(self) -> None:
        self._streams, self._by_number, self._doubtful = {}, {}, None

    def _cancel_quotes(self) -> None:
        for request_id in self._by_number:
            self._send("cancelMktData", request_id)

    def _resend_quotes(self) -> None:
        if self._data_type is not None:
            self._send("reqMarketDataType", int(self._data_type))
        for con_id in self._wanted_quotes:
            self._start_stream(con_id)

    # callbacks

    def marketDataType(self, reqId: int, marketDataType: int) -> None:
        stream = self._by_number.get(reqId)
        kind = KINDS.get(marketDataType)
        if stream is None or kind is None or (stream.announced and stream.kind is kind):
            return
        stream.kind, stream.announced = kind, True
        self._emit(DataKindChanged(stream.con_id, kind))

    def tickPrice(self, reqId: int, tickType: int, value: float, _attributes: Any) -> None:
        if value == -1 and tickType in SIZE_BESIDE:
            # -1 with no size is "no such price"; spreads may really cost -1. The size comes next.
            self._doubtful = (reqId, tickType)
            return
        name = PRICES.get(tickType)
        if name is not None:
            # 0.0 and -0.0 are one key, but two texts.
            self._tick(reqId, tickType, name, KNOWN_PRICES[value] if value else price(value))

    def tickSize(self, reqId: int, tickType: int, value: Any) -> None:
        found = size(value)
        if self._doubtful is not None:
            self._settle_doubt(reqId, tickType, found)
        name = SIZES.get(tickType)
        if name is not None:
            self._tick(reqId, tickType, name, found)

    def _settle_doubt(self, request_id: int, size_type: int, found: Decimal | None) -> None:
        if self._doubtful is None:
            return
        (number_, price_type), self._doubtful = self._doubtful, None
        beside = number_ == request_id and SIZE_BESIDE[price_type] == size_type
        value = Decimal(-1) if beside and found else None
        self._tick(number_, price_type, PRICES[price_type], value)

    def tickGeneric(self, reqId: int, tickType: int, value: float) -> None:
        if tickType in HALTS:
            self._tick(reqId, tickType, QuoteField.HALTED, size(value))

    def tickString(self, reqId: int, tickType: int, value: str) -> None:
        if tickType in TIMES:
            self._tick(reqId, tickType, QuoteField.LAST_TRADE_AT, number(value))
        elif tickType in TRADES:
            for name, found in trade(value).items():
                self._tick(reqId, tickType, name, found)

    def _tick(
        self, request_id: int, tick_type: int, name: QuoteField, value: Decimal | None
    ) -> None:
        """Waits for the end of its read: nothing else comes this often."""
        stream = self._by_number.get(request_id)
        if stream is None:
            return
        kind = stream.kind if tick_type < FIRST_DELAYED else kind_of(tick_type, stream.kind)
        read_at = self._read_at
        at = read_at or self._hooks.now()
        self._fresh.append(new_tuple(Tick, (stream.con_id, name, value, kind, at)))
        if read_at is None:
            self._hand_over()

    def tickOptionComputation(self, *fields: Any) -> None:
        request_id, tick_type, _ = fields[:3]
        stream = self._by_number.get(request_id)
        if stream is None or tick_type not in GREEKS:
            return
        volatility, delta, option, dividends, gamma, vega, theta, underlying = map(
            number, fields[3:]
        )
        read_at = self._read_at
        kind, at = kind_of(tick_type, stream.kind), read_at or self._hooks.now()
        head = (stream.con_id, GREEKS[tick_type], kind, volatility, delta, gamma, vega, theta)
        self._fresh.append(new_tuple(Greeks, (*head, option, underlying, dividends, at)))
        if read_at is None:
            self._hand_over()
