"""The one WebSocket of the portal: topics, a snapshot of each, then its events."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

import orjson
import redis
from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import DatabaseError

from apps.lib.errors import NotAllowed, PortalError, Unavailable
from apps.lib.realtime import User, group_name
from ibportal import hub, topics
from ibportal.hub import Outbox, Snapshot, frames
from ibportal.sockets import PUSH

log = logging.getLogger(__name__)

LOGGED_OUT, MALFORMED_OFTEN, FAILED = 4401, 4400, 1011
MALFORMED_LIMIT = 5
TOPICS_LIMIT = 200
TEXT_LIMIT = 65_536
RECHECK_EVERY = 60.0


class Malformed(PortalError):
    code = "malformed"


class StreamConsumer(AsyncWebsocketConsumer):
    """Talks to one browser. All that is sent goes through its outbox, which never queues up."""

    async def connect(self) -> None:
        await self.accept()
        self._malformed = 0
        self._groups: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._user: User = self.scope["user"]
        if not self._user.is_authenticated:
            await self.close(LOGGED_OUT)
            return
        self._hub = hub.current()
        push = self.scope.get("extensions", {}).get(PUSH, {}).get("push")
        self._outbox = Outbox(self._send_text, self._snapshot, push)
        self._hub.enter(self._outbox)
        self._tasks = [asyncio.create_task(each) for each in (self._write(), self._recheck())]

    async def disconnect(self, code: int) -> None:
        del code
        if not self._tasks:
            return
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for topic in tuple(self._groups):
            await self._leave_group(topic)
        await self._hub.quit(self._outbox)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        del bytes_data
        if not self._tasks:
            return
        try:
            op, names = _parse(text_data)
        except Malformed as error:
            self._complain("", error)
            self._malformed += 1
            if self._malformed >= MALFORMED_LIMIT:
                self._outbox.close(MALFORMED_OFTEN)
            return
        for name in names:
            try:
                await OPS[op](self, name)
            except PortalError as error:
                self._complain(name, error)

    async def topic_event(self, event: dict[str, Any]) -> None:
        """An event from a Channels group; numbered and patched like every other."""
        topic, seq = event["topic"], event["seq"]
        self._outbox.offer(topic, seq, frames.event(topic, seq, event["data"]))

    async def _subscribe(self, name: str) -> None:
        if name in self._outbox.topics:
            self._outbox.want(name)
            return
        if len(self._outbox.topics) >= TOPICS_LIMIT:
            raise NotAllowed(f"No more than {TOPICS_LIMIT} topics on one socket.")
        await _in_database(topics.check, self._user, name)
        await self._hub.join(name, self._outbox)

    async def _unsubscribe(self, name: str) -> None:
        if name in self._outbox.topics:
            await self._leave_group(name)
            await self._hub.leave(name, self._outbox)

    async def _resnapshot(self, name: str) -> None:
        if name not in self._outbox.topics:
            raise NotAllowed(f"Subscribe to {name[:100]} first.")
        self._outbox.want(name)

    async def _snapshot(self, topic: str) -> Snapshot:
        carried = await self._hub.snapshot(topic)
        if carried is not None:
            return carried
        self._groups.add(topic)
        try:
            # First the group, then the state: what happens in between arrives as an event.
            await self.channel_layer.group_add(group_name(topic), self.channel_name)
        except (redis.RedisError, OSError) as error:
            raise Unavailable("Redis does not answer: no events for the moment.") from error
        seq, data = await _in_database(topics.snapshot, self._user, topic)
        return seq, frames.snapshot(topic, seq, data)

    async def _write(self) -> None:
        try:
            code = await self._outbox.run()
        except OSError:
            return  # the browser has gone; its disconnect follows
        except Exception:
            log.exception("a stream ends because its frames cannot be made")
            code = FAILED
        await self.close(code)

    async def _recheck(self) -> None:
        """Ends what a logout, an expired session or a withdrawn grant no longer allows."""
        try:
            while True:
                await asyncio.sleep(RECHECK_EVERY)
                with suppress(DatabaseError):  # nothing is granted or withdrawn meanwhile
                    await self._check_again()
        except Exception:
            log.exception("a stream ends because nobody can say what it may still show")
            self._outbox.close(FAILED)

    async def _check_again(self) -> None:
        self._user = await get_user({"session": _stored(self.scope["session"])})
        if not self._user.is_authenticated:
            self._outbox.close(LOGGED_OUT)
            return
        for name in self._outbox.topics:
            try:
                await _in_database(topics.check, self._user, name)
            except Unavailable:
                return
            except PortalError as error:
                await self._unsubscribe(name)
                self._complain(name, error)

    def _complain(self, topic: str, error: PortalError) -> None:
        self._outbox.note(frames.error(topic, error))

    async def _leave_group(self, topic: str) -> None:
        self._groups.discard(topic)
        with suppress(redis.RedisError, OSError):  # the channel goes with the consumer
            await self.channel_layer.group_discard(group_name(topic), self.channel_name)

    async def _send_text(self, text: str) -> None:
        await self.send(text_data=text)


OPS = {
    "subscribe": StreamConsumer._subscribe,  # noqa: SLF001
    "unsubscribe": StreamConsumer._unsubscribe,  # noqa: SLF001
    "snapshot": StreamConsumer._resnapshot,  # noqa: SLF001
}


def _parse(text: str | None) -> tuple[str, list[str]]:
    """`{"op": …, "topics": […]}` and nothing else; raises Malformed."""
    if text is None or len(text) > TEXT_LIMIT:
        raise Malformed("Expected a text frame of at most 64 KiB.")
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Malformed("This is not JSON.") from error
    op = frame.get("op") if isinstance(frame, dict) else None
    if not isinstance(op, str) or op not in OPS:
        raise Malformed(f'Expected "op", one of {", ".join(OPS)}.')
    names = frame.get("topics")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Malformed('Expected "topics", a list of names.')
    return op, names


async def _in_database(work: Callable[..., Any], *args: Any) -> Any:
    """Runs sync code that reads the database or Redis; their outage is Unavailable."""
    try:
        return await database_sync_to_async(work, thread_sensitive=False)(*args)
    except (DatabaseError, redis.RedisError, OSError) as error:
        raise Unavailable("The portal's database or Redis does not answer.") from error


def _stored(session: SessionBase) -> SessionBase:
    """The session as it is stored now: the one of the handshake is kept in memory."""
    stored: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore(session.session_key)
    return stored
