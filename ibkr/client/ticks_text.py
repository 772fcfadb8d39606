"""The frequent tick messages in text, decoded straight from a frame (server versions 176–200).

Each method takes a whole frame and returns False, before it called anything, when the frame is in
any way unusual; ibapi's decoder then decides what it means.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ibapi.common import TickAttrib
from ibapi.const import UNSET_DECIMAL
from ibapi.ticktype import TickTypeEnum

from ibkr.convert.quotes import SIZE_BESIDE
from ibkr.memo import Memo

Fast = Callable[[bytes], bool]
NOT_SET = TickTypeEnum.NOT_SET
NO_SIZES = frozenset(
    {b"", b"2147483647", b"9223372036854775807", b"1.7976931348623157E308", b"-9223372036854775808"}
)
"""What ibapi's decoder reads as no size."""
UNUSUAL = (ValueError, ArithmeticError)


def attributes(mask: int) -> TickAttrib:
    """One object for each mask, shared by all its ticks."""
    made = TickAttrib()
    made.canAutoExecute = mask & 1 != 0
    made.pastLimit = mask & 2 != 0
    made.preOpen = mask & 4 != 0
    return made


def _decimal(raw: bytes) -> Decimal:
    return UNSET_DECIMAL if raw in NO_SIZES else Decimal(raw.decode())


def _whose(head: bytes) -> tuple[int, int, int | None]:
    """Request, tick type and the size beside it, of all but the values of a message."""
    _, version, number, kind = head.split(b"\0")
    int(version)
    tick = int(kind)
    return int(number), tick, SIZE_BESIDE.get(tick)


class TextTicks:
    """Calls the wrapper's tick callbacks as ibapi's decoder would."""

    HEAD = 2
    """Bytes of a frame that choose the method."""

    def __init__(self, wrapper: Any) -> None:
        self._whose: Memo[bytes, tuple[int, int, int | None]] = Memo(_whose)
        self._float: Memo[bytes, float] = Memo(float)
        self._decimal: Memo[bytes, Decimal] = Memo(_decimal)
        self._attributes: Memo[bytes, TickAttrib] = Memo(lambda raw: attributes(int(raw)), 64)
        self._on_price = wrapper.tickPrice
        self._on_size = wrapper.tickSize
        self._on_generic = wrapper.tickGeneric
        self._on_string = wrapper.tickString
        self._on_option = wrapper.tickOptionComputation
        self.methods: dict[bytes, Fast] = {
            b"1\0": self._price,
            b"2\0": self._size,
            b"45": self._generic,
            b"46": self._string,
            b"21": self._option,
        }

    def _price(self, frame: bytes) -> bool:
        try:
            head, price, size, mask, rest = frame.rsplit(b"\0", 4)
            request, tick, size_tick = self._whose[head]
            value, beside = self._float[price], self._decimal[size]
            attribute = self._attributes[mask]
        except UNUSUAL:
            return False
        if rest:
            return False
        self._on_price(request, tick, value, attribute)
        if size_tick is not None:
            self._on_size(request, size_tick, beside)
        return True

    def _size(self, frame: bytes) -> bool:
        try:
            head, size, rest = frame.rsplit(b"\0", 2)
            request, tick, _ = self._whose[head]
            value = self._decimal[size]
        except UNUSUAL:
            return False
        if rest or tick == NOT_SET:
            return False
        self._on_size(request, tick, value)
        return True

    def _generic(self, frame: bytes) -> bool:
        try:
            head, text, rest = frame.rsplit(b"\0", 2)
            request, tick, _ = self._whose[head]
            value = self._float[text]
        except UNUSUAL:
            return False
        if rest or head[:3] != b"45\0":
            return False
        self._on_generic(request, tick, value)
        return True

    def _string(self, frame: bytes) -> bool:
        try:
            head, text, rest = frame.rsplit(b"\0", 2)
            request, tick, _ = self._whose[head]
            value = text.decode("ascii")
        except UNUSUAL:
            return False
        if rest or head[:3] != b"46\0" or "\\" in value:
            return False
        self._on_string(request, tick, value)
        return True

    def _option(self, frame: bytes) -> bool:
        try:
            # As text, because float() takes three times as long over bytes.
            head, number, kind, mask, *texts, rest = frame.decode("ascii").split("\0")
            request, tick, attribute = int(number), int(kind), int(mask)
            iv, delta, price, dividends, gamma, vega, theta, under = map(float, texts)
        except UNUSUAL:
            return False
        if rest or head != "21":
            return False
        self._on_option(
            request,
            tick,
            attribute,
            None if iv < 0 else iv,
            None if delta == -2 else delta,
            None if price == -1 else price,
            None if dividends == -1 else dividends,
            None if gamma == -2 else gamma,
            None if vega == -2 else vega,
            None if theta == -2 else theta,
            None if under == -1 else under,
        )
        return True
