"""What waits to be sent to one browser: bounded, and a fresh snapshot instead of a long queue."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from apps.lib.errors import PortalError, Unavailable
from ibportal.hub import frames

EVENTS_LIMIT = 32
"""More events than this wait for a browser that is behind: it then gets snapshots."""
RETRY = 2.0
"""Seconds until a snapshot that could not be read is tried again."""

NOTHING = -1
"""Stands for the number of a topic whose first snapshot has not been sent: no event may lead."""

Snapshot = tuple[int, str]


class Outbox:
    """Everything for one browser goes through here, sent by one task, so order is kept.

    Methods other than `run` never wait: a slow browser holds up nobody. Where the server offers
    `push`, an event that nothing waits before goes out without waking the task.
    """

    def __init__(
        self,
        send: Callable[[str], Awaitable[None]],
        snapshot: Callable[[str], Awaitable[Snapshot]],
        push: Callable[[bytes], bool] | None = None,
    ) -> None:
        self._send = send
        self._push = push
        self._snapshot = snapshot
        self._notes: deque[str] = deque(maxlen=EVENTS_LIMIT)
        self._events: deque[tuple[str, int, str]] = deque()
        self._wanted: dict[str, None] = {}
        self._reading = ""
        self._retrying: set[str] = set()
        self._sent: dict[str, int] = {}
        self._heard: dict[str, int] = {}
        # Set while `run` has something to do or has not begun: then nothing may go past it.
        self._wake = asyncio.Event()
        self._wake.set()
        self._code: int | None = None

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(self._sent)

    def add(self, topic: str) -> None:
        """Events of the topic are taken from here on; `want` the snapshot they build on."""
        self._sent.setdefault(topic, NOTHING)

    def drop(self, topic: str) -> None:
        self._sent.pop(topic, None)
        self._heard.pop(topic, None)
        self._wanted.pop(topic, None)

    def want(self, topic: str) -> None:
        """A fresh snapshot of the topic goes out next; events that wait for it are obsolete."""
        if topic in self._sent:
            self._events = deque(event for event in self._events if event[0] != topic)
            self._wanted[topic] = None
            self._heard.pop(topic, None)
            self._wake.set()

    def offer(self, topic: str, seq: int, text: str, frame: bytes | None = None) -> None:
        """An event: queued while the browser keeps up, else replaced by a later snapshot.

        `frame` is the same text, finished for the socket.
        """
        if topic not in self._sent:
            return
        self._heard[topic] = seq
        if frame is not None and self._pushed(topic, seq, frame):
            return
        if topic in self._wanted:
            return
        if len(self._events) >= EVENTS_LIMIT:
            self.want(topic)
            return
        self._events.append((topic, seq, text))
        self._wake.set()

    def _pushed(self, topic: str, seq: int, frame: bytes) -> bool:
        if self._push is None or self._wake.is_set() or not seq > self._sent[topic] > NOTHING:
            return False
        if not self._push(frame):
            return False
        self._sent[topic] = seq
        return True

    def missed(self, topic: str, known: int) -> bool:
        """Whether event `known`, sent a while ago, has neither arrived nor is in a snapshot."""
        if topic in self._wanted or topic in self._retrying or topic == self._reading:
            return False
        return max(self._sent.get(topic, known), self._heard.get(topic, 0)) < known

    def note(self, text: str) -> None:
        """A frame that belongs to no state: an error, a beat."""
        self._notes.append(text)
        self._wake.set()

    def beat(self, text: str) -> None:
        """A sign of life, for browsers that are not busy reading anyway."""
        if not self._notes:
            self.note(text)

    def close(self, code: int) -> None:
        """Ends `run` once the notes are sent."""
        self._code = code
        self._wake.set()

    async def run(self) -> int:
        """Sends until `close`; returns its code. Raises OSError when the browser has gone."""
        while True:
            if self._notes:
                await self._send(self._notes.popleft())
            elif self._code is not None:
                return self._code
            elif self._wanted:
                await self._send_snapshot(next(iter(self._wanted)))
            elif self._events:
                await self._send_event(*self._events.popleft())
            else:
                self._wake.clear()
                await self._wake.wait()

    async def _send_event(self, topic: str, seq: int, text: str) -> None:
        if seq > self._sent.get(topic, seq) > NOTHING:
            self._sent[topic] = seq
            await self._send(text)

    async def _send_snapshot(self, topic: str) -> None:
        del self._wanted[topic]
        self._reading = topic
        try:
            seq, text = await self._snapshot(topic)
        except Unavailable as error:
            self.note(frames.error(topic, error))
            if topic not in self._retrying:
                self._retrying.add(topic)
                asyncio.get_running_loop().call_later(RETRY, self._retry, topic)
        except PortalError as error:
            self.note(frames.error(topic, error))
            self.drop(topic)
        else:
            if topic in self._sent:
                self._sent[topic] = seq
                await self._send(text)
        finally:
            self._reading = ""

    def _retry(self, topic: str) -> None:
        self._retrying.discard(topic)
        self.want(topic)
