"""Writes a flush to Redis in one transaction: last quotes, proof of life, and the frame."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
import redis

from apps.lib import redis as store
from apps.marketdata.pipeline.conflate import Patch, WireQuote

Fields = Mapping[str | bytes | int | float | bytearray | memoryview, bytes | int]

ALIVE_MS = 9000
"""How long the last quotes count as tended after the last write."""

SEQ = "seq"
"""The field of the quotes hash that holds the newest sequence number; the others are con_ids."""


class Superseded(Exception):
    """Another publisher has begun on the same connection: this one has nothing to say any more."""


class Publisher:
    """Owns the quotes of one connection in Redis; used by one thread.

    Sequence numbers begin at epoch milliseconds, ahead of whatever an earlier process reached (it
    cannot flush a thousand times a second), so pages notice that the publisher is a new one.
    """

    def __init__(self, slug: str, client: redis.Redis, started_at: datetime) -> None:
        self._client = client
        self._topic = f"quotes:{slug}"
        self._key = store.QUOTES.format(slug=slug)
        self._alive = store.QUOTES_ALIVE.format(slug=slug)
        self._channel = store.channel_quotes(slug)
        self._seq = int(started_at.timestamp() * 1000)
        self._begun = False

    def replace(self, state: dict[str, WireQuote]) -> None:
        """Puts `state` in place of what Redis holds and sends it as a snapshot to every page.

        The first time whatever an earlier process left is overtaken; later Superseded is raised.
        """
        held = self._held(self._client.hget(self._key, SEQ))
        self._seq = (self._seq if self._begun else max(self._seq, held)) + 1
        self._begun = True
        head = {"type": "snapshot", "topic": self._topic, "seq": self._seq, "data": state}
        pipe = self._pipe()
        pipe.delete(self._key)
        pipe.hset(self._key, mapping=self._fields(state))
        pipe.publish(self._channel, orjson.dumps(head))
        pipe.execute()

    def update(self, patch: Patch, state: dict[str, WireQuote]) -> bool:
        """Writes what changed and sends the patch; an empty patch only proves life.

        False when Redis does not hold what was written last (it restarted empty): replace then.
        """
        before = self._seq
        self._seq += 1 if patch else 0
        pipe = self._pipe()
        pipe.hget(self._key, SEQ)
        if patch:
            self._write(pipe, patch, state)
        answers: list[Any] = pipe.execute()
        return self._held(answers[1]) >= before

    def end(self) -> None:
        """Takes the proof of life away: the last quotes are nobody's from here on."""
        self._client.delete(self._alive)

    def _held(self, answer: object) -> int:
        """The number in Redis, 0 for none. A repeated command may find its own, newest one."""
        held = int(answer) if isinstance(answer, bytes) else 0
        if self._begun and held > self._seq:
            raise Superseded
        return held

    def _pipe(self) -> "redis.client.Pipeline":
        pipe = self._client.pipeline(transaction=True)
        pipe.set(self._alive, self._seq, px=ALIVE_MS)
        return pipe

    def _write(
        self, pipe: "redis.client.Pipeline", patch: Patch, state: dict[str, WireQuote]
    ) -> None:
        gone = [con_id for con_id, changes in patch.items() if changes is None]
        if gone:
            pipe.hdel(self._key, *gone)
        pipe.hset(self._key, mapping=self._fields({c: state[c] for c in patch if c in state}))
        head = {"type": "event", "topic": self._topic, "from": self._seq, "seq": self._seq}
        pipe.publish(self._channel, orjson.dumps({**head, "data": patch}))

    def _fields(self, quotes: dict[str, WireQuote]) -> Fields:
        return {SEQ: self._seq, **{con_id: orjson.dumps(quote) for con_id, quote in quotes.items()}}
