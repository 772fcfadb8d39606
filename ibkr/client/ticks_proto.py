"""The frequent tick messages in protobuf, decoded straight from a frame (from version 206 on).

As in ticks_text: a method returns False, before it called anything, when a frame is unusual. A
field that is absent reads as zero or "", so only those are asked whether they are present.
"""

from decimal import Decimal
from typing import Any

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # ships no types
from ibapi.common import TickAttrib
from ibapi.message import IN
from ibapi.protobuf.TickGeneric_pb2 import TickGeneric
from ibapi.protobuf.TickOptionComputation_pb2 import TickOptionComputation
from ibapi.protobuf.TickPrice_pb2 import TickPrice
from ibapi.protobuf.TickSize_pb2 import TickSize
from ibapi.protobuf.TickString_pb2 import TickString
from ibapi.wrapper import EWrapper

from ibkr.client.ticks_text import NOT_SET, Fast, attributes
from ibkr.convert.quotes import SIZE_BESIDE
from ibkr.memo import Memo

UNUSUAL = (DecodeError, ValueError, ArithmeticError)
PROTOBUF_OFFSET = 200
COMPUTED = (
    ("impliedVol", None),
    ("delta", -2),
    ("optPrice", -1),
    ("pvDividend", -1),
    ("gamma", -2),
    ("vega", -2),
    ("theta", -2),
    ("undPrice", -1),
)
"""The figures of an option computation, each with the number that says "not computed"."""


def _figure(message: Any, name: str, absent: float | None) -> float | None:
    value: float = getattr(message, name)
    if value == absent or (absent is None and value < 0):
        return None
    return value if value or message.HasField(name) else None


class ProtoTicks:
    """Calls the wrapper's tick callbacks as ibapi's decoder would."""

    HEAD = 4

    def __init__(self, wrapper: Any) -> None:
        self._decimal: Memo[str, Decimal] = Memo(Decimal)
        self._attributes: Memo[int, TickAttrib] = Memo(attributes, 64)
        # A fresh message each time: one that is parsed into again and again keeps every text it
        # has ever held, eight bytes a tick.
        self._price_read = TickPrice.FromString
        self._size_read = TickSize.FromString
        self._generic_read = TickGeneric.FromString
        self._string_read = TickString.FromString
        self._option_read = TickOptionComputation.FromString
        self._on_price = wrapper.tickPrice
        self._on_size = wrapper.tickSize
        self._on_generic = wrapper.tickGeneric
        self._on_string = wrapper.tickString
        self._on_option = wrapper.tickOptionComputation
        methods: dict[int, tuple[Fast, str]] = {
            IN.TICK_PRICE: (self._price, "tickPriceProtoBuf"),
            IN.TICK_SIZE: (self._size, "tickSizeProtoBuf"),
            IN.TICK_GENERIC: (self._generic, "tickGenericProtoBuf"),
            IN.TICK_STRING: (self._string, "tickStringProtoBuf"),
            IN.TICK_OPTION_COMPUTATION: (self._option, "tickOptionComputationProtoBuf"),
        }
        # Whoever wants the raw messages too gets them from ibapi's decoder.
        self.methods: dict[bytes, Fast] = {
            (PROTOBUF_OFFSET + number).to_bytes(4, "big"): method
            for number, (method, raw) in methods.items()
            if getattr(type(wrapper), raw, None) is getattr(EWrapper, raw)
        }

    def _price(self, frame: bytes) -> bool:
        try:
            message = self._price_read(frame[4:])
            request, tick, price, mask = (
                message.reqId,
                message.tickType,
                message.price,
                message.attrMask,
            )
            size = self._decimal[message.size]
        except UNUSUAL:
            return False
        if not (request and tick and (price or message.HasField("price"))):
            return False
        if not mask and not message.HasField("attrMask"):
            return False
        self._on_price(request, tick, price, self._attributes[mask])
        if tick in SIZE_BESIDE:
            self._on_size(request, SIZE_BESIDE[tick], size)
        return True

    def _size(self, frame: bytes) -> bool:
        try:
            message = self._size_read(frame[4:])
            request, tick, size = message.reqId, message.tickType, self._decimal[message.size]
        except UNUSUAL:
            return False
        if not request or tick == NOT_SET or not (tick or message.HasField("tickType")):
            return False
        self._on_size(request, tick, size)
        return True

    def _generic(self, frame: bytes) -> bool:
        try:
            message = self._generic_read(frame[4:])
        except UNUSUAL:
            return False
        request, tick, value = message.reqId, message.tickType, message.value
        if not (request and tick and (value or message.HasField("value"))) or tick == NOT_SET:
            return False
        self._on_generic(request, tick, value)
        return True

    def _string(self, frame: bytes) -> bool:
        try:
            message = self._string_read(frame[4:])
        except UNUSUAL:
            return False
        request, tick = message.reqId, message.tickType
        if not (request and tick) or tick == NOT_SET:
            return False
        self._on_string(request, tick, message.value)
        return True

    def _option(self, frame: bytes) -> bool:
        try:
            message = self._option_read(frame[4:])
        except UNUSUAL:
            return False
        request, tick, attribute = message.reqId, message.tickType, message.tickAttrib
        if not (request and tick and (attribute or message.HasField("tickAttrib"))):
            return False
        figures = [_figure(message, name, absent) for name, absent in COMPUTED]
        self._on_option(request, tick, attribute, *figures)
        return True
