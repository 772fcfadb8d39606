"""Frames on the wire: four bytes of length, big-endian, then the message."""

import struct
from collections.abc import Iterator

from ibkr.errors import LinkFailure

MAX_FRAME = 0xFFFFFF
"""IB's own limit; a longer announcement means that no TWS is speaking."""

_length = struct.Struct("!I")
PREFIX = _length.size


def pack(payload: bytes) -> bytes:
    return _length.pack(len(payload)) + payload


class FrameBuffer:
    """Bytes of any cut go in, whole frames come out; each byte is copied a bounded times."""

    def __init__(self) -> None:
        self._rest = bytearray()
        """What came of a frame that is not complete yet."""

    @property
    def pending(self) -> int:
        """Bytes of a frame that is not complete yet."""
        return len(self._rest)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Frames completed by `data`. Raises LinkFailure on a length that TWS never announces.

        All of them must be taken before more is fed.
        """
        if self._rest:
            self._rest += data
            if len(self._rest) < self._wanted():
                return
            data = bytes(self._rest)
            self._rest.clear()
        at, size_of, available = 0, _length.unpack_from, len(data)
        while available - at >= PREFIX:
            (size,) = size_of(data, at)
            end = at + PREFIX + size
            if size > MAX_FRAME:
                raise LinkFailure(f"A frame of {size} bytes was announced.", code="garbled")
            if end > available:
                break
            yield data[at + PREFIX : end]
            at = end
        self._rest += data[at:]

    def _wanted(self) -> int:
        """Bytes from the start of the incomplete frame after which there is something to do."""
        if len(self._rest) < PREFIX:
            return PREFIX
        (size,) = _length.unpack_from(self._rest)
        return PREFIX if size > MAX_FRAME else PREFIX + int(size)
