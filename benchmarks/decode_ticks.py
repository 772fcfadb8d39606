"""Mixed ticks of many instruments, encoded as TWS does: text and protobuf."""

import random
import struct
from collections.abc import Callable, Iterator
from typing import Any

from ibapi.protobuf.ErrorMessage_pb2 import ErrorMessage
from ibapi.protobuf.TickGeneric_pb2 import TickGeneric
from ibapi.protobuf.TickOptionComputation_pb2 import TickOptionComputation
from ibapi.protobuf.TickPrice_pb2 import TickPrice
from ibapi.protobuf.TickSize_pb2 import TickSize
from ibapi.protobuf.TickString_pb2 import TickString

INSTRUMENTS = 100
PROTOBUF_FROM = 201
MARKER = 2107
MIX = (
    ("price",) * 50
    + ("size",) * 30
    + ("trade",) * 8
    + ("time",) * 4
    + ("halt",) * 2
    + ("option",) * 6
)
"""Of a hundred messages: what stocks with RT volume send, and some options beside them."""
GREEKS = ("impliedVol", "delta", "optPrice", "pvDividend", "gamma", "vega", "theta", "undPrice")
MESSAGES = {1: TickPrice, 2: TickSize, 45: TickGeneric, 46: TickString, 21: TickOptionComputation}
NAMES = {
    1: ("reqId", "tickType", "price", "size", "attrMask"),
    2: ("reqId", "tickType", "size"),
    45: ("reqId", "tickType", "value"),
    46: ("reqId", "tickType", "value"),
    21: ("reqId", "tickType", "tickAttrib", *GREEKS),
}
VERSIONS = {1: "6", 2: "6", 45: "6", 46: "6"}
"""Versions of the single messages; option computations have none any more."""

Tick = tuple[Any, ...]


def pack(payload: bytes) -> bytes:
    return struct.pack("!I", len(payload)) + payload


def text(number: int, *fields: Any) -> bytes:
    return b"".join(str(field).encode() + b"\0" for field in (number, *fields))


def mixed(first: int, seed: int = 1) -> Iterator[Tick]:
    """Endless messages for the request ids from `first` on: (message id, fields …).

    Prices walk in cents around a level of their own, sizes are mostly round lots, every trade has
    its own time and volume, and no two option computations are alike.
    """
    dice = random.Random(seed)
    cents = [dice.randrange(2_000, 40_000) for _ in range(INSTRUMENTS)]
    volumes = [dice.randrange(10_000, 5_000_000) for _ in range(INSTRUMENTS)]
    clock = 1_775_484_000_000
    while True:
        line = dice.randrange(INSTRUMENTS)
        cents[line] = max(100, cents[line] + dice.choice((-2, -1, -1, 0, 1, 1, 2)))
        volumes[line] += 100
        clock += dice.randrange(3)
        yield KINDS[dice.choice(MIX)](dice, first + line, cents[line] / 100, volumes[line], clock)


def _lot(dice: random.Random) -> str:
    return str(dice.randrange(1, 60) * 100 if dice.random() < 0.8 else dice.randrange(1, 2_000))


def _price(dice: random.Random, line: int, price: float, _volume: int, _clock: int) -> Tick:
    return 1, line, dice.choice((1, 1, 2, 2, 4)), price, _lot(dice), dice.choice((0, 0, 1))


def _size(dice: random.Random, line: int, _price: float, volume: int, _clock: int) -> Tick:
    kind = dice.choice((0, 0, 3, 3, 5, 8))
    return 2, line, kind, str(volume) if kind == 8 else _lot(dice)


def _trade(dice: random.Random, line: int, price: float, volume: int, clock: int) -> Tick:
    return 46, line, 48, f"{price};{_lot(dice)};{clock};{volume};{price};true"


def _time(_dice: random.Random, line: int, _price: float, _volume: int, clock: int) -> Tick:
    return 46, line, 45, str(clock // 1000)


def _halt(_dice: random.Random, line: int, _price: float, _volume: int, _clock: int) -> Tick:
    return 45, line, 49, 0.0


def _option(dice: random.Random, line: int, price: float, _volume: int, _clock: int) -> Tick:
    figures = (dice.random(), dice.random(), price / 20, 0.0, dice.random() / 50)
    return 21, line, 13, 0, *figures, dice.random(), -dice.random(), price


KINDS: dict[str, Callable[[random.Random, int, float, int, int], Tick]] = {
    "price": _price,
    "size": _size,
    "trade": _trade,
    "time": _time,
    "halt": _halt,
    "option": _option,
}


def frame(version: int, tick: Tick) -> bytes:
    """With its length, ready to be sent."""
    number, *fields = tick
    if version >= PROTOBUF_FROM:
        message = MESSAGES[number](**dict(zip(NAMES[number], fields, strict=True)))
        return pack((200 + number).to_bytes(4, "big") + message.SerializeToString())
    head = (VERSIONS[number],) if number in VERSIONS else ()
    return pack(text(number, *head, *fields))


def marker(version: int) -> bytes:
    """A notice that changes nothing: the client counts blocks by it."""
    if version >= PROTOBUF_FROM:
        message = ErrorMessage(id=-1, errorTime=0, errorCode=MARKER, errorMsg="block")
        return pack((204).to_bytes(4, "big") + message.SerializeToString())
    return pack(text(4, -1, MARKER, "block", "", 0))
