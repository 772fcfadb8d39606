"""From frames to callbacks: frequent ticks directly, everything else through ibapi's decoder."""

from collections.abc import Callable, Iterable
from typing import Any

from ibkr.client.decoder import CarefulDecoder
from ibkr.client.latest import Key, proto_key, text_key
from ibkr.client.ticks_proto import PROTOBUF_OFFSET, ProtoTicks
from ibkr.client.ticks_text import TextTicks

RAW_ID_FROM = 201
"""Server versions from here on start each frame with a binary message id."""


class Reader:
    """Reads what one server version sends. Both ways make the same callbacks of the same bytes.

    `failed(frame, error)` hears of a frame that could not be read or whose callback raised; the
    next frame is read all the same.
    """

    def __init__(
        self, wrapper: Any, version: int, failed: Callable[[bytes, Exception], None]
    ) -> None:
        self._decoder = CarefulDecoder(wrapper, version)
        self._raw_ids = version >= RAW_ID_FROM
        self._failed = failed
        ticks = ProtoTicks(wrapper) if self._raw_ids else TextTicks(wrapper)
        self._head = ticks.HEAD
        self._direct = ticks.methods
        self._key: Key = proto_key if self._raw_ids else text_key

    def read(self, frames: Iterable[bytes]) -> None:
        """What `frames` itself raises is not caught."""
        head, method_of, decode = self._head, self._direct.get, self.decode
        for frame in frames:
            try:
                method = method_of(frame[:head])
                if method is None or not method(frame):
                    decode(frame)
            except Exception as error:  # noqa: BLE001  # told to `failed`
                self._failed(frame, error)

    def read_latest(self, frames: Iterable[bytes]) -> None:
        """As `read`, but of ticks of one line and type only the newest is decoded.

        It makes that callback where the newest came, and no tick passes another kind of message:
        whoever keeps the last value of each field ends with the same values either way.
        """
        head, direct, key_of = self._head, self._direct, self._key
        waiting: dict[bytes, bytes] = {}
        try:
            for frame in frames:
                key = key_of(frame) if frame[:head] in direct else None
                if key is not None:
                    waiting.pop(key, None)
                    waiting[key] = frame
                    continue
                if waiting:
                    self.read(waiting.values())
                    waiting.clear()
                self.read((frame,))
        finally:
            self.read(waiting.values())

    def decode(self, frame: bytes) -> None:
        """The way through ibapi's decoder, whatever the message."""
        number, body = self._split(frame)
        if number > PROTOBUF_OFFSET:
            self._decoder.processProtoBuf(body, number - PROTOBUF_OFFSET)
        else:
            self._decoder.interpret(tuple(body.split(b"\0")[:-1]), number)

    def message_id(self, frame: bytes) -> int:
        """As ibapi numbers messages, whatever their dialect; 0 for a frame without an id."""
        try:
            number, _ = self._split(frame)
        except ValueError:
            return 0
        return number - PROTOBUF_OFFSET if number > PROTOBUF_OFFSET else number

    def _split(self, frame: bytes) -> tuple[int, bytes]:
        if self._raw_ids:
            return int.from_bytes(frame[:4], "big"), frame[4:]
        head, _, body = frame.partition(b"\0")
        return int(head), body
