"""Bytes on their way to one client: batched, bounded, and bent by faults when one is on."""

import asyncio
import itertools
import random
from collections import deque
from enum import Enum

from twsim.framing import frame

PIECE_SECONDS = 0.002
"""Between two pieces of a cut frame: long enough for the client to read them apart."""


class HalfFrame(Enum):
    """What happens after the first half of a frame."""

    STALL = "stall"
    CLOSE = "close"


class Outbox:
    """Frames wait here until `flush`; a client that does not read is cut off at the limit."""

    def __init__(
        self, transport: asyncio.WriteTransport, *, limit: int, rng: random.Random
    ) -> None:
        self._transport = transport
        self._limit = limit
        self._rng = rng
        self._waiting: list[bytes] = []
        self._size = 0
        self._pieces: deque[bytes] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._half: tuple[HalfFrame, float] | None = None
        self._loop = asyncio.get_running_loop()
        self.silent_until = 0.0
        """On the event loop's clock."""
        self.split_until = 0.0

    def put(self, payload: bytes) -> None:
        data = frame(payload)
        self._waiting.append(data)
        self._size += len(data)

    def raw(self, data: bytes) -> None:
        """Past every fault: the handshake is written whole."""
        self._transport.write(data)

    def break_next_frame(self, then: HalfFrame, seconds: float) -> None:
        self._half = (then, seconds)

    def flush(self) -> None:
        if self._transport.is_closing():
            return
        if self._loop.time() >= self.silent_until and self._waiting:
            self._release()
        held = self._size + sum(map(len, self._pieces)) + self._transport.get_write_buffer_size()
        if held > self._limit:
            self._transport.abort()

    def close_soon(self) -> None:
        """After what was put has gone out."""
        self.silent_until = self.split_until = 0.0
        if self._timer is not None:
            self._timer.cancel()
        pieces, self._pieces = b"".join(self._pieces), deque()
        self._transport.write(pieces)
        self.flush()
        self._transport.close()

    def _release(self) -> None:
        frames, self._waiting, self._size = self._waiting, [], 0
        if self._half is not None:
            self._break(frames)
        elif self._loop.time() < self.split_until or self._pieces:
            self._cut(b"".join(frames))
        else:
            self._transport.write(b"".join(frames))

    def _break(self, frames: list[bytes]) -> None:
        """Half of the first frame goes out; the rest waits, or never comes."""
        then, seconds = self._half or (HalfFrame.CLOSE, 0.0)
        self._half = None
        middle = max(len(frames[0]) // 2, 1)
        self._transport.write(frames[0][:middle])
        if then is HalfFrame.CLOSE:
            self._transport.close()
            return
        rest = [frames[0][middle:], *frames[1:]]
        self._waiting, self._size = rest, sum(map(len, rest))
        self.silent_until = self._loop.time() + seconds

    def _cut(self, data: bytes) -> None:
        count = min(len(data), self._rng.randint(2, 6))
        edges = sorted(self._rng.sample(range(1, len(data)), count - 1)) if count > 1 else []
        bounds = [0, *edges, len(data)]
        self._pieces += [data[a:b] for a, b in itertools.pairwise(bounds)]
        if self._timer is None:
            self._next_piece()

    def _next_piece(self) -> None:
        self._timer = None
        if self._transport.is_closing() or not self._pieces:
            return
        self._transport.write(self._pieces.popleft())
        if self._pieces:
            self._timer = self._loop.call_later(PIECE_SECONDS, self._next_piece)
