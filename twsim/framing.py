"""Cuts a client's byte stream into a greeting and length-prefixed frames, and builds frames."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

PREFIX = b"API\0"
LENGTH = struct.Struct("!I")
MAX_FRAME = 1024 * 1024
"""Bytes. No request comes near it; a longer length means the stream is not ours to read."""
MAX_GREETING = 1024
GREETING = re.compile(r"v(\d{1,5})(?:\.\.(\d{1,5}))?(?: (.*))?", re.DOTALL)


class Unreadable(Exception):
    """The stream cannot be cut into frames any more: the only answer is to close it."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a client says first: the server versions it understands, and connect options."""

    lowest: int
    highest: int
    options: str = ""


def frame(payload: bytes) -> bytes:
    """The payload with its four-byte big-endian length in front."""
    return LENGTH.pack(len(payload)) + payload


def parse_greeting(payload: bytes) -> Greeting:
    match = GREETING.fullmatch(payload.rstrip(b"\0").decode("ascii", "replace"))
    if match is None:
        raise Unreadable("the client's version text is not vMIN..MAX")
    lowest = int(match[1])
    highest = int(match[2]) if match[2] else lowest
    if highest < lowest:
        raise Unreadable("the client's version range is empty")
    return Greeting(lowest, highest, match[3] or "")


class Incoming:
    """Collects pieces of any size; hands out the greeting once, then whole frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._greeted = False

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def greeting(self) -> Greeting | None:
        """The client's greeting when it has arrived whole; Unreadable when it never will."""
        head = bytes(self._buffer[: len(PREFIX)])
        if not PREFIX.startswith(head):
            raise Unreadable("the stream does not start with API")
        if len(self._buffer) < len(PREFIX) + LENGTH.size:
            return None
        size = LENGTH.unpack_from(self._buffer, len(PREFIX))[0]
        start = len(PREFIX) + LENGTH.size
        if not 0 < size <= MAX_GREETING:
            raise Unreadable(f"a greeting of {size} bytes")
        if len(self._buffer) < start + size:
            return None
        payload = bytes(self._buffer[start : start + size])
        del self._buffer[: start + size]
        self._greeted = True
        return parse_greeting(payload)

    def frames(self) -> Iterator[bytes]:
        """Every whole frame's payload, in order; what is left waits for the next piece."""
        offset = 0
        try:
            while len(self._buffer) - offset >= LENGTH.size:
                size = LENGTH.unpack_from(self._buffer, offset)[0]
                if not 0 < size <= MAX_FRAME:
                    raise Unreadable(f"a frame of {size} bytes")
                end = offset + LENGTH.size + size
                if len(self._buffer) < end:
                    break
                payload = bytes(self._buffer[offset + LENGTH.size : end])
                offset = end
                yield payload
        finally:
            del self._buffer[:offset]
